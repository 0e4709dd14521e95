package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// Document names an object of the store bucket that is to be extracted. It
// prints without its key; encoded it is whole.
type Document struct {
	Key     string
	Version string // "" is the current version

	from *feeder // the backfill that it was drawn from; nil: none
}

// Put makes the job of a document durable and returns it; nothing has been
// staged or sent yet. Called twice for the same document version and route
// revision it returns the same job. Errors: no_route, key_too_long,
// source_gone, source_archived, source_unreadable where the store denies the
// document, and the store's. The job of a document that would surely be refused,
// such as an empty one, has failed when it is made: nothing is sent.
func (p *Pipeline) Put(ctx context.Context, d Document) (Job, error) {
	j, _, _, err := p.claim(ctx, d, false)
	if err != nil {
		return Job{}, err
	}
	return p.describe(j), nil
}

// claim finds or makes the job. With begin, a new job is made with its first
// attempt, which the caller carries on: it holds a slot. l is that attempt, and
// fresh tells whether this call made the job.
func (p *Pipeline) claim(ctx context.Context, d Document, begin bool) (j *job, l *launch, fresh bool, err error) {
	route, keys, err := p.routeOf(d.Key)
	if err != nil {
		return nil, nil, false, err
	}
	src, head, err := p.look(ctx, d)
	if err != nil {
		return nil, nil, false, err
	}
	id := p.secret.id(src.Bucket, src.Key, versionOf(src), route.Name, route.Revision)
	release, err := p.hands.take(ctx, id)
	if err != nil {
		return nil, nil, false, err
	}
	defer release()
	trust := begin && p.trust.trusts() && p.keeps(ruleOneRecord) && len(p.earlier(route)) == 0
	if j, err = nil, error(bucket.ErrNotFound); !trust {
		j, err = p.load(ctx, id)
	}
	if err == nil && j.rec.State == Closed && !p.keeps(ruleOneRecord) {
		return j, nil, false, p.reopenFor(ctx, j, src, keys)
	}
	if err == nil {
		p.trust.saw(false)
		return j, nil, false, fault("put", j.rec.Ref, errors.Join(p.markOld(ctx, j), p.comeBack(ctx, j, src, keys)))
	}
	if !errors.Is(err, bucket.ErrNotFound) {
		return nil, nil, false, fault("put", "", err)
	}
	if j, err = p.takenBefore(ctx, src, route, keys); j != nil || err != nil {
		return j, nil, false, fault("put", "", err)
	}
	unfit := p.fit(ctx, &src, head, keys.parse, route.Parse.Password != "")
	code, failed := unfitBy(unfit)
	if unfit != nil && !failed {
		return nil, nil, false, unfit
	}
	if err := p.keepSchema(ctx, route.Schema); err != nil {
		return nil, nil, false, fault("put", "", err)
	}
	rec := p.firstRecord(id, src, route, keys)
	rec.Backfill = d.from != nil
	if failed {
		if err := rec.failAtOnce(code); err != nil {
			return nil, nil, false, err
		}
	}
	if begin && rec.Parse == nil && !failed { // else an attempt is for when its Markdown is there
		j, l, fresh, err = p.openStaged(ctx, id, rec)
	} else {
		j, fresh, err = p.open(ctx, id, rec)
	}
	p.trust.saw(fresh)
	if trust && err == nil && !fresh {
		err = p.met(ctx, j, src, keys)
	}
	return j, l, fresh, fault("put", rec.Ref, err)
}

// met deals with a job that was taken for a new one. Its marker was written for
// nothing: where the record has no use for it, it goes again.
func (p *Pipeline) met(ctx context.Context, j *job, src source, keys answerKeys) error {
	if j.rec.Gen > 1 || j.rec.State == Closed {
		if err := p.store.Remove(ctx, p.marker(j.id, 1)); err != nil {
			return err
		}
	}
	return p.comeBack(ctx, j, src, keys)
}

// versionOf is the part of a job's identity that changes with the document's
// bytes: the store's version id, or the ETag in an unversioned bucket.
func versionOf(s source) string {
	if s.Version != "" {
		return s.Version
	}
	return s.ETag
}

