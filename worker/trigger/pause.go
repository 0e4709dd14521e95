package trigger

import (
	"context"
	"math/rand/v2"
	"time"
)

// Pauses between tries at a source that does not answer.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// pauses grow while something fails, with jitter, so that a fleet does not come
// back all at once.
type pauses struct{ n int }

func (p *pauses) reset() { p.n = 0 }

func (p *pauses) next() time.Duration {
	d := lastPause
	if p.n < 6 {
		d = min(d, firstPause<<p.n)
	}
	p.n++
	return jitter(d)
}

// jitter gives half of d to all of it.
func jitter(d time.Duration) time.Duration {
	if d < 2 {
		return d
	}
	return d/2 + rand.N(d/2)
}

// sleep ends early, with false, when ctx does.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// outlive gives a context that ends grace after ctx does, or at end. end waits
// until nothing of it is left.
func outlive(ctx context.Context, grace time.Duration) (work context.Context, end func()) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		defer cancel()
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-over:
		case <-t.C:
		}
	}()
	return work, func() { close(over); <-gone }
}
