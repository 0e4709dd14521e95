package worker

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

const (
	// laneTime is how long a lane stays with a worker that says nothing more. The
	// lease only saves work: what is drawn twice finds its job.
	laneTime = 20 * time.Second
	// laneSave is about how long a worker's progress stands in no object: what is
	// done in it is looked at again after a crash.
	laneSave = 5 * time.Second
	// laneLook is how long a worker without a lane waits before it looks for one
	// again, at most.
	laneLook = 3 * time.Second
)

// feeder draws the documents of a backfill for one worker: of each route one at
// a time, by turns.
type feeder struct {
	p       *Pipeline
	c       control[Backfill]
	share   int  // where this worker begins,
	of      int  // of so many; below 1 the lanes' own number
	tracked bool // the drawer says when a document is settled, not when it is claimed

	mu       sync.Mutex
	b        Backfill // as last seen
	hands    []*hand
	forgot   []*hand // whose walks are still to be ended, by whoever draws
	turn     int
	out      map[string][]drawn // by key
	helped   map[int]Place      // lanes that this worker has helped with, from there
	looked   time.Time          // when lanes were taken last, or asked for
	misses   int                // looks in a row that found none
	gone     bool               // the object was removed
	restored bool               // it was put back once
	paused   bool               // something was left because of a pause
	resting  bool               // there was nothing to draw, and nothing has changed
	unread   unreads
	wake     chan struct{}
	save     chan struct{}
}

type drawn struct {
	h *hand
	r *row
}

func (p *Pipeline) newFeeder(b Backfill, share, of int, tracked bool) *feeder {
	if of == 0 && share == 0 {
		share = rand.IntN(maxLanes)
	}
	return &feeder{
		p: p, c: newControl[Backfill](backfillKey(b.ID)), share: share, of: of, tracked: tracked, b: b,
		out: map[string][]drawn{}, helped: map[int]Place{}, wake: make(chan struct{}, 1), save: make(chan struct{}, 1),
	}
}

// documents yields what is to be done, until the backfill is through, is paused,
// or ctx ends.
func (f *feeder) documents(ctx context.Context) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		defer f.letGo()
		for try := 0; ctx.Err() == nil && (!f.over(ctx) || f.putBack(ctx)); {
			d, ok, err := f.draw(ctx)
			switch {
			case err != nil && !transient(err):
				yield(Document{}, err)
				return
			case err != nil:
				try++
				sleep(ctx, backoff(try))
			case ok:
				if try = 0; !yield(d, nil) {
					return
				}
			default:
				f.rest(ctx)
			}
		}
		if f.isGone() {
			yield(Document{}, noBackfill("backfill"))
		}
	}
}

func (f *feeder) isGone() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gone
}

// letGo ends the walks; what was drawn is still open.
func (f *feeder) letGo() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.endWalks()
	for _, h := range f.hands {
		h.close()
		if !h.dry {
			h.left = true
		}
	}
}

// endWalks ends those of hands that are forgotten; f.mu is held. A walk is gone
// on with and ended by one goroutine, the one that draws.
func (f *feeder) endWalks() {
	for _, h := range f.forgot {
		h.close()
	}
	f.forgot = nil
}

