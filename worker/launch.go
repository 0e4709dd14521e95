package worker

import (
	"context"
	"errors"
	"time"

	"github.com/zdrworker/zdrworker/presign"
)

// launch is an attempt whose intent is durable: its POST may go until the
// deadline, from the call that wrote the intent and from no other (I1).
type launch struct {
	send sender
	pair presign.Pair
	// The deadline runs on the monotonic clock of this process; what the record
	// says of it is for others, who add skew.
	deadline time.Time
	has      held // of budgets; a repetition needs no more
}

// ready makes all that a POST needs and writes down the intent: from then on
// nothing is in the way of the POST, not even a worker that is told to leave.
func (p *Pipeline) ready(ctx context.Context, j *job, e Event, clock *offset, has held) (launch, pause, error) {
	l, w, err := p.prepare(ctx, j)
	if err != nil {
		p.unreserve(j, has)
		return l, w, err
	}
	l.has = has
	err = p.swap(ctx, j, e, "", func(r *record) { l.intend(r, e, j.now, clock) })
	return l, pause{WaitUncertain, l.deadline}, err
}

// prepare reads what is sent and signs.
func (p *Pipeline) prepare(ctx context.Context, j *job) (launch, pause, error) {
	send, err := p.sender(ctx, j)
	if err != nil {
		return launch{}, pause{}, err
	}
	pair, err := p.sign(ctx, j)
	if err != nil {
		return launch{}, pause{WaitCredentials, time.Time{}}, err
	}
	return launch{send: send, pair: pair, deadline: p.now().Add(p.set.PostTimeout)}, pause{}, nil
}

// intend makes a record say that a POST may go out from now on.
func (l launch) intend(r *record, e Event, now time.Time, clock *offset) {
	a := r.current()
	if e == EventIntend {
		a.IntendedAt, a.Clock = now.UTC(), clock
		a.Reserved, a.Budgets = l.has.credits, l.has.accounts
	}
	a.SignedAt = l.pair.SignedAt.UTC()
	a.ExpiresS = int64(l.pair.Until.Sub(l.pair.SignedAt) / time.Second)
	a.PostDeadline = l.deadline.UTC().Round(0)
	a.Tries++
	r.Lease = nil
}

// openStaged makes a job together with its first attempt. The document is staged
// under a token that no record knows yet, then one write creates the record with
// token and intent: staging still comes before the intent (I2), and whoever
// finds the record finds it submitting. A worker that dies in between leaves a
// copy that no record names, in the team's own bucket and under no URL; a sweep
// takes it away. l is nil when this call has no attempt to carry on: then the
// job is made without one.
func (p *Pipeline) openStaged(ctx context.Context, id ID, rec *record) (j *job, l *launch, fresh bool, err error) {
	began := time.Now()
	if err := p.markFirst(ctx, id, rec.Gen); err != nil {
		return nil, nil, false, err
	}
	staged := &job{id: id, rec: rec.clone(), now: rec.ClaimedAt}
	p.mint(id, staged.rec)
	key := staged.rec.current().staging()
	l, err = p.stageFirst(ctx, staged)
	p.pacer.staged(ctx)
	if err != nil {
		p.unstage(ctx, rec, key)
		j, fresh, err = p.openMarked(ctx, id, rec, began)
		return j, nil, fresh, err
	}
	j, fresh, err = p.openMarked(ctx, id, staged.rec, began)
	if fresh && err == nil {
		return j, l, true, nil
	}
	if errors.Is(err, errUncertain) {
		p.pacer.unstaged(ctx, false) // the record may say that it is staged
	} else {
		p.unstage(ctx, rec, key)
	}
	return j, nil, false, err
}

// unstage takes a copy away that no record names. A sweep finds what is left of
// it; until then it fills a place in flight.
func (p *Pipeline) unstage(ctx context.Context, rec *record, key string) {
	p.pacer.unstaged(ctx, p.takeAway(ctx, rec, key) == nil)
}

// stageFirst stages a first attempt and signs for it.
func (p *Pipeline) stageFirst(ctx context.Context, j *job) (*launch, error) {
	info, err := p.copyTo(ctx, j)
	if err != nil {
		return nil, err
	}
	j.now = p.storeTime(info.Date)
	clock := p.clockBefore(ctx, p.marker(j.id, j.rec.Gen))
	l, _, err := p.prepare(ctx, j)
	if err != nil {
		return nil, err
	}
	l.intend(j.rec, EventIntend, j.now, clock)
	return &l, j.rec.apply(EventIntend, j.now, "")
}

// fire POSTs, again and again while that is provably not sent, each time under a
// new intent.
func (p *Pipeline) fire(ctx context.Context, j *job, l launch) (w pause, done bool, err error) {
	for {
		// I1: the record says submitting with our nonce, so the POST may go.
		again, w, err := p.post(ctx, j, l)
		if !again || err != nil {
			return w, true, err
		}
		if !sleep(ctx, backoff(j.rec.current().Tries)) {
			return w, true, p.unsent(ctx, j)
		}
		if l, w, err = p.ready(ctx, j, EventRepeat, nil, held{}); err != nil {
			return w, true, err
		}
	}
}

// unsent ends an attempt that was not sent, of a worker that has to leave: so
// nobody must prove it.
func (p *Pipeline) unsent(ctx context.Context, j *job) error {
	ctx, done := firm(ctx)
	defer done()
	err := p.postpone(ctx, j, endDeferred, WaitProvider, 0)
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// carryOn takes an attempt to its answer. Only the call that made it knows its
// token, so only that call may go on with it (I1).
func (p *Pipeline) carryOn(ctx context.Context, j *job, l launch) (pause, error) {
	w, _, err := p.fire(ctx, j, l)
	if err == nil && w == (pause{}) || errors.Is(err, errLost) {
		w, err = p.drive(ctx, j, nudge{slot: true})
	}
	return w, fault("submit", j.rec.Ref, err)
}
