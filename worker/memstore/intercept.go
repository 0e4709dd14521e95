package memstore

import (
	"context"
	"errors"
	"sync"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Op names one operation, as bucket.Error does.
type Op string

// The operations of a store. A listing is one call a page, a removal one call a
// key.
const (
	Head     Op = "head"
	Get      Op = "get"
	Put      Op = "put"
	Copy     Op = "copy"
	List     Op = "list"
	Remove   Op = "remove"
	Remnants Op = "remnants"
)

// Writes says whether the operation changes anything.
func (o Op) Writes() bool { return o == Put || o == Copy || o == Remove }

// Call is one request on its way to the server.
type Call struct {
	Op        Op
	Bucket    string
	Key       string // the prefix, for List and Remnants
	Source    bucket.Source
	Condition bucket.Condition
}

// Interceptor stands where the network does. do has the operation's effect,
// atomically, and returns its error; what the interceptor returns is what the
// caller sees. So it can
//
//   - pass:           return do()
//   - delay:          time.Sleep(d); return do()       (and after do, too)
//   - refuse:         return bucket.ErrThrottled
//   - lose a request: return bucket.ErrUnknown
//   - lose an answer: do(); return bucket.ErrUnknown
//   - double:         do(); return do()
//   - postpone:       go func() { time.Sleep(d); do() }(); return bucket.ErrUnknown
//
// A bare sentinel of worker/bucket is dressed as a *bucket.Error. Returning nil
// without do having succeeded before panics: the caller would be told of a
// success that never was. do may be called later, from any goroutine, and any
// number of times; a late one changes the bucket and nothing else. Who calls is
// known from the context, where a test can put a name.
type Interceptor func(ctx context.Context, c Call, do func() error) error

// answer holds what the effect of a call gave, until the call returns.
type answer[T any] struct {
	mu     sync.Mutex
	value  T
	ok     bool
	closed bool
}

func (a *answer[T]) keep(v T) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.value, a.ok = v, true
	}
}

func (a *answer[T]) close() (T, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	return a.value, a.ok
}

// run sends one call through the interceptor.
func run[T any](ctx context.Context, s *Server, c Call, effect func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, &bucket.Error{Op: string(c.Op), Class: bucket.ErrUnavailable, Cause: err}
	}
	hook := s.arrive(c.Op)
	if hook == nil {
		v, err := effect()
		return v, dress(c.Op, err)
	}
	var a answer[T]
	err := hook(ctx, c, func() error {
		v, err := effect()
		if err == nil {
			a.keep(v)
		}
		return dress(c.Op, err)
	})
	v, ok := a.close()
	if err != nil {
		return none, dress(c.Op, err)
	}
	if !ok {
		panic("memstore: interceptor reported success of a " + string(c.Op) + " that it did not do")
	}
	return v, nil
}

func (s *Server) arrive(op Op) Interceptor {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[op]++
	return s.intercept
}

// dress makes a *bucket.Error of a sentinel, and of a context's error.
func dress(op Op, err error) error {
	var be *bucket.Error
	switch {
	case err == nil || errors.As(err, &be):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		class := bucket.ErrUnavailable
		if op.Writes() {
			class = bucket.ErrUnknown
		}
		return &bucket.Error{Op: string(op), Class: class, Cause: err}
	}
	return &bucket.Error{Op: string(op), Class: err}
}
