package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

func newSweep(a *app) *cobra.Command {
	var once, all bool
	var o opening
	cmd := &cobra.Command{
		Use: "sweep", GroupID: groupOperate, Short: "Move on what nobody noticed: lost workers, late results, ended URLs", Args: args(),
		Long: `Go through the open jobs of the store bucket once and move on what is due:
results that nobody took, jobs whose worker is gone, URLs that have ended,
staged objects of nobody. Documents of backfills that were left in the bucket are
submitted, as many as there are slots for. It may run at any time, anywhere, as
often as wanted; a timer with this command is a whole deployment.

A job that has to be submitted needs its schema approved: by the policy, or by
--schema as in zdrworker run.`,
		Example: "  zdrworker sweep --once\n  zdrworker sweep --once --all --schema invoice.json",
	}
	f := cmd.Flags()
	f.BoolVar(&once, "once", false, "one pass, then end; this version has no other way ($ZDRWORKER_ONCE)")
	f.BoolVar(&all, "all", false, "look at every open job, not only at those that are due ($ZDRWORKER_ALL)")
	f.StringVar(&o.schema, "schema", "", "JSON Schema `file` of a zdrworker run whose jobs may be submitted ($ZDRWORKER_SCHEMA)")
	f.StringVar(&o.route, "route", "", "`name` of the route that --schema makes ($ZDRWORKER_ROUTE)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !once {
			return &failure{code: codeUsage, text: "sweep needs --once", hint: "`zdrworker sweep --once`, from a timer"}
		}
		return a.sweep(cmd, o, all)
	}
	return cmd
}

func (a *app) sweep(cmd *cobra.Command, o opening, all bool) error {
	o.log = a.stderr
	w, err := a.prepare(cmd, o)
	if err != nil {
		return err
	}
	if err := w.route(cmd.Context(), o); err != nil {
		return err
	}
	if err := w.assemble(cmd.Context()); err != nil {
		return err
	}
	rep, err := w.Pipeline.Sweep(cmd.Context(), all)
	if err != nil {
		return w.stopReason(context.WithoutCancel(cmd.Context()), err)
	}
	if rep.Begun, err = w.Pipeline.FillBackfills(cmd.Context()); err != nil {
		return w.stopReason(context.WithoutCancel(cmd.Context()), err)
	}
	return a.swept(rep)
}

// swept says what a sweep came to.
func (a *app) swept(r worker.SweepReport) error {
	if err := a.line(struct {
		Type string `json:"type"`
		worker.SweepReport
	}{"sweep", r}); err != nil {
		return err
	}
	if r.Unknown > 0 {
		if err := a.printf("%s of a newer program left alone\n", count(r.Unknown, "job")); err != nil {
			return err
		}
	}
	if r.Begun > 0 {
		if err := a.printf("%s of backfills taken up\n", count(r.Begun, "document")); err != nil {
			return err
		}
	}
	if r.Parsed > 0 {
		if err := a.printf("%s removed, kept long enough (keep.parsed)\n", count(r.Parsed, "parse result")); err != nil {
			return err
		}
	}
	return a.printf("%s open, %d looked at, %d closed, %d not moved on\nstaged objects: %d of jobs under way, %d of nobody removed\n",
		count(r.Open, "job"), r.Nudged, r.Closed, r.Failed, r.Staged, r.Orphans)
}
