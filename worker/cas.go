package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// errLost: somebody else changed the record first. Read it again.
var errLost = errors.New("record changed meanwhile")

// errUncertain: a write was sent and it is not known whether it took effect; it
// may still. Nothing may be concluded from its absence.
var errUncertain = errors.New("write of the record has an unknown outcome")

// job is a record as this worker last saw it, with what it takes to change it.
type job struct {
	id   ID
	rec  *record
	etag string
	now  time.Time // the store's clock when it was read or written
	// unsaid are events that rec has and the bucket does not know yet; the next
	// write tells it all of them.
	unsaid []Event

	taken time.Time // when a submission was taken for it from the fleet's pace

	parse *job // of an extract job that waits for its parse: that, as last seen
}

// load reads a job's record. bucket.ErrNotFound when there is none.
func (p *Pipeline) load(ctx context.Context, id ID) (*job, error) {
	obj, err := p.store.Get(ctx, recordKey(id), bucket.GetOptions{})
	if err != nil {
		return nil, err
	}
	defer obj.Body.Close()
	b, err := io.ReadAll(io.LimitReader(obj.Body, maxRecord+1))
	if err != nil {
		return nil, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	rec, err := decodeRecord(b)
	p.newer.note(id, errors.Is(err, errNewerFormat))
	if err != nil {
		return nil, err
	}
	p.known.note(rec)
	return &job{id: id, rec: rec, etag: obj.ETag, now: p.storeTime(obj.Date)}, nil
}

// create writes the first record of a job (I6: its marker stands already).
// errLost when somebody else made it.
func (p *Pipeline) create(ctx context.Context, id ID, rec *record) (*job, error) {
	return p.write(ctx, id, rec, bucket.Condition{Absent: true})
}

// swap changes a job by one event: change edits a copy of the record, and the
// copy replaces the record only if nobody else did so first. On success j is
// the new state. errLost and errUncertain leave j as it was.
func (p *Pipeline) swap(ctx context.Context, j *job, e Event, code string, change func(*record)) error {
	rec := j.rec.clone()
	if change != nil {
		change(rec)
	}
	if err := rec.apply(e, j.now, code); err != nil {
		return err
	}
	got, err := p.write(ctx, j.id, rec, bucket.Condition{IfMatch: j.etag})
	if err != nil {
		return err
	}
	unsaid := j.unsaid
	*j = *got
	for _, before := range unsaid {
		p.logEvent(ctx, j, before, "")
	}
	p.logEvent(ctx, j, e, code)
	p.settleAll(j)
	return nil
}

// foresee applies an event to a copy of the job without a write: the copy's
// next write carries both events, so the record's history is still a path of
// the table. Until then nothing may be done that the event must come before.
func foresee(j *job, e Event, change func(*record)) (*job, error) {
	next := *j
	next.rec = j.rec.clone()
	if change != nil {
		change(next.rec)
	}
	if err := next.rec.apply(e, j.now, ""); err != nil {
		return nil, err
	}
	next.unsaid = append(slices.Clone(j.unsaid), e)
	return &next, nil
}

// write is one conditional PUT of a record and the reading of its outcome.
func (p *Pipeline) write(ctx context.Context, id ID, rec *record, c bucket.Condition) (*job, error) {
	body, err := rec.encode()
	if err != nil {
		return nil, err
	}
	// A worker that is told to leave ends this write first: cut short, it could
	// take effect after the reading back, and the step that it begins would
	// have to be fenced.
	firmly, done := firm(ctx)
	defer done()
	info, err := p.store.Put(firmly, recordKey(id), bytes.NewReader(body), bucket.PutOptions{Condition: c, ContentType: "application/json"})
	if err == nil {
		return &job{id: id, rec: rec, etag: info.ETag, now: p.storeTime(info.Date)}, nil
	}
	return p.outcome(ctx, id, rec, err)
}

// outcome settles a write that was not simply answered with success. Even a
// 412 is checked: something between us and the store may have sent our write
// twice, and then the second answer denies the first.
func (p *Pipeline) outcome(ctx context.Context, id ID, rec *record, cause error) (*job, error) {
	denied := errors.Is(cause, bucket.ErrPrecondition) || errors.Is(cause, bucket.ErrNotFound)
	if !denied && !errors.Is(cause, bucket.ErrConflict) && !errors.Is(cause, bucket.ErrUnknown) {
		return nil, cause
	}
	// The caller's context may be what cut the write short; the reading back
	// must not share its fate.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBack)
	defer cancel()
	seen, err := p.load(ctx, id)
	switch {
	case err == nil && seen.rec.Nonce == rec.Nonce:
		return seen, nil
	case !denied && !p.keeps(ruleNonce):
		return &job{id: id, rec: rec, now: p.now()}, nil
	case denied:
		return nil, errLost
	case err == nil && seen.rec.Seq >= rec.Seq:
		// Another write won this sequence number: ours can never match now.
		return nil, errLost
	}
	return nil, errUncertain
}

// readBack bounds the reading back of a write whose outcome is unknown.
const readBack = 15 * time.Second