// answerKeys are where a document's answers go, and whether it has to be parsed.
type answerKeys struct {
	result, failure string
	parse           bool
}

// routeOf finds a document's route and where its answers go.
func (p *Pipeline) routeOf(key string) (Route, answerKeys, error) {
	var keys answerKeys
	route, match, ok := p.routes.Match(key)
	if !ok {
		return route, keys, &Fault{Op: "put", Code: CodeNoRoute, Hint: "no route takes this document; see: zdrworker route test"}
	}
	keys.parse = match.NeedsParse()
	var err error
	if keys.result, err = route.ResultKey(key); err == nil {
		keys.failure, err = route.FailureKey(key)
	}
	if err != nil {
		return route, keys, &Fault{Op: "put", Code: keyCode(err), Err: err}
	}
	return route, keys, nil
}

// keyCode is the code of a key that cannot be worked with.
func keyCode(err error) Code {
	if _, ok := errors.AsType[*KeyTooLong](err); ok {
		return CodeKeyTooLong
	}
	return CodeKeyRefused
}

// headBytes is how much of a document is looked at before it is claimed.
const headBytes = 4096

// look reads what identifies the document, and its first bytes: one request
// for both.
func (p *Pipeline) look(ctx context.Context, d Document) (source, []byte, error) {
	obj, err := p.store.Get(ctx, d.Key, bucket.GetOptions{Version: d.Version})
	if errors.Is(err, bucket.ErrNotFound) {
		return source{}, nil, &Fault{Op: "put", Code: CodeSourceGone, Hint: "the document is not in the bucket any more", Err: err}
	}
	if isArchived(err) {
		return source{}, nil, &Fault{Op: "put", Code: CodeSourceArchived, Hint: "the document lies in an archive; once it is restored it can be taken in", Err: err}
	}
	if err := unreadable(err); err != nil {
		return source{}, nil, err
	}
	if err != nil {
		return source{}, nil, fault("put", "", err)
	}
	defer obj.Body.Close()
	if d.from != nil {
		d.from.gave(d.Key)
	}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(obj.Body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return source{}, nil, fault("put", "", &bucket.Error{Op: "get", Class: bucket.ErrUnavailable})
	}
	s := source{Bucket: p.store.Name(), Key: d.Key, Version: obj.Version, ETag: obj.ETag, Size: obj.Size, Modified: obj.Modified.UTC()}
	return s, head[:n], nil
}

// isArchived: the object is there, in a storage class that has to be restored
// from before anything can be read (S3 API reference, "GetObject": 403
// InvalidObjectState).
func isArchived(err error) bool {
	b, ok := errors.AsType[*bucket.Error](err)
	return ok && b.Code == "InvalidObjectState"
}

func (p *Pipeline) firstRecord(id ID, src source, route Route, keys answerKeys) *record {
	now := p.now().UTC()
	rec := &record{
		Ref: newRef(id), Gen: 1, State: Claimed, Step: StepExtract, Source: src, Dev: p.dev,
		Route: routeRef{
			Name: route.Name, Revision: route.Revision, Schema: route.Schema.Digest(),
			Model: route.Model, Strict: route.Strict, Result: keys.result, Failure: keys.failure,
			PartialFails: route.Partial == PartialFail,
		},
		ClaimedAt: now, UpdatedAt: now,
		History: []entry{{At: now, Event: EventClaim, State: Claimed}},
	}
	if keys.parse {
		rec.Parse = p.parseRefOf(src, route)
	}
	return rec
}

// open writes marker, then record (I6: a stale marker is harmless, a record
// without one is lost).
func (p *Pipeline) open(ctx context.Context, id ID, rec *record) (*job, bool, error) {
	began := time.Now()
	if err := p.markFirst(ctx, id, rec.Gen); err != nil {
		return nil, false, err
	}
	return p.openMarked(ctx, id, rec, began)
}

func (p *Pipeline) markFirst(ctx context.Context, id ID, gen int) error {
	if !p.keeps(ruleMarkFirst) {
		return nil
	}
	return p.mark(ctx, id, gen)
}

