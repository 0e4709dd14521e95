package worker

import (
	"context"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
)

// clockSpread is how far the provider's clock, which stamps its jobs, may be
// from where it was measured the only time, or from the store's where it was
// never measured: what SigV4 allows clients, for want of anything better.
const clockSpread = 15 * time.Minute

// clockSlack is added to what was measured: the stamps of jobs and the Date of
// answers may come from two machines of the provider, and times are cut to the
// second.
const clockSlack = 30 * time.Second

// offset is how far the provider's clock is ahead of the store's, at least and
// at most, in milliseconds.
type offset struct {
	Least int64 `json:"least_ms"`
	Most  int64 `json:"most_ms"`
}

func (o offset) least() time.Duration { return time.Duration(o.Least) * time.Millisecond }
func (o offset) most() time.Duration  { return time.Duration(o.Most) * time.Millisecond }

// or is the least offset that covers both.
func (o offset) or(b offset) offset {
	return offset{Least: min(o.Least, b.Least), Most: max(o.Most, b.Most)}
}

// covering is the offset that covers what was measured before and after; where
// one of the two is missing the clock may have gone astray meanwhile.
func covering(before, after *offset) offset {
	switch {
	case before != nil && after != nil:
		return before.or(*after)
	case before != nil:
		return before.widened()
	case after != nil:
		return after.widened()
	}
	return offset{}.widened()
}

func (o offset) widened() offset {
	return offset{Least: o.Least - clockSpread.Milliseconds(), Most: o.Most + clockSpread.Milliseconds()}
}

// bracket is what follows from an answer of the provider that came between two
// of the store: no clock of this machine has a part in it (I8). nil where a
// Date is missing, or the store's went back.
func bracket(before, said, after time.Time) *offset {
	if before.IsZero() || said.IsZero() || after.Before(before) {
		return nil
	}
	return &offset{
		Least: (said.Sub(after) - time.Second).Milliseconds(), // a Date is cut to the second
		Most:  (said.Sub(before) + time.Second).Milliseconds(),
	}
}

// measureClock compares the provider's clock with the store's: one short page
// of the list between two looks at an object that is there. The list is that of
// extract jobs for parses too: only the Date of its answer is of interest, and
// the stamps of both kinds of job are taken to be of clocks within clockSlack of
// it, which the provider does not document.
func (p *Pipeline) measureClock(ctx context.Context, key string) (*offset, error) {
	before, err := p.store.Head(ctx, key, "")
	if err != nil {
		return nil, err
	}
	said, err := p.provider.ExtractJobs(ctx, ade.ListOptions{PageSize: 1})
	if err != nil {
		return nil, err
	}
	after, err := p.store.Head(ctx, key, "")
	if err != nil {
		return nil, err
	}
	return bracket(before.Date, said.Date, after.Date), nil
}

// clockFresh is for how long a measured offset is written into intents, and
// clockAgain after what time it is measured again where that failed.
const (
	clockFresh = 10 * time.Minute
	clockAgain = time.Minute
)

// clockPatience bounds the measuring before a POST.
const clockPatience = 10 * time.Second

// clockwatch remembers the offset that this process has measured last.
type clockwatch struct {
	turn chan struct{} // full while it is measured
	at   time.Time     // when that began last; guarded by turn
	seen *offset       // guarded by turn
}

func newClockwatch() *clockwatch { return &clockwatch{turn: make(chan struct{}, 1)} }

// fresh reports whether it is not yet time to measure; the turn is held.
func (c *clockwatch) fresh(now time.Time) bool {
	lasts := clockFresh
	if c.seen == nil {
		lasts = clockAgain
	}
	return !c.at.IsZero() && now.Sub(c.at) < lasts
}

// clockBefore is what is known of the provider's clock before a POST: the proof
// that the POST made no job, should its answer be lost, needs it. nil when it
// cannot be measured; that holds nothing up.
func (p *Pipeline) clockBefore(ctx context.Context, key string) *offset {
	select {
	case p.clock.turn <- struct{}{}:
		defer func() { <-p.clock.turn }()
	case <-ctx.Done():
		return nil
	}
	now := p.now()
	if p.clock.fresh(now) {
		return p.clock.seen
	}
	bounded, cancel := context.WithTimeout(ctx, clockPatience)
	defer cancel()
	p.clock.seen, _ = p.measureClock(bounded, key) // what went wrong shows in the POST too
	p.clock.at = now
	return p.clock.seen
}

// window is when the job of an attempt was received, if there is one, on the
// provider's clock.
type window struct {
	from, to time.Time
	// since is the store's time from which on records may know a job that was
	// received in the window.
	since time.Time
}

func (w window) holds(t time.Time) bool { return !t.Before(w.from) && !t.After(w.to) }

// window reckons between intent and fence, on the store's clock, and adds how
// far the provider's is off: as measured before the POST and as measured now,
// whichever is farther. A job is stamped between the two, so a clock that drifts
// or jumps is covered; one that jumps away and comes back in between is not.
func (p *Pipeline) window(ctx context.Context, j *job) (window, error) {
	now, err := p.measureClock(ctx, recordKey(j.id))
	if err != nil {
		return window{}, err
	}
	a := j.rec.current()
	off := covering(a.Clock, now)
	if now != nil && !p.keeps(ruleClock) {
		off = *now
	}
	least, most := off.least()-clockSlack, off.most()+clockSlack
	// A fetch that began before the fence may end, and its job be received, as
	// late as the list's lag allows for.
	to := j.rec.FencedAt.Add(p.set.ListLag)
	return window{from: a.IntendedAt.Add(least), to: to.Add(most), since: a.IntendedAt.Add(least - most)}, nil
}
