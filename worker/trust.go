package worker

import "sync/atomic"

// trusted is how many documents in a row must have been new before the next is
// taken for new without a look. A wrong guess costs a copy and two writes, a
// right one saves a read.
const trusted = 32

// trust counts them.
type trust struct{ n atomic.Int32 }

func (t *trust) trusts() bool { return t.n.Load() >= trusted }

func (t *trust) saw(fresh bool) {
	if !fresh {
		t.n.Store(0)
	} else if t.n.Load() < trusted {
		t.n.Add(1)
	}
}
