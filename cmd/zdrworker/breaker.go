package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

func newBreaker(a *app) *cobra.Command {
	return parent("breaker", groupOperate, "See why nothing is submitted, and let it go on", newBreakerShow(a), newBreakerRelease(a))
}

func newBreakerShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Say whether the breaker is open, and why", Args: args(),
		Long: `The breaker is one object in the store bucket that every worker reads before it
submits. It opens on what is no document's fault: a key that the provider
refuses, credits that are used up, an account that may not, or a violation of
the boundary. What was accepted goes on.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.withRecords(cmd, a.breakerShow) },
	}
}

func (a *app) breakerShow(ctx context.Context, w *opened) error {
	b, err := w.Pipeline.Breaker(ctx)
	if err != nil {
		return err
	}
	line := map[string]any{"type": "breaker", "open": b.Open}
	if !b.Open {
		return a.say(line, "closed: documents are submitted\n")
	}
	line["reason"], line["since"] = b.Reason, b.Since
	if b.Reason != worker.BreakerViolation {
		line["probe"] = b.Probe
	}
	now := time.Now()
	return a.say(line, "open since %s (%s): %s\n%s\n", clock(b.Since, now), ago(now.Sub(b.Since)), breakerReason(b), breakerNext(b, now))
}

// breakerReason is why nothing is submitted, for a person.
func breakerReason(b worker.Breaker) string {
	switch b.Reason {
	case worker.BreakerKey:
		return "the provider refuses the API key (401)"
	case worker.BreakerCredits:
		return "the account's credits are used up (402)"
	case worker.BreakerForbidden:
		return "the provider says that the account may not do this (403)"
	case worker.BreakerViolation:
		return "content or a foreign URL came back from the provider: a violation"
	}
	return "the provider refuses to work"
}

func breakerNext(b worker.Breaker, now time.Time) string {
	if b.Reason == worker.BreakerViolation {
		return "next: only a person closes it, with zdrworker breaker release"
	}
	return "next: one worker tries again" + at(b.Probe, now) + "; sooner with zdrworker breaker release"
}

func newBreakerRelease(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "release", Short: "Close the breaker: its cause is mended", Args: args(),
		Long: `Close the breaker for the whole fleet. After a violation this asks first, and
needs --yes where there is no terminal: whoever answers for data protection
should know of it before anything is submitted again.`,
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "release it after a violation without being asked ($ZDRWORKER_YES)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.withRecords(cmd, func(ctx context.Context, w *opened) error { return a.breakerRelease(ctx, w, yes) })
	}
	return cmd
}

func (a *app) breakerRelease(ctx context.Context, w *opened, yes bool) error {
	b, err := w.Pipeline.Breaker(ctx)
	if err != nil {
		return err
	}
	if b.Open && b.Reason == worker.BreakerViolation {
		if err := a.confirm(ctx, breakerReason(b), yes); err != nil {
			return err
		}
	}
	if err := w.Pipeline.Release(ctx); err != nil {
		return err
	}
	if err := a.line(map[string]any{"type": "breaker", "open": false, "released": b.Open}); err != nil {
		return err
	}
	if !b.Open {
		return a.printf("it was closed\n")
	}
	return a.printf("released: documents are submitted again by the next zdrworker run or sweep\n")
}

// violated says that a violation was seen, also where the run came to its end:
// what was paid for is brought home, and a person must know.
func (w *opened) violated(ctx context.Context) error {
	b, err := w.Pipeline.Breaker(ctx)
	if err == nil && b.Open && b.Reason == worker.BreakerViolation {
		err = &failure{code: codeViolation, text: breakerReason(b)}
	}
	return err
}

// stopReason turns "the breaker is open" into what opened it. A violation keeps
// its own exit code for as long as nobody has released it.
func (w *opened) stopReason(ctx context.Context, err error) error {
	if err == nil || explain(err).code != codeBreaker {
		return err
	}
	b, readErr := w.Pipeline.Breaker(ctx)
	if readErr != nil || !b.Open {
		return err
	}
	f := &failure{code: codeBreaker, text: breakerReason(b), cause: err}
	if b.Reason == worker.BreakerViolation {
		f.code = codeViolation
	}
	return f
}
