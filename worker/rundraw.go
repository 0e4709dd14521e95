package worker

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// drawing is what a Run takes up next: a document, or a job that somebody
// claimed.
type drawing struct {
	Document
	job ID
}

// draw yields documents, then what backfills have left, then open jobs.
func (r *run) draw(ctx context.Context) iter.Seq2[drawing, error] {
	return func(yield func(drawing, error) bool) {
		one := func(d Document, err error) bool { return yield(drawing{Document: d}, err) }
		if r.o.Documents != nil && !handOn(r.o.Documents, one) {
			return
		}
		for _, f := range r.feeds {
			if !handOn(f.documents(ctx), one) {
				return
			}
		}
		if r.o.Jobs != nil && ctx.Err() == nil {
			handOn(r.o.Jobs, func(j Job, err error) bool {
				if err == nil && j.Dependents > 0 {
					return true // a document's parse: its extract job moves it on
				}
				return yield(drawing{Document{Key: j.Document.Reveal()}, j.ID}, err)
			})
		}
	}
}

// handOn yields all of a sequence and reports whether more is wanted.
func handOn[T any](all iter.Seq2[T, error], yield func(T, error) bool) bool {
	for one, err := range all {
		if !yield(one, err) || err != nil {
			return false
		}
	}
	return true
}

// openFeeders begins to draw from the backfills. What it returns gives their
// lanes back and completes the summary.
func (r *run) openFeeders(ctx context.Context) func(Summary, error) (Summary, error) {
	var saving sync.WaitGroup
	keeping, stop := context.WithCancel(ctx)
	for _, b := range r.o.Backfills {
		f := r.p.newFeeder(b, r.o.Share, r.o.Shares, true)
		r.feeds = append(r.feeds, f)
		saving.Go(func() { r.root(func() { f.keep(keeping) }) })
	}
	return func(sum Summary, err error) (Summary, error) {
		stop()
		saving.Wait()
		return r.closeFeeders(ctx, sum, err)
	}
}

func (r *run) closeFeeders(ctx context.Context, sum Summary, err error) (Summary, error) {
	whole, total, paused, halted := true, Counts{}, sum.Paused > 0, false
	for _, f := range r.feeds {
		b, failed := f.close(ctx)
		if failed != nil && err == nil {
			err = fault("backfill", "", failed)
		}
		whole, total = whole && !b.Ended.IsZero(), total.plus(b.Counts())
		paused, halted = paused || f.paused, halted || !b.Paused.IsZero()
	}
	if whole && len(r.feeds) > 0 {
		r.mu.Lock()
		open := sum.Open
		sum = r.sum
		r.mu.Unlock()
		sum.Open = open
		sum.add(total)
		sum.Found += total.Done()
	}
	switch {
	case err != nil:
	case halted:
		err = &Fault{Op: "backfill", Code: CodePaused, Hint: "somebody paused the backfill; zdrworker backfill list says since when, zdrworker backfill resume ends it"}
	case paused:
		err = errPaused()
	case !whole: // cut short before a document of its rest was drawn
		err = context.Cause(ctx)
	}
	return sum, err
}

func errPaused() error {
	return &Fault{Op: "submit", Code: CodePaused, Hint: "somebody paused submissions; zdrworker status says since when, zdrworker resume ends it"}
}

// adopt takes up a job that exists.
func (r *run) adopt(ctx context.Context, d drawing) {
	release, err := r.p.hands.take(ctx, d.job)
	if err != nil {
		<-r.slots
		return
	}
	defer release()
	j, err := r.p.load(ctx, d.job)
	switch {
	case errors.Is(err, bucket.ErrNotFound), errors.Is(err, errNewerFormat):
		<-r.slots // it is none, or of a newer program
		return
	case err != nil:
		r.again(d.job, &tracked{doc: d.Document}, nil, fault("advance", "", err))
		return
	case j.rec.State.Settled():
		r.settle(d.Document, j, pause{}, false, nil)
		return
	}
	w, err := r.p.drive(ctx, j, nudge{slot: true, ask: true, listed: true})
	r.settle(d.Document, j, w, true, err)
}

// leave gives a job up whose route is paused: it stays in the bucket for the
// next Run, and takes no slot from others.
func (r *run) leave(id ID, d Document) {
	if r.p.allPaused() {
		r.stop(errPaused())
	}
	r.mu.Lock()
	r.lastGood = time.Now()
	docs, slots := r.untrack(id, d)
	for _, d := range docs {
		if d.from == nil {
			r.sum.Paused++
		} else {
			r.filled.Paused++
			d.from.leave(d.Key)
		}
	}
	r.report()
	r.mu.Unlock()
	r.free(slots)
}

// seen is what this Run saw of everything; r.mu is held.
func (r *run) seen() Summary {
	s, f := r.sum, r.filled
	s.Found += f.Found
	s.Paused += f.Paused
	s.add(Counts{f.Sealed, f.Unchanged, f.Failed, f.Refused, f.Skipped, f.Held, 0, f.Unread, f.Violations, f.Credits})
	return s
}

// found counts a document that was drawn.
func (r *run) found(d drawing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.from == nil {
		r.sum.Found++
	} else {
		r.filled.Found++
	}
}

func (s *Summary) add(c Counts) {
	s.Sealed += c.Sealed
	s.Unchanged += c.Unchanged
	s.Failed += c.Failed
	s.Refused += c.Refused
	s.Skipped += c.Skipped
	s.Held += c.Held
	s.Unread += c.Unread
	s.Violations += c.Violations
	s.Credits += c.Credits
}

// countsOf is one outcome as counts.
func countsOf(o Outcome) (c Counts) {
	switch o.Kind {
	case OutcomeSealed:
		c.Sealed, c.Credits = 1, o.Job.Credits
		if o.Job.Parse != nil {
			c.Credits += o.Job.Parse.Credits
		}
		if o.Job.Status == StatusSchemaViolation {
			c.Violations = 1
		}
	case OutcomeUnchanged:
		c.Unchanged = 1
	case OutcomeFailed:
		c.Failed = 1
	case OutcomeRefused:
		c.Refused = 1
		if o.Code == CodeSourceUnread {
			c.Unread = 1
		}
	case OutcomeSkipped:
		c.Skipped = 1
	case OutcomeHeld:
		c.Held = 1
	}
	return c
}

func (f *feeder) begun() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.b.Begun
}

// counts is an outcome as the backfill counts it: what was claimed since it
// began is its own work, whichever worker brought it home.
func (f *feeder) counts(o Outcome) Counts {
	if o.Kind == OutcomeUnchanged && o.Job.Sealed() && !o.Job.Claimed.Before(f.begun()) {
		o.Kind = OutcomeSealed
	}
	return countsOf(o)
}
