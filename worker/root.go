package worker

import (
	"os"
	"sync"
	"sync/atomic"

	"github.com/zdrworker/zdrworker/zdr"
)

// panicked is what becomes of a panic: the runtime would print its value, which
// can be content.
func panicked(op string) *Fault {
	return &Fault{Op: op, Code: CodeInternal, Hint: "a part of the worker panicked; its type and stack were printed"}
}

// root recovers a goroutine's panic, which prints type and stack, and ends what
// the goroutine was for: whoever runs it starts it again, and nothing is lost.
func root(op string, end func(error), do func()) {
	defer zdr.RecoverTo(os.Stderr, func() { end(panicked(op)) })
	do()
}

// crew is goroutines that somebody waits for. The panic of one goes on, without
// its value, where it is waited for. The zero value is ready.
type crew struct {
	all   sync.WaitGroup
	broke atomic.Bool
}

// Go runs do beside the others.
func (c *crew) Go(do func()) { c.all.Go(func() { c.safely(do) }) }

// safely is for a goroutine that goes on after a panic: somebody hands it work.
func (c *crew) safely(do func()) {
	root("", func(error) { c.broke.Store(true) }, do)
}

// Wait returns when all have ended.
func (c *crew) Wait() {
	c.all.Wait()
	if c.broke.Load() {
		panic(panicked("wait"))
	}
}
