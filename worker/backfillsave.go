package worker

import (
	"context"
	"time"
)

// due is how far a hand has come, on its way into the object.
type due struct {
	h       *hand
	from    Place
	at      Place
	sum     Counts
	through bool
	release bool
	lost    bool
}

// store writes how far the lanes in hand have come, renews their leases, and
// with all gives them back.
func (f *feeder) store(ctx context.Context, all bool) error {
	dues, begun := f.dues(all)
	b, err := f.c.change(ctx, f.p.store, f.p.now, func(was Backfill) (Backfill, bool) {
		to := was.clone()
		changed := false
		for i := range dues {
			if dues[i].lost = !was.Begun.Equal(begun); !dues[i].lost {
				changed = f.enter(&to, &dues[i]) || changed
			}
		}
		if changed {
			now := f.p.now().Add(f.c.ahead).UTC()
			to.Rate = was.Rate.moved(now, to.Counts().Done())
			to.end(now)
		}
		return to, changed
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		for _, d := range dues {
			d.h.sum = d.h.sum.plus(d.sum)
		}
		return err
	}
	f.stored(dues)
	f.saw(b)
	f.dismiss()
	f.signal()
	return nil
}

// dues takes the sums out of the hands: what is finished from here on belongs to
// the next time.
func (f *feeder) dues(all bool) (dues []due, begun time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.hands {
		if h.help || h.lost {
			continue
		}
		dues = append(dues, due{h: h, from: h.from, at: h.at, sum: h.sum, through: h.through(), release: all || h.left})
		h.sum = Counts{}
	}
	return dues, f.b.Begun
}

// enter writes one lane, and reports whether that changes anything. A lane that
// another worker has taken over, or moved, is lost: what this worker finished of
// it is found by the other.
func (f *feeder) enter(b *Backfill, d *due) bool {
	now := f.p.now().Add(f.c.ahead).UTC()
	l := &b.Lanes[d.h.lane]
	if l.Owner != f.p.holder || l.At != d.from {
		// An answer that got lost looks the same, and is told by the place.
		d.lost = l.At != d.at || l.Owner != f.p.holder && !l.Ended
		return false
	}
	fresh := l.Until.Sub(now) > laneTime/2
	if l.At == d.at && !d.through && !d.release && fresh {
		return false
	}
	l.At, l.Sum, l.Ended, l.Until = d.at, l.Sum.plus(d.sum), d.through, now.Add(laneTime)
	if d.through || d.release {
		l.Owner, l.Until = "", time.Time{}
	}
	return true
}

// stored notes what the object says now; f.mu is held.
func (f *feeder) stored(dues []due) {
	for _, d := range dues {
		d.h.from = d.at
		d.h.lost = d.lost || d.through || d.release // no longer this worker's
	}
}

// dismiss forgets hands that are done with; f.mu is held. One of them may be
// walking just now, so their walks are not ended here.
func (f *feeder) dismiss() {
	kept := f.hands[:0]
	for _, h := range f.hands {
		if h.lost || h.help && (h.through() || h.left) {
			f.forgot = append(f.forgot, h)
			continue
		}
		kept = append(kept, h)
	}
	clear(f.hands[len(kept):])
	f.hands = kept
}
