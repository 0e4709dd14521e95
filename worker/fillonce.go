package worker

import (
	"context"
	"errors"
	"time"
)

// FillBackfills takes documents out of backfills that were left in the bucket,
// submits as many as there are slots for now, and leaves: a timer that calls it
// beside Sweep is a fleet that serves. It gives how many it submitted or found
// to need nothing.
func (p *Pipeline) FillBackfills(ctx context.Context) (n int, err error) {
	return p.fillUntil(ctx, nil)
}

// fillUntil draws nothing after leave is closed; what is under way is finished.
func (p *Pipeline) fillUntil(ctx context.Context, leave <-chan struct{}) (n int, err error) {
	all, err := p.Backfills(ctx)
	if err != nil {
		return 0, err
	}
	staged, err := p.stagedUpTo(ctx, p.set.InFlight)
	if err != nil {
		return 0, fault("backfill", "", err)
	}
	for _, b := range all {
		if !b.Left || b.Bounded || !b.Ended.IsZero() || !b.Paused.IsZero() || !p.Serves(b) {
			continue
		}
		done, err := p.fillOnce(ctx, b, p.set.InFlight-staged-n, leave)
		if n += done; err != nil {
			return n, fault("backfill", "", err)
		}
	}
	return n, nil
}

func (p *Pipeline) fillOnce(ctx context.Context, b Backfill, room int, leave <-chan struct{}) (n int, err error) {
	f := p.newFeeder(b, 0, 0, false)
	keeping, stop := context.WithCancel(ctx)
	var saving crew
	saving.Go(func() { f.keep(keeping) })
	n, err = p.fillFrom(keeping, f, room, leave)
	if err == nil {
		err = p.lastTries(keeping, f, leave)
	}
	stop()
	saving.Wait()
	_, failed := f.close(ctx)
	return n, errors.Join(err, failed)
}

// fillFrom draws for as long as there is room and work to be had at once: lanes
// that others have are theirs.
func (p *Pipeline) fillFrom(ctx context.Context, f *feeder, room int, leave <-chan struct{}) (n int, err error) {
	for n < room && ctx.Err() == nil && !(nudge{leave: leave}).left() && !f.over(ctx) {
		if _, may := p.mayStartNow(ctx, true); !may {
			return n, nil
		}
		d, ok, err := f.draw(ctx)
		if err != nil || !ok {
			if f.busyElsewhere() || err != nil {
				return n, err
			}
			f.rest(ctx)
			continue
		}
		w, done, err := p.fillOne(ctx, f, d)
		if err != nil {
			return n, err
		}
		if done {
			n++
		}
		if w.reason == WaitBudget {
			return n, nil // what it lacks, others lack too
		}
	}
	return n, nil
}

// fillOne submits one document. done: it needs nothing more.
func (p *Pipeline) fillOne(ctx context.Context, f *feeder, d Document) (w pause, done bool, err error) {
	sum, w, err := p.submitDrawn(ctx, d)
	if isUnread(err) {
		return w, false, f.passOver(ctx, d.Key, err)
	}
	if err != nil {
		return w, false, err
	}
	f.settled(d.Key, sum)
	return w, true, nil
}

// busyElsewhere: nothing is left to draw but what others have in hand.
func (f *feeder) busyElsewhere() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, l := range f.b.Lanes {
		if !l.Ended && (f.inHand(i) || l.Owner == "") {
			return false
		}
	}
	return true
}

// submitDrawn claims one document and submits it in the same go. w is what it
// waits for then.
func (p *Pipeline) submitDrawn(ctx context.Context, d Document) (sum Counts, w pause, err error) {
	r := run{p: p}
	j, w, fresh, err := r.claimAndGo(ctx, d)
	f, unfit := errors.AsType[*Fault](err)
	switch {
	case j != nil && (fresh || j.rec.Backfill):
		return Counts{Claimed: 1}, w, nil // what became of the submission is in the record
	case j != nil:
		return Counts{Unchanged: 1}, w, nil
	case unfit && f.Code.unfit():
		return Counts{Refused: 1}, w, nil
	case isNewer(err):
		return Counts{Unchanged: 1}, w, nil
	}
	return Counts{}, w, err
}

// mayStartNow asks all that keeps the fleet from submitting, of a backfill or
// not, so that no job's record is read for nothing; until says when to ask again.
func (p *Pipeline) mayStartNow(ctx context.Context, back bool) (until time.Time, ok bool) {
	now := p.now()
	if until := p.gate.closedUntil(now); !until.IsZero() {
		return until, false
	}
	if w, wait := p.stopped(ctx, ""); wait {
		return w.until, false
	}
	if until, open := p.brake.blocks(ctx, p, now); open {
		return until, false
	}
	if w, wait := p.pacer.open(ctx, p, back); wait {
		return w.until, false
	}
	return time.Time{}, true
}