// openMarked creates a record whose marker was written at a time. Where somebody
// else was faster the job is theirs.
func (p *Pipeline) openMarked(ctx context.Context, id ID, rec *record, began time.Time) (*job, bool, error) {
	j, err := p.create(ctx, id, rec)
	if errors.Is(err, errLost) {
		j, err = p.load(ctx, id)
		return j, false, err
	}
	if err != nil {
		return nil, false, err
	}
	// A sweeper removes a marker that leads nowhere after a week; a writer that
	// slept between the two writes puts it back.
	if time.Since(began) > markFresh || !p.keeps(ruleMarkFirst) {
		err = p.mark(ctx, id, rec.Gen)
	}
	for _, h := range rec.History {
		p.logEvent(ctx, j, h.Event, "")
	}
	return j, true, err
}

// markFresh is how long a marker may stand before its record without being
// written again.
const markFresh = time.Minute

// mark puts the marker "look at this record". It is a hint and may be written
// any number of times.
func (p *Pipeline) mark(ctx context.Context, id ID, gen int) error {
	_, err := p.store.Put(ctx, p.marker(id, gen), bytes.NewReader(nil), bucket.PutOptions{})
	return err
}

// markOld puts the marker of an open job again that is so old that its writer
// may have slept between the two and died: then nobody else would look at it.
func (p *Pipeline) markOld(ctx context.Context, j *job) error {
	if !j.rec.State.Open() || j.now.Sub(j.rec.ClaimedAt) < p.markerAlone() {
		return nil
	}
	return p.mark(ctx, j.id, j.rec.Gen)
}

// marker is the key of the marker of a generation.
func (p *Pipeline) marker(id ID, gen int) string {
	if !p.keeps(ruleMarkerGen) {
		gen = 1
	}
	return markerKey(id, gen)
}

// mint adds a new attempt with a token that nobody has ever used.
func (p *Pipeline) mint(id ID, rec *record) {
	n := 1
	if a := rec.current(); a != nil {
		n = a.N + 1
	}
	rec.Attempts = append(rec.Attempts, attempt{N: n, Gen: rec.Gen, Token: p.secret.token(id, n), Ext: rec.ext()})
	rec.Lease = &lease{Holder: p.holder, Until: p.now().Add(p.set.Lease).UTC()}
	rec.NotBefore, rec.Waiting = time.Time{}, WaitNothing
}

// ext is the extension of what the job stages, "" for Markdown.
func (r *record) ext() string {
	if r.Step == StepParse {
		return extOf(r.Source.Key)
	}
	return ""
}

// keepSchema puts a route's schema beside the records, so that any worker can
// go on with the job whatever its own configuration says by then.
func (p *Pipeline) keepSchema(ctx context.Context, s zdr.Schema) error {
	if _, ok := p.seen.Load(s.Digest()); ok {
		return nil
	}
	_, err := p.store.Put(ctx, schemaKey(s.Digest()), bytes.NewReader(s.Canonical()),
		bucket.PutOptions{Condition: bucket.Condition{Absent: true}, ContentType: "application/json"})
	if err != nil && !errors.Is(err, bucket.ErrPrecondition) {
		return err
	}
	p.seen.Store(s.Digest(), s)
	return nil
}

// schemaOf reads a job's schema and holds it to its digest.
func (p *Pipeline) schemaOf(ctx context.Context, digest string) (zdr.Schema, error) {
	if s, ok := p.seen.Load(digest); ok {
		return s.(zdr.Schema), nil
	}
	obj, err := p.store.Get(ctx, schemaKey(digest), bucket.GetOptions{})
	if err != nil {
		return zdr.Schema{}, err
	}
	defer obj.Body.Close()
	b, err := io.ReadAll(io.LimitReader(obj.Body, maxControl))
	if err != nil {
		return zdr.Schema{}, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	s, err := zdr.ParseSchema(b)
	if err != nil || s.Digest() != digest {
		return zdr.Schema{}, &Fault{Op: "schema", Code: CodeConfig, Hint: "the schema kept beside the records is not the one that the job was claimed with"}
	}
	p.seen.Store(digest, s)
	return s, nil
}
