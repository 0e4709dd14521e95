package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/trigger"
	"github.com/zdrworker/zdrworker/zdr"
)

// spare is what a step may take beside the request to the provider, in which an
// answer is awaited for timing.post_timeout.
const spare = 15 * time.Second

// function is what Lambda calls. One call at a time, as Lambda does it.
type function struct {
	lookup         func(string) (string, bool)
	stdout, stderr io.Writer
	log            *slog.Logger
	works          *works // nil until it could be set up
}

func newFunction(lookup func(string) (string, bool), stdout, stderr io.Writer, log *slog.Logger) *function {
	return &function{lookup: lookup, stdout: stdout, stderr: stderr, log: log}
}

// ready sets up what is not yet.
func (f *function) ready(ctx context.Context) error {
	if f.works != nil {
		return nil
	}
	w, err := f.setUp(ctx)
	if err != nil {
		f.log.Error("the function cannot be set up", "code", codeOf(err), "event", whereOf(err))
		return err
	}
	f.works = w
	return nil
}

// Invoke handles one call. Its errors say a code: the runtime writes them into
// Lambda's own log and answers.
func (f *function) Invoke(ctx context.Context, event []byte) (answer []byte, err error) {
	defer zdr.RecoverTo(f.stderr, func() { answer, err = nil, failed("panic", true) })
	if err := f.ready(ctx); err != nil {
		return nil, failed(codeOf(err), false)
	}
	reply, err := f.call(ctx, event)
	if err != nil {
		return nil, failed(codeOf(err), false)
	}
	if reply == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(reply)
}

// call hands the event on. What is not begun in time is left.
func (f *function) call(ctx context.Context, event []byte) (*trigger.BatchReply, error) {
	running, stop := f.running(ctx)
	defer stop()
	if running.Err() != nil {
		f.log.Error("no time for a step: the function's timeout must be longer than timing.post_timeout and 15 seconds", "code", "timeout")
	}
	errand, err := f.works.Pipeline.Errand(running.Done(), f.works.queue)
	if err != nil {
		return nil, err
	}
	defer errand.Rest()
	defer f.works.emit()
	defer errand.Finish(ctx)
	o := f.works.options(f.log)
	o.Observe = func(from trigger.Source, became trigger.Outcome) { errand.Observe(string(from), string(became)) }
	source, err := trigger.NewLambda(o)
	if err != nil {
		return nil, err
	}
	return source.Invoke(running, ctx, idOf(ctx), event, trigger.HandlerFunc(func(ctx context.Context, e trigger.Event) error {
		return f.handle(ctx, errand, e)
	}))
}

// running ends as long before the call as the longest step takes.
func (f *function) running(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-f.works.config.Timing.PostTimeout-spare))
}

// handle does what an event calls for.
func (f *function) handle(ctx context.Context, errand *worker.Errand, e trigger.Event) error {
	switch e.Kind {
	case trigger.Created:
		if e.Bucket.Reveal() != f.works.Store.Name() {
			return trigger.ErrPoison
		}
		return errand.Arrived(ctx, worker.Document{Key: e.Key.Reveal(), Version: e.Version})
	case trigger.Result:
		// What others put into the exchange bucket is no concern of ours.
		if err := errand.Nudged(ctx, e.Token); err != worker.ErrForeign {
			return err
		}
	case trigger.Nudge:
		if err := errand.Nudged(ctx, e.Token); err != worker.ErrForeign {
			return err
		}
		return trigger.ErrPoison
	case trigger.Tick:
		return errand.Sweep(ctx)
	}
	return nil
}

// idOf is Lambda's name of the call.
func idOf(ctx context.Context) string {
	if c, ok := lambdacontext.FromContext(ctx); ok {
		return c.AwsRequestID
	}
	return ""
}

// failed is an error as Lambda shows it.
func failed(code string, exit bool) error {
	return messages.InvokeResponse_Error{Type: code, Message: "zdrworker: " + code, ShouldExit: exit}
}
