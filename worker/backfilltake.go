package worker

import (
	"context"
	"slices"
	"time"
)

// take takes a lane of each route of which none is being walked.
func (f *feeder) take(ctx context.Context, halted map[string]bool) error {
	f.mu.Lock()
	wanted, begun := f.idleRoutes(halted), f.b.Begun
	early := time.Since(f.looked) < laneLook/2
	f.mu.Unlock()
	if len(wanted) == 0 || early {
		return nil
	}
	var got []int
	b, err := f.c.change(ctx, f.p.store, f.p.now, func(was Backfill) (Backfill, bool) {
		to := was.clone()
		if got = nil; was.Begun.Equal(begun) {
			got = f.choose(&to, wanted)
		}
		return to, len(got) > 0
	})
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked = time.Now()
	if f.misses++; len(got) > 0 {
		f.misses = 0
	}
	if f.saw(b) {
		return nil
	}
	for _, i := range got {
		f.hands = append(f.hands, f.p.newHand(ctx, &b, i, false))
	}
	if len(got) == 0 && f.tracked {
		f.help(ctx, &b, wanted)
	}
	return nil
}

// saw takes in how the object stands, and reports whether it is another: one
// that was begun anew is gone on with, so that nothing of it is missed; f.mu is
// held.
func (f *feeder) saw(b Backfill) (other bool) {
	other = !b.Begun.Equal(f.b.Begun)
	for _, h := range f.hands {
		h.lost = h.lost || other
	}
	if f.gone = b.ID == ""; !f.gone {
		f.b = b
	}
	return other
}

// idleRoutes are routes that are not paused, of which this worker walks no lane
// and another has one or may have; f.mu is held.
func (f *feeder) idleRoutes(halted map[string]bool) (idle []string) {
	for i, l := range f.b.Lanes {
		if l.Ended || halted[l.Route] || slices.Contains(idle, l.Route) || f.inHand(i) {
			continue
		}
		walks := slices.ContainsFunc(f.hands, func(h *hand) bool { return h.route == l.Route && h.walking() })
		if !walks {
			idle = append(idle, l.Route)
		}
	}
	return idle
}

// choose takes lanes in the object: the own share first, then the next ones.
func (f *feeder) choose(b *Backfill, routes []string) (got []int) {
	now := f.p.now().Add(f.c.ahead)
	if !b.Ended.IsZero() || !b.Paused.IsZero() {
		return nil
	}
	for _, route := range routes {
		if i, ok := f.best(b, route, now); ok {
			b.Lanes[i].Owner, b.Lanes[i].Until = f.p.holder, now.Add(laneTime).UTC()
			got = append(got, i)
		}
	}
	return got
}

func (f *feeder) best(b *Backfill, route string, now time.Time) (best int, ok bool) {
	least := 0
	for i, l := range b.Lanes {
		taken := l.Owner != "" && l.Owner != f.p.holder && now.Before(l.Until)
		if l.Route != route || l.Ended || taken || f.holds(i) {
			continue
		}
		away := (l.Share - f.start(l) + l.Shares) % l.Shares
		if !ok || away < least {
			best, least, ok = i, away, true
		}
	}
	return best, ok
}

// start is the share at which this worker begins.
func (f *feeder) start(l Lane) int {
	if f.of > 0 {
		return f.share % f.of * l.Shares / f.of
	}
	return f.share % l.Shares
}

// holds: this worker has the lane.
func (f *feeder) holds(lane int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.inHand(lane)
}

// inHand: this worker has the lane. One that was given up is saved first; f.mu
// is held.
func (f *feeder) inHand(lane int) bool {
	return slices.ContainsFunc(f.hands, func(h *hand) bool { return h.lane == lane && !h.help })
}

// help walks a lane that another worker has, so that nobody is idle while there
// is work and a worker that died keeps nobody waiting; f.mu is held. Lanes that
// are shared among many have enough workers.
func (f *feeder) help(ctx context.Context, b *Backfill, routes []string) {
	for i, l := range b.Lanes {
		from, before := f.helped[i]
		if l.Ended || !slices.Contains(routes, l.Route) || f.inHand(i) || before && from == l.At {
			continue
		}
		f.helped[i] = l.At
		f.hands = append(f.hands, f.p.newHand(ctx, b, i, true))
		return
	}
}
