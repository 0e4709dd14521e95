package trigger

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// crew bounds how many messages are handled at the same time. A message is
// asked for only when there is somebody to take it, so none waits here while
// another worker could have it.
type crew struct {
	free    chan struct{}
	wg      sync.WaitGroup
	failing atomic.Int32 // messages in a row that have to come again
	rests   pauses
}

func newCrew(n int) *crew {
	c := &crew{free: make(chan struct{}, n)}
	for range n {
		c.free <- struct{}{}
	}
	return c
}

// reserve waits for one who is free and takes up to most of them; 0 when ctx
// has ended.
func (c *crew) reserve(ctx context.Context, most int) int {
	select {
	case <-ctx.Done():
		return 0
	case <-c.free:
	}
	for n := 1; ; n++ {
		if n == most {
			return n
		}
		select {
		case <-c.free:
		default:
			return n
		}
	}
}

// all waits until nobody works, and keeps them all: nobody will again.
func (c *crew) all() {
	for range cap(c.free) {
		<-c.free
	}
}

// release gives back n of those reserved.
func (c *crew) release(n int) {
	for range n {
		c.free <- struct{}{}
	}
}

// work runs f by one of those reserved. A panic prints type and stack; what it
// was about comes again.
func (c *crew) work(f func() Outcome) {
	c.wg.Go(func() {
		defer c.release(1)
		became := Retry
		func() {
			defer zdr.RecoverTo(os.Stderr)
			became = f()
		}()
		if became == Retry {
			c.failing.Add(1)
		} else {
			c.failing.Store(0)
		}
	})
}

// breathe waits a while when nothing but failures came back: what the handler
// needs is out of reach, and taking more messages would only wear out their
// tries.
func (c *crew) breathe(ctx context.Context) {
	if int(c.failing.Load()) < min(3, cap(c.free)) {
		c.rests.reset()
		return
	}
	sleep(ctx, c.rests.next())
}

// wait returns when nobody works any more.
func (c *crew) wait() { c.wg.Wait() }

// every calls f again and again until stop, which waits for the last call.
func every(ctx context.Context, d time.Duration, f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer zdr.RecoverTo(os.Stderr)
		t := time.NewTicker(d)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				f(ctx)
			}
		}
	}()
	return func() { cancel(); <-gone }
}