// over reports whether nothing more is to be drawn.
func (f *feeder) over(ctx context.Context) bool {
	halted := f.halted(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.b.Ended.IsZero() || f.gone || f.b.Bounded && !f.tracked {
		return true
	}
	if !f.b.Paused.IsZero() {
		f.paused = true
		return true
	}
	stopped := false
	for i, l := range f.b.Lanes {
		if l.Ended {
			continue
		}
		if !halted[l.Route] || f.unfinished(i) {
			return false
		}
		stopped = true
	}
	f.paused = f.paused || stopped
	return stopped
}

// halted are the routes that a person has paused.
func (f *feeder) halted(ctx context.Context) map[string]bool {
	out := map[string]bool{}
	for _, r := range f.p.routes {
		w, wait := f.p.stopped(ctx, r.Name)
		out[r.Name] = wait && w.reason == WaitPaused
	}
	return out
}

// unfinished: this worker has drawn documents of a lane that may still end.
func (f *feeder) unfinished(lane int) bool {
	for _, h := range f.hands {
		if h.lane == lane && !h.left && !h.lost && h.dry {
			return true
		}
	}
	return false
}

// draw gives the next document. ok is false when there is none now.
func (f *feeder) draw(ctx context.Context) (d Document, ok bool, err error) {
	halted := f.halted(ctx)
	if err := f.take(ctx, halted); err != nil {
		return d, false, err
	}
	if d, ok = f.again(); ok {
		return d, true, nil
	}
	for ctx.Err() == nil {
		h := f.pick(halted)
		if h == nil {
			return d, false, nil
		}
		s, err, more := h.next()
		if key, err := f.book(h, s, err, more); key != "" || err != nil {
			return Document{Key: key, from: f}, err == nil, err
		}
	}
	return d, false, nil
}

// pick gives the lane whose turn it is.
func (f *feeder) pick(halted map[string]bool) *hand {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.endWalks()
	if !f.b.Paused.IsZero() {
		return nil
	}
	for range f.hands {
		f.turn++
		h := f.hands[f.turn%len(f.hands)]
		if !h.walking() || h.next == nil {
			continue
		}
		if !halted[h.route] {
			return h
		}
		h.left = true
		h.close()
	}
	return nil
}

// book notes what a walk came by; key is a document that is to be done. A walk
// that broke off is given up: the lane is taken anew from where it stands.
func (f *feeder) book(h *hand, s step, err error, more bool) (key string, _ error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case more && err != nil:
		h.left = true
		h.close()
		return "", err
	case !more:
		h.dry = true
		h.close()
		f.signal()
		f.looked = time.Time{}
	case s.key == "":
		var sum Counts
		if s.skip {
			sum.Skipped = 1
		}
		h.pass(s.at, sum)
	default:
		before := f.out[s.key]
		f.out[s.key] = append(before, drawn{h, h.draw(s.at)})
		if len(before) == 0 {
			return s.key, nil
		}
	}
	return "", nil
}

// settled notes what became of a document that was drawn.
func (f *feeder) settled(key string, sum Counts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.out[key] {
		d.h.settle(d.r, sum)
	}
	delete(f.out, key)
	f.unread.forget(key) // it may have ended otherwise than by being given
	f.signal()
}

// leave notes that a document that was drawn is left: its lane stays before it.
func (f *feeder) leave(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.out[key] {
		d.h.left, f.paused = true, true
	}
	delete(f.out, key)
	f.signal()
}

// signal wakes who waits for something to do; f.mu is held.
func (f *feeder) signal() {
	for _, c := range []chan struct{}{f.wake, f.save} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// rest waits until something may have changed.
func (f *feeder) rest(ctx context.Context) {
	f.mu.Lock()
	wait := min(laneLook<<min(f.misses, 3), 5*laneLook)
	f.resting = true
	f.mu.Unlock()
	defer func() { f.mu.Lock(); f.resting = false; f.mu.Unlock() }()
	t := time.NewTimer(jittered(wait))
	defer t.Stop()
	select {
	case <-f.wake:
	case <-t.C:
	case <-ctx.Done():
	}
}

// idle: there is nothing to draw until a document or another's lane ends.
func (f *feeder) idle() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.resting }

// keep saves how far the lanes have come, until ctx ends.
func (f *feeder) keep(ctx context.Context) {
	tick := time.NewTicker(laneSave)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-f.save:
			if !f.endedOne() {
				continue
			}
		case <-ctx.Done():
			return
		}
		_ = f.store(ctx, false) // tried again soon, and what is lost is walked again
	}
}

// endedOne: there is a lane to end, which others may wait for.
func (f *feeder) endedOne() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.hands, func(h *hand) bool { return h.through() || h.left })
}

// close gives the lanes back and tells how the backfill stands.
func (f *feeder) close(ctx context.Context) (Backfill, error) {
	ctx, done := firm(ctx)
	defer done()
	f.letGo()
	err := f.store(ctx, true)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tellPassed(ctx)
	return f.b, err
}
