package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Parse results are the text of documents, and are kept for as long as
// Settings.KeepParsed says. One that is due is marked in its parse's record
// first. Whoever takes it for a new job until a day later unmarks it; nobody
// takes it after the record says that it is gone, and only then is it removed.
// A generation of a parse has a key of its own, so that a sweeper that sleeps
// between the two takes nothing away that was written meanwhile (I7).

const (
	// parsedEvery is the least time from the end of one look through all parse
	// results to the next.
	parsedEvery = 24 * time.Hour
	// parsedRound is how many are looked at in one sweep: a page.
	parsedRound = 1000
	// parsedNotice is how long a result stands marked: more than any worker takes
	// from reading the parse's record to saying in its own what it took.
	parsedNotice = 24 * time.Hour
	// openRead bounds the open jobs that are read to know what they need. Where
	// there are more, nothing is removed.
	openRead = 10_000
)

// keepObject remembers how far the look through the parse results has come. It
// is a hint: who reads an old one looks at some of them twice.
type keepObject struct {
	Format int       `json:"format"`
	Ended  time.Time `json:"ended,omitzero"`
	After  string    `json:"after,omitempty"` // the last key that was looked at; "" when all were
}

// aged is a parse result that may be removed: of the parse's present generation,
// or of one before.
type aged struct {
	key string
	gen int
	j   *job
}

// tidyParsed looks at some more parse results and removes those that are kept
// no longer. It reads no record of one that is young.
func (p *Pipeline) tidyParsed(ctx context.Context, rep *SweepReport) error {
	if p.set.KeepParsed <= 0 {
		return nil
	}
	var at keepObject
	if _, err := readJSON(ctx, p.store, keepKey, &at); err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return err
	}
	if at.Format > 1 || at.After == "" && p.now().Sub(at.Ended) < parsedEvery {
		return nil
	}
	due, last, err := p.agedParsed(ctx, at.After)
	if err == nil {
		err = p.removeAged(ctx, due, rep)
	}
	if err != nil {
		return err
	}
	to := keepObject{Format: 1, After: last}
	if last == "" {
		to.Ended = p.now().UTC()
	}
	_, err = writeJSON(ctx, p.store, keepKey, to, bucket.Condition{})
	return err
}

// agedParsed goes through a page of parse results, marks those that are due and
// gives those that may be removed. last is "" when it came to the end.
func (p *Pipeline) agedParsed(ctx context.Context, after string) (due []aged, last string, err error) {
	n := 0
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: parsedPrefix, After: after, Limit: parsedRound}) {
		if err != nil {
			return nil, "", err
		}
		n, last = n+1, o.Key
		one, is, err := p.agedOne(ctx, o)
		if err != nil {
			return nil, "", err
		}
		if is {
			due = append(due, one)
		}
	}
	if n < parsedRound {
		last = ""
	}
	return due, last, nil
}

// agedOne decides about one parse result. What is no key of ours, or has no
// record, is left alone.
func (p *Pipeline) agedOne(ctx context.Context, o bucket.Info) (one aged, due bool, err error) {
	now := p.storeTime(o.Date)
	id, gen, err := parseParsedKey(o.Key)
	if err != nil || now.Sub(o.Modified) < p.set.KeepParsed {
		return one, false, nil
	}
	release, err := p.hands.take(ctx, id)
	if err != nil {
		return one, false, err
	}
	defer release()
	j, err := p.load(ctx, id)
	if err != nil {
		return one, false, nil // unreadable now: decided by a later look
	}
	due, err = p.age(ctx, j, gen, now)
	return aged{o.Key, gen, j}, due, err
}

// age says whether a result may be removed, and marks it where it is due for the
// first time.
func (p *Pipeline) age(ctx context.Context, j *job, gen int, now time.Time) (bool, error) {
	switch r := j.rec.Result; {
	case j.rec.left(gen):
		return true, nil
	case gen > j.rec.Gen, j.rec.State != Closed, r == nil, now.Sub(r.UsedAt) < p.set.KeepParsed:
		return false, nil
	case r.gone():
		return true, nil // whoever said so did not come to remove it
	case r.AgedAt.IsZero():
		err := p.swap(ctx, j, EventNote, "", func(r *record) { r.Result.AgedAt = now })
		if errors.Is(err, errLost) || errors.Is(err, errUncertain) {
			err = nil // a later look decides
		}
		return false, err
	default:
		return now.Sub(r.AgedAt) >= parsedNotice, nil
	}
}

