package trigger

import (
	"context"
	"errors"
	"os"

	"github.com/zdrworker/zdrworker/zdr"
)

// Handler does what an event calls for. Nil means that it is durable, or that
// there is nothing to do: the message is acknowledged. An error that wraps
// ErrPoison means never again; any other means later. Handle is called from
// several goroutines, any number of times for one event, and must not wait for
// the provider.
type Handler interface {
	Handle(ctx context.Context, e Event) error
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, e Event) error

// Handle calls the function.
func (f HandlerFunc) Handle(ctx context.Context, e Event) error { return f(ctx, e) }

// errPanic stands for a handler that panicked: its message comes again later.
var errPanic = errors.New("handler panicked")

// Deliver decodes one message and hands its events on, in order. Nil: it may be
// acknowledged. Every event is tried before an error returns; one that can be
// repeated goes before ErrPoison, so that a refused record costs no other.
func Deliver(ctx context.Context, body []byte, h Handler, o Options) error {
	o = o.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	events, poison := Decode(body, o)
	var later error
	for _, e := range events {
		switch err := handle(ctx, h, e); {
		case errors.Is(err, ErrPoison):
			poison = refusalOf(err)
		case err != nil && later == nil:
			later = err
		}
	}
	if later != nil {
		return later
	}
	return poison
}

// handle keeps a panic from ending the process: the message that caused it
// would only bring down the next one.
func handle(ctx context.Context, h Handler, e Event) (err error) {
	defer zdr.RecoverTo(os.Stderr, func() { err = errPanic })
	return h.Handle(ctx, e)
}

// refusalOf gives the Refusal in err; a handler that says no more than
// ErrPoison has one made for it.
func refusalOf(err error) *Refusal {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r
	}
	return &Refusal{Shape: ShapeUnknown, Reason: ReasonHandler}
}

// outcome sorts what Deliver or a Handler returned.
func outcome(err error) Outcome {
	switch {
	case err == nil:
		return Handled
	case errors.Is(err, ErrPoison):
		return Poison
	}
	return Retry
}
