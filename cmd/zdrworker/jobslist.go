package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

// listOptions are the flags of jobs list.
type listOptions struct {
	state, step, route string
	all                bool
	limit              int
}

// failedJobs is a word for --state that is no state: jobs that ended without a
// result, whatever is left to remove.
const failedJobs = "failed"

func newJobsList(a *app) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use: "list", Short: "List jobs, open ones unless --all is given", Args: args(),
		Long: `List the jobs of the store bucket, one a line, in no order. Open ones are found by
their markers; --all, --state closed and --state failed read every record.`,
	}
	f := cmd.Flags()
	f.Var(choice(&o.state, "", "", "claimed", "submitting", "submitted", "sealing", "sealed", "draining", "closed", "fencing", "held", "failing", failedJobs),
		"state", "`state`: claimed, submitting, submitted, sealing, sealed, draining, closed, fencing, held, failing; or failed: every job without a result ($ZDRWORKER_STATE)")
	f.StringVar(&o.route, "route", "", "`name` of a route ($ZDRWORKER_ROUTE)")
	f.Var(choice(&o.step, "", "", worker.StepParse, worker.StepExtract), "step", "`step`: parse or extract; a document that is no Markdown has a job of each ($ZDRWORKER_STEP)")
	f.BoolVar(&o.all, "all", false, "closed jobs too ($ZDRWORKER_ALL)")
	f.IntVar(&o.limit, "limit", 0, "stop after so many jobs; 0 is all ($ZDRWORKER_LIMIT)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if o.limit < 0 {
			return usage("--limit: a number from 0 is wanted")
		}
		return a.withRecords(cmd, func(ctx context.Context, w *opened) error { return a.jobsList(ctx, w, o) })
	}
	return cmd
}

func (a *app) jobsList(ctx context.Context, w *opened, o listOptions) error {
	filter := worker.Filter{All: o.all || o.state == failedJobs, Route: o.route, Step: o.step}
	if o.state != failedJobs {
		filter.State = worker.State(o.state)
	}
	halt, err := w.Pipeline.Paused(ctx)
	if err != nil {
		return err
	}
	n := 0
	var unreadable error
	for j, err := range w.Pipeline.Jobs(ctx, filter) {
		if err != nil {
			unreadable = firstOf(unreadable, err) // the others are listed all the same
			continue
		}
		if o.state == failedJobs && !j.Failed() {
			continue
		}
		if err := a.jobRow(halted(j, halt), n == 0); err != nil {
			return err
		}
		if n++; n == o.limit {
			return unreadable
		}
	}
	if n == 0 && unreadable == nil {
		return a.printf("no jobs\n")
	}
	return unreadable
}

// jobRow writes one job of a list.
func (a *app) jobRow(j worker.Job, first bool) error {
	if a.json {
		return a.line(a.jobLine(j))
	}
	if first {
		if err := a.row("REF", "STEP", "STATE", "WAITING FOR", "ROUTE", "ATTEMPT", "AGE", "CREDITS", "OUTCOME"); err != nil {
			return err
		}
	}
	cost := ""
	if j.Sealed() {
		cost = credits(j.Credits)
	}
	what := j.Status
	if j.Code != "" {
		what = string(j.Code)
	}
	if a.showNames() && !j.Document.IsZero() {
		what += "  " + a.name(j.Document.Reveal())
	}
	return a.row(shortRef(j.Ref), j.Step, j.State, j.Waits(), cut(j.Route, 24), j.Attempt, ago(time.Since(j.Claimed)), cost, what)
}

func (a *app) row(cells ...any) error {
	const format = "%-8s  %-7s  %-10s  %-11s  %-24s  %7v  %9s  %7s  %s"
	return a.printf("%s\n", strings.TrimRight(fmt.Sprintf(format, cells...), " "))
}
