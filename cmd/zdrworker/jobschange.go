package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

func newJobsRetry(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "retry " + jobArg, Short: "Try a failed or held job again; says whether it can be billed twice", Args: args(jobArg),
		Long: `Try a job again that failed, or that is held since nobody knows whether it was
billed.

` + jobArgHelp + `

A job that failed unbilled is tried again at once: if the next try succeeds it is
billed once. Where the document was billed, or may have been, this asks first,
and needs --yes where there is no terminal. The job is submitted by whichever
worker looks next.`,
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "try again even where that can bill the document twice ($ZDRWORKER_YES)")
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		return a.withJob(cmd, given[0], func(ctx context.Context, w *opened, j worker.Job) error { return a.jobsRetry(ctx, w, j, yes) })
	}
	return cmd
}

func (a *app) jobsRetry(ctx context.Context, w *opened, j worker.Job, yes bool) error {
	if err := retryable(j); err != nil {
		return err
	}
	if mayBillAgain(j) {
		if err := a.confirm(ctx, fmt.Sprintf("job %s: %s", shortRef(j.Ref), retryBills(j)), yes); err != nil {
			return err
		}
	}
	after, err := w.Pipeline.Retry(ctx, j.ID)
	if err != nil {
		return err
	}
	if after.Sealed() {
		return a.changed("retry", after, "its result stood already, so nothing is sent", "`zdrworker jobs show "+shortRef(j.Ref)+"` says where it is")
	}
	return a.changed("retry", after, retryBills(j), "submitted by whichever worker looks next: zdrworker run, or zdrworker sweep --once")
}

// retryable says what is in the way of another try.
func retryable(j worker.Job) error {
	switch {
	case j.State == worker.Held, j.Failed() && (j.State == worker.Closed || j.State == worker.Draining):
		return nil
	case j.Failed():
		return wrongState("the job has failed and what it staged is being removed", "`zdrworker sweep --once --all`, then try again")
	}
	return wrongState("the job did not fail, so there is nothing to try again", "`zdrworker jobs explain "+shortRef(j.Ref)+"` says what it waits for")
}

// mayBillAgain: the document was billed, or nobody can say that it was not.
func mayBillAgain(j worker.Job) bool { return j.State == worker.Held || j.Billed != "no" }

// retryBills says what another try can cost.
func retryBills(j worker.Job) string {
	switch {
	case j.State != worker.Held && j.Billed == "no":
		return "not billed so far; the next try is billed once if it succeeds"
	case j.Billed == "yes", j.Code == worker.CodeNotDelivered:
		return "billed before; another try is billed again"
	}
	return "it cannot be known whether it was billed; another try may be billed a second time"
}

func newJobsAbandon(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "abandon " + jobArg, Short: "Give a job up; the provider may still bill what it accepted", Args: args(jobArg),
		Long: `Give a job up: its document gets no result unless the job is tried again.

` + jobArgHelp + `

The provider has no cancel: what it accepted it goes on with and may bill, and
its result is thrown away. This asks first where that is so, and needs --yes
where there is no terminal. A job whose result stands already is not given up.`,
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "give up even where the provider may still bill ($ZDRWORKER_YES)")
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		return a.withJob(cmd, given[0], func(ctx context.Context, w *opened, j worker.Job) error { return a.jobsAbandon(ctx, w, j, yes) })
	}
	return cmd
}

func (a *app) jobsAbandon(ctx context.Context, w *opened, j worker.Job, yes bool) error {
	d, err := w.Pipeline.Explain(ctx, j.ID) // with its parse
	if err != nil {
		return err
	}
	if j = d.Job; !abandonable(j.State) {
		return wrongState("the job's outcome is settled or being settled", "`zdrworker jobs explain "+shortRef(j.Ref)+"` says what comes next")
	}
	if j.State != worker.Claimed {
		if err := a.confirm(ctx, fmt.Sprintf("job %s: %s", shortRef(j.Ref), abandonBills(j)), yes); err != nil {
			return err
		}
	}
	after, err := w.Pipeline.Abandon(ctx, j.ID)
	if err != nil {
		return err
	}
	return a.changed("abandon", after, abandonBills(j), "`zdrworker sweep --once` removes what is staged")
}

// abandonable are the states in which a job can be given up: before a result
// was chosen, and not while a lost answer is being settled.
func abandonable(s worker.State) bool {
	switch s {
	case worker.Claimed, worker.Submitting, worker.Submitted, worker.Held:
		return true
	}
	return false
}

// abandonBills says what a job that is given up can still cost.
func abandonBills(j worker.Job) string {
	switch j.State {
	case worker.Claimed:
		return abandonClaimed(j.Parse)
	case worker.Submitted:
		return "the provider accepted it and may still bill it"
	}
	return "the provider may have it and may bill it"
}

// abandonClaimed is about a job of which nothing was submitted but, perhaps, its
// document to be parsed: that is a job of its own, which others may share.
func abandonClaimed(parse *worker.JobParse) string {
	switch {
	case parse == nil || parse.State == "" && !parse.Ready || parse.State == worker.Claimed:
		return "nothing is at the provider, so nothing is billed"
	case parse.Ready || parse.State.Settled():
		return "nothing is at the provider, so nothing more than its parse is billed"
	}
	return "nothing is extracted; its parse goes on and may be billed (zdrworker jobs explain " + shortRef(parse.Ref) + ")"
}

// changed says what became of a job.
func (a *app) changed(did string, j worker.Job, bills, next string) error {
	line := a.jobLine(j)
	line["did"], line["billing"] = did, bills
	if err := a.line(line); err != nil {
		return err
	}
	return a.printf("job %s is %s: %s\nnext: %s\n", shortRef(j.Ref), j.State, bills, next)
}