// left: nobody reads the parse result of that generation. The parse was done again
// since, or had been given up when its result was written.
func (r *record) left(gen int) bool {
	return gen < r.Gen || gen == r.Gen && r.State == Closed && r.Failure != nil
}

// removeAged removes what no open job needs.
func (p *Pipeline) removeAged(ctx context.Context, due []aged, rep *SweepReport) error {
	if len(due) == 0 {
		return nil
	}
	needed, all, err := p.neededParses(ctx)
	if err != nil {
		return err
	}
	if !all {
		p.log.LogAttrs(ctx, slog.LevelWarn, "parse results not removed: too many jobs are open, or one cannot be read, to know what they need", slog.String("worker", p.holder))
		return nil
	}
	for _, one := range due {
		if needed[needs{one.j.id, one.gen}] {
			continue
		}
		err := p.removeOne(ctx, one, rep)
		if errors.Is(err, bucket.ErrDenied) {
			p.log.LogAttrs(ctx, slog.LevelWarn, "parse results not removed: the bucket does not let the worker", slog.String("code", string(codeFor(err))), slog.String("worker", p.holder))
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// removeOne removes a result once its record says so. Where the worker may not,
// the record takes it back: what is still there is not to be paid for again.
func (p *Pipeline) removeOne(ctx context.Context, one aged, rep *SweepReport) error {
	gone, err := p.sayGone(ctx, one)
	if err != nil || !gone {
		return err
	}
	err = p.store.Remove(ctx, one.key)
	if errors.Is(err, bucket.ErrDenied) && !one.j.rec.left(one.gen) {
		return errors.Join(err, p.takeBack(ctx, one))
	}
	if err == nil {
		rep.Parsed++
	}
	return err
}

// takeBack says that a result is not gone. Whoever had it parsed anew meanwhile
// has changed the record.
func (p *Pipeline) takeBack(ctx context.Context, one aged) error {
	if _, err := p.store.Head(ctx, one.key, ""); err != nil {
		return err
	}
	release, err := p.hands.take(ctx, one.j.id)
	if err != nil {
		return err
	}
	defer release()
	err = p.swap(ctx, one.j, EventNote, "", func(r *record) { r.Result.AgedAt, r.Result.GoneAt = time.Time{}, time.Time{} })
	if errors.Is(err, errLost) || errors.Is(err, errUncertain) {
		return nil
	}
	return err
}

// sayGone says in the parse's record that its result is gone, before it is.
func (p *Pipeline) sayGone(ctx context.Context, one aged) (bool, error) {
	if one.j.rec.left(one.gen) || one.j.rec.Result.gone() {
		return true, nil
	}
	release, err := p.hands.take(ctx, one.j.id)
	if err != nil {
		return false, err
	}
	defer release()
	err = p.swap(ctx, one.j, EventNote, "", func(r *record) { r.Result.GoneAt = one.j.now })
	if errors.Is(err, errLost) || errors.Is(err, errUncertain) {
		return false, nil // somebody has use for it after all, or may have
	}
	return err == nil, err
}

// needs is a parse result that a job has taken.
type needs struct {
	id  ID
	gen int
}

// neededParses are the parse results that open jobs have taken. all is false
// when not every open job was read: there are too many, or a newer program, or
// the store, keeps one from being read.
func (p *Pipeline) neededParses(ctx context.Context) (needed map[needs]bool, all bool, err error) {
	needed, n := map[needs]bool{}, 0
	for m, err := range p.store.List(ctx, bucket.Page{Prefix: openPrefix}) {
		if err != nil {
			return nil, false, err
		}
		id, _, err := parseMarkerKey(m.Key)
		if err != nil {
			continue // of no job
		}
		if n++; n > openRead {
			return nil, false, nil
		}
		j, err := p.load(ctx, id)
		if errors.Is(err, bucket.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, false, nil
		}
		if ref := j.rec.Parse; ref != nil && ref.ETag != "" && !j.rec.State.Settled() {
			needed[needs{ref.ID, ref.Gen}] = true
		}
	}
	return needed, true, nil
}

// gone: the result was kept long enough.
func (s *sealed) gone() bool { return s != nil && !s.GoneAt.IsZero() }

// unmark takes a parse result that is due for a new job: it is kept as long
// again.
func (p *Pipeline) unmark(ctx context.Context, pj *job) error {
	if r := pj.rec.Result; r == nil || r.AgedAt.IsZero() || r.gone() {
		return nil
	}
	return p.swap(ctx, pj, EventNote, "", func(r *record) { r.Result.AgedAt, r.Result.UsedAt = time.Time{}, pj.now })
}
