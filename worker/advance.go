package worker

import (
	"context"
	"errors"
	"sync"
	"time"
)

// nudge says what the caller of Advance already knows or wants to know.
type nudge struct {
	// ask: the provider may be asked about a job that has not delivered.
	ask bool
	// listed: walks of the provider's list answer for the young ones; only those
	// that have been quiet for long are asked about one by one.
	listed bool
	// looked: the caller has just listed the outboxes; landed is what it saw.
	looked bool
	// slot: the caller holds a slot to submit.
	slot bool
	// route is whose pause counts for a parse; "" is that of the record.
	route string
	// wake is told of the extract jobs that a parse's end sets free. nil: they
	// are found by a sweep.
	wake func(ID)
	// leave, when it is closed, ends drive after the step in hand. nil: never.
	leave <-chan struct{}
}

// asks reports whether the provider is asked about one job that has not
// delivered.
func (n nudge) asks(p *Pipeline, r *record) bool { return n.ask && (!n.listed || p.quietFor(r)) }

// left reports whether the caller wants to leave.
func (n nudge) left() bool {
	select {
	case <-n.leave:
		return true
	default:
		return false
	}
}

// free tells of extract jobs that a parse kept waiting.
func (n nudge) free(ids []ID) {
	if n.wake == nil {
		return
	}
	for _, id := range ids {
		n.wake(id)
	}
}

// pause is why a job cannot go on now.
type pause struct {
	reason Reason
	until  time.Time // look again then; zero: whenever something happens
}

// maxSteps bounds the steps of one Advance; a healthy job takes about six.
const maxSteps = 40

// Advance does the next things for a job until it waits for something or is
// closed, and returns it as it is then. Any number of workers may call it for
// the same job at any time.
func (p *Pipeline) Advance(ctx context.Context, id ID) (Job, error) {
	defer func() { p.purse.settled(context.WithoutCancel(ctx), p) }()
	release, err := p.hands.take(ctx, id)
	if err != nil {
		return Job{}, err
	}
	release = sync.OnceFunc(release)
	defer release()
	j, err := p.load(ctx, id)
	if err != nil {
		return Job{}, fault("advance", "", err)
	}
	var free []ID
	w, err := p.drive(ctx, j, nudge{ask: true, slot: true, wake: func(id ID) { free = append(free, id) }})
	release()
	p.setFree(ctx, free)
	return p.describeWaiting(j, w), err
}

// setFree moves on what a parse's end has set free. The parse is in nobody's
// hands by then, and an extract job sets nothing free itself. What is busy, or
// fails, has its marker.
func (p *Pipeline) setFree(ctx context.Context, ids []ID) {
	for _, id := range ids {
		release, busy := p.hands.try(id)
		if busy != nil {
			continue
		}
		if j, err := p.load(ctx, id); err == nil && j.rec.State == Claimed {
			_, _ = p.drive(ctx, j, nudge{slot: true})
		}
		release()
	}
}

// drive repeats step until the job waits. A lost race is no error: somebody
// else moved the job, so it is read again.
func (p *Pipeline) drive(ctx context.Context, j *job, n nudge) (pause, error) {
	waiting := j.rec.Step == StepParse && !j.rec.State.Settled()
	for range maxSteps {
		if waiting && j.rec.State.Settled() {
			waiting = false
			n.free(j.rec.Dependents)
		}
		if err := ctx.Err(); err != nil {
			return pause{}, err
		}
		if n.left() {
			return pause{}, context.Canceled
		}
		w, done, err := p.step(ctx, j, n)
		switch {
		case errors.Is(err, errLost):
			seen, err := p.load(ctx, j.id)
			if err != nil {
				return pause{}, fault("advance", j.rec.Ref, err)
			}
			*j = *seen
			n.looked = false
		case err != nil:
			return w, fault("advance", j.rec.Ref, err)
		case done && j.rec.State.retiring() && p.bin.keepers.Load() == 0:
			return w, p.emptyBin(ctx)
		case done && j.rec.State != Failing: // what was staged goes at once
			return w, nil
		}
	}
	return pause{}, &Fault{Op: "advance", Ref: j.rec.Ref, Code: CodeInternal, Hint: "the job makes no progress; it is left as it is"}
}

// step does the one next thing. done: nothing more can be done now.
func (p *Pipeline) step(ctx context.Context, j *job, n nudge) (w pause, done bool, err error) {
	switch j.rec.State {
	case Claimed:
		return p.stepClaimed(ctx, j, n)
	case Submitting:
		return p.stepSubmitting(ctx, j)
	case Fencing:
		return p.stepFencing(ctx, j)
	case Submitted:
		return p.stepSubmitted(ctx, j, n)
	case Held:
		return p.stepHeld(ctx, j, n)
	case Sealing:
		return p.stepSealing(ctx, j)
	case Failing:
		return p.stepFailing(ctx, j)
	case Sealed, Draining:
		return p.stepDraining(ctx, j)
	}
	return pause{}, true, nil // Closed
}

// retiring: the outcome stands, and what was staged goes or has gone.
func (s State) retiring() bool { return s == Sealed || s == Draining }

// firm is a context for what must be finished once it has begun: writing down
// the outcome of a POST, above all. It outlives its parent by a while.
func firm(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
}
