package main

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

// waitOptions are the flags of wait.
type waitOptions struct {
	opening
	timeout time.Duration
}

func newWait(a *app) *cobra.Command {
	var o waitOptions
	cmd := &cobra.Command{
		Use: "wait [REF|KEY|PREFIX]…", GroupID: groupRun, Short: "Wait until jobs have come to their end, and help to bring them there", Args: args("[REF|KEY|PREFIX]…"),
		Long: `Wait for jobs: those that are named by the first 8 or more digits of a ref, or by
a document's key; those whose documents lie below s3://bucket/prefix/; or, without
arguments, all that are open, and backfills that are under way. What nobody else
moves on this moves on, so it needs no worker that serves, and does no harm beside
one.

The exit code is 0 when all is sealed, 4 when some failed, 3 when the time of
--timeout is over or some are held: work goes on without the waiter.

A job that has to be submitted needs its schema approved: by the policy, or by
--schema as in zdrworker run.`,
		Example: `  zdrworker run s3://acme-docs/inbox/ --no-wait && zdrworker wait --timeout 2h
  zdrworker wait 7f3c9a1e
  zdrworker wait s3://acme-docs/inbox/acme/ --json`,
	}
	f := cmd.Flags()
	f.DurationVar(&o.timeout, "timeout", 0, "how `long` to wait at most, like 30m; 0 is without end ($ZDRWORKER_TIMEOUT)")
	f.StringVar(&o.schema, "schema", "", "JSON Schema `file` of a zdrworker run whose jobs may be submitted ($ZDRWORKER_SCHEMA)")
	f.StringVar(&o.route, "route", "", "`name` of the route that --schema makes ($ZDRWORKER_ROUTE)")
	cmd.RunE = func(cmd *cobra.Command, given []string) error { return a.wait(cmd, given, o) }
	return cmd
}

// errWaited ends a wait whose time is over.
var errWaited = &failure{code: codeWaiting}

func (a *app) wait(cmd *cobra.Command, given []string, o waitOptions) error {
	if o.timeout < 0 {
		return usage("--timeout: a time from 0 is wanted")
	}
	show := a.newProgress()
	o.log = show
	w, err := a.prepare(cmd, o.opening)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if err := w.route(ctx, o.opening); err != nil {
		return err
	}
	if err := w.config.Require("store", "exchange"); err != nil {
		return err
	}
	if err := w.assemble(ctx); err != nil {
		return err
	}
	r := &runner{a: a, opened: w, o: runOptions{opening: o.opening}, began: time.Now(), progress: show, waits: true, outs: map[string]string{}, done: make(chan worker.Outcome, 64)}
	return errors.Join(r.wait(ctx, given, o.timeout), w.close())
}

// wait brings home what was asked for.
func (r *runner) wait(ctx context.Context, given []string, timeout time.Duration) error {
	if timeout > 0 {
		limited, stop := context.WithTimeoutCause(ctx, timeout, errWaited)
		defer stop()
		ctx = limited
	}
	jobs, prefixes, err := r.named(ctx, given)
	if err == nil {
		r.filling, err = r.underWay(ctx, given, prefixes)
	}
	if err != nil {
		return r.waitEnded(ctx, err, worker.Summary{})
	}
	r.startWriting(ctx)
	sum, err := r.bringHome(ctx, r.waitFor(ctx, jobs, prefixes, len(given) == 0))
	if err == nil {
		err = r.violated(ctx)
	}
	if err != nil {
		err = r.waitEnded(ctx, err, sum)
	}
	return firstOf(err, r.summary(ctx, sum, err))
}

// bringHome moves jobs on until all are settled, and shows how that goes on.
func (r *runner) bringHome(ctx context.Context, jobs iter.Seq2[worker.Job, error]) (worker.Summary, error) {
	shown, stop := context.WithCancel(context.WithoutCancel(ctx))
	var side sync.WaitGroup
	side.Go(func() { r.progress.Run(shown) })
	sum, err := r.Pipeline.Run(ctx, worker.RunOptions{Backfills: r.filling, Jobs: jobs, Notify: r.notify, Status: r.status})
	err = errors.Join(err, r.written())
	stop()
	side.Wait()
	return sum, err
}

// waitEnded says why a wait did not come to its end.
func (r *runner) waitEnded(ctx context.Context, err error, s worker.Summary) error {
	if errors.Is(context.Cause(ctx), errWaited) {
		return &failure{code: codeWaiting, text: "the time is over; " + count(s.Open, "job") + " seen under way go on without the waiter"}
	}
	return r.stopped(ctx, err, s)
}

// named finds the jobs and prefixes that a person named.
func (r *runner) named(ctx context.Context, given []string) (jobs []worker.Job, prefixes []string, err error) {
	for _, name := range given {
		prefix, isURL := strings.CutPrefix(name, strings.TrimSuffix(r.config.Store, "/")+"/")
		if isURL && (prefix == "" || strings.HasSuffix(prefix, "/")) {
			prefixes = append(prefixes, prefix)
			continue
		}
		j, err := r.job(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, prefixes, nil
}

// underWay are the backfills that are waited for: those of these routes that
// walk something of what was named. What a run with a bound has left waits for
// such a run: whoever waits would spend more.
func (r *runner) underWay(ctx context.Context, given, prefixes []string) (out []worker.Backfill, err error) {
	all, err := r.Pipeline.Backfills(ctx)
	for _, b := range all {
		if b.Ended.IsZero() && !b.Bounded && r.Pipeline.Serves(b) && (len(given) == 0 || overlap(b.Prefixes, prefixes)) {
			out = append(out, b)
		}
	}
	return out, err
}

// overlap reports whether one of some prefixes lies within one of others.
func overlap(some, others []string) bool {
	for _, a := range some {
		for _, b := range others {
			if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
				return true
			}
		}
	}
	return false
}

// waitFor yields the jobs that were named, and those that are open below the
// prefixes, or anywhere.
func (r *runner) waitFor(ctx context.Context, named []worker.Job, prefixes []string, all bool) iter.Seq2[worker.Job, error] {
	return func(yield func(worker.Job, error) bool) {
		for _, j := range named {
			if !yield(j, nil) {
				return
			}
		}
		if len(prefixes) == 0 && !all {
			return
		}
		for j, err := range r.Pipeline.Jobs(ctx, worker.Filter{}) {
			if err != nil && explain(err).code == codeNewerFormat {
				continue // left alone
			}
			if err == nil && (j.State.Settled() || !all && !belowOne(j, prefixes)) {
				continue
			}
			if !yield(j, err) || err != nil {
				return
			}
		}
	}
}

func belowOne(j worker.Job, prefixes []string) bool {
	for _, p := range prefixes {
		if worker.Under(j.Document.Reveal(), p) {
			return true
		}
	}
	return false
}
