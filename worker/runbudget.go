package worker

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// account is what a bound on this Run is called: that of its backfill, which
// others may work on too, or its own. A backfill that begins anew is another.
func (r *run) account() string {
	if len(r.o.Backfills) > 0 {
		b := r.o.Backfills[0]
		return fmt.Sprintf("%s%s-%d", backfillAccount, b.ID, b.Begun.UnixMilli())
	}
	return runAccount + newNonce()
}

// bindBackfills says in the objects of a Run's backfills whether others may take
// up what it leaves: where it is bounded, they would spend what it must not. One
// that was left to them stays so.
func (p *Pipeline) bindBackfills(ctx context.Context, o RunOptions) error {
	bounded := o.MaxCredits > 0
	for _, b := range o.Backfills {
		if err := p.mustServe(b); err != nil {
			return err
		}
		if b.Bounded == bounded {
			continue
		}
		_, err := p.editBackfill(ctx, b.ID, func(b *Backfill) bool {
			if b.Bounded == bounded || b.Left && bounded || !b.Ended.IsZero() {
				return false
			}
			b.Bounded = bounded
			return true
		})
		if err != nil && !leftAlone(err) {
			return err
		}
	}
	return nil
}

// broke ends submissions when all that is left waits for budget: each was
// refused it after the last document had come to its end, so nothing that this
// Run waits for can change that. r.mu is held.
func (r *run) broke() bool {
	if len(r.open) == 0 || !r.drawn() {
		return false
	}
	stale := false
	for _, t := range r.open {
		if !t.short || t.hand {
			return false
		}
		if !t.seen.After(r.freed) {
			stale, t.due = true, time.Now()
		}
	}
	if !stale {
		r.halt = errBudget()
	}
	return !stale
}

// drawn: nothing more can be drawn before something under way ends. A backfill
// is at its end only when its last document is; r.mu is held.
func (r *run) drawn() bool {
	return r.fed || len(r.slots) == cap(r.slots) || slices.ContainsFunc(r.feeds, (*feeder).idle)
}
