package worker

import (
	"sync"
	"time"
)

// gate slows this worker's submissions down after a 429 and lets them speed up
// again slowly.
type gate struct {
	mu     sync.Mutex
	until  time.Time
	streak int // 429s in a row
}

// closedUntil is zero when a submission may go now.
func (g *gate) closedUntil(now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.until) {
		return g.until
	}
	return time.Time{}
}

// throttled notes a 429 and gives the time to wait: what the provider asks, or
// from a second doubling to a minute.
func (g *gate) throttled(now time.Time, after time.Duration) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.streak++
	if after <= 0 {
		after = min(time.Second<<min(g.streak-1, 10), time.Minute)
	}
	if t := now.Add(after); t.After(g.until) {
		g.until = t
	}
	return after
}

func (g *gate) accepted() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.streak = max(g.streak-1, 0)
}
