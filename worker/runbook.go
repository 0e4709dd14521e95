package worker

import (
	"context"
	"errors"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// again keeps a job for later after an error, or ends the Run where waiting
// cannot help. j is nil where the record could not be read.
func (r *run) again(id ID, t *tracked, j *job, err error) {
	final := !transient(err) && !errors.Is(err, context.Canceled)
	if final {
		r.stop(err)
	}
	r.trouble(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	t.fail++
	t.hand, t.due = false, time.Now().Add(backoff(t.fail))
	t.idle = final || j != nil && j.nothingOut()
	r.track(id, t)
}

// settle books a job that came to its end, or keeps it under way.
func (r *run) settle(d Document, j *job, w pause, mine bool, err error) {
	if err != nil && !j.rec.State.Settled() {
		r.again(j.id, &tracked{doc: d}, j, err)
		return
	}
	out := r.p.describeWaiting(j, w)
	r.p.nameFor(&out, d)
	kind, code := outcome(out, mine)
	if kind == "" {
		r.keep(j, d, w)
		return
	}
	r.finish(j.id, d, Outcome{Kind: kind, Document: zdr.NewName(d.Key), Job: out, Code: code})
}

func outcome(j Job, mine bool) (OutcomeKind, Code) {
	switch {
	case j.State == Held:
		return OutcomeHeld, j.Code
	case j.heldParse():
		return OutcomeHeld, j.Parse.Code
	case !j.State.Settled():
		return "", ""
	case j.Failed():
		return OutcomeFailed, j.Code
	case mine:
		return OutcomeSealed, ""
	}
	return OutcomeUnchanged, ""
}

// keep notes when to look at a job again.
func (r *run) keep(j *job, d Document, w pause) {
	due := time.Now().Add(r.p.set.Ask)
	if !w.until.IsZero() {
		due = time.Now().Add(waitAtLeast(w.until, r.p.set.Poll))
	}
	if w.reason == WaitBreaker {
		r.stop(&Fault{Op: "submit", Code: CodeBreaker, Hint: "the provider refuses this key or account, or a violation was seen; see: zdrworker status"})
	}
	if w.reason == WaitPaused && j.rec.State == Claimed {
		r.leave(j.id, d)
		return
	}
	r.listen(j)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastGood = time.Now()
	r.track(j.id, &tracked{doc: d, due: due, idle: j.nothingOut(), parse: j.parseID(), short: w.reason == WaitBudget, seen: time.Now()})
	r.report()
}

// listen notes what the provider's list is walked for.
func (r *run) listen(j *job) {
	if j.rec.State == Submitted {
		r.out.add(j)
	} else if j.parse != nil && j.parse.rec.State == Submitted {
		r.out.add(j.parse)
	}
}

// refuse books a document that never became a job, or ends the Run where the
// cause is not the document.
func (r *run) refuse(d Document, err error) {
	var f *Fault
	errors.As(err, &f)
	kind, halt := OutcomeRefused, err
	switch {
	case f == nil:
		f = &Fault{Code: CodeInternal, Err: err}
	case isUnread(err):
		halt = r.unreadAlone(d, err)
	case f.Code == CodeNoRoute || f.Code == CodeParsed:
		kind, halt = OutcomeSkipped, nil
	case f.Code.unfit():
		halt = nil
	}
	if halt != nil {
		r.stop(halt)
		if d.from != nil { // its backfill begins with it again
			r.undraw()
			return
		}
	}
	r.finish(ID{}, d, Outcome{Kind: kind, Document: zdr.NewName(d.Key), Code: f.Code})
}

// finish books an outcome and frees its slot.
func (r *run) finish(id ID, d Document, o Outcome) { r.free(r.finished(id, d, o)) }

// finished gives how many slots come free. Notify may panic: the lock is given
// back all the same.
func (r *run) finished(id ID, d Document, o Outcome) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastGood = time.Now()
	r.freed = r.lastGood
	r.out.drop(id)
	docs, slots := r.untrack(id, d)
	for _, d := range docs {
		r.book(d, o)
	}
	if r.o.Notify != nil {
		r.o.Notify(o)
	}
	r.report()
	return slots
}

// book counts what became of one document; r.mu is held.
func (r *run) book(d Document, o Outcome) {
	if d.from == nil {
		r.sum.add(countsOf(o))
		return
	}
	r.filled.add(countsOf(o))
	d.from.settled(d.Key, d.from.counts(o))
}

// report tells the counts; r.mu is held.
func (r *run) report() {
	if r.o.Status != nil {
		s := r.seen()
		s.Open = len(r.open)
		r.o.Status(s)
	}
}

func (r *run) halted() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.halt != nil }

// stop ends submissions; what is out is still brought home.
func (r *run) stop(err error) {
	r.mu.Lock()
	if r.halt == nil {
		r.halt = err
	}
	r.mu.Unlock()
	r.signal()
}

// root ends the Run where a part of it panics: nothing is brought home then.
func (r *run) root(do func()) {
	root("run", func(err error) { r.stop(err); r.cancel(err) }, do)
}

// trouble notes an error that may pass. When nothing has worked for too long
// the Run gives up; the bucket keeps its place.
func (r *run) trouble(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastErr = err
	if time.Since(r.lastGood) > r.o.Patience {
		r.cancel(err)
	}
}

func (r *run) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
