package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr"
)

func newJobs(a *app) *cobra.Command {
	return parent("jobs", groupOperate, "See jobs, say why one waits, try one again or give it up",
		newJobsList(a), newJobsShow(a), newJobsExplain(a), newJobsRetry(a), newJobsAbandon(a))
}

// jobArg is what names a job on the command line.
const jobArg = "REF|KEY"

const jobArgHelp = `A job is named by the first 8 or more digits of its ref, or by its document: a
key of the store bucket, or s3://bucket/key.`

// withRecords opens the buckets for a command that reads and changes jobs and
// asks the provider nothing: no API key and no schema are needed.
func (a *app) withRecords(cmd *cobra.Command, do func(context.Context, *opened) error) error {
	w, err := a.prepare(cmd, opening{log: a.stderr})
	if err != nil {
		return err
	}
	w.extras.RecordsOnly = true
	if err := w.assemble(cmd.Context()); err != nil {
		return err
	}
	return do(cmd.Context(), w)
}

// withJob does something with the job that was named.
func (a *app) withJob(cmd *cobra.Command, named string, do func(context.Context, *opened, worker.Job) error) error {
	return a.withRecords(cmd, func(ctx context.Context, w *opened) error {
		j, err := w.job(ctx, named)
		if err != nil {
			return err
		}
		return do(ctx, w, j)
	})
}

// job finds what a person named: a ref, or a document.
func (w *opened) job(ctx context.Context, named string) (worker.Job, error) {
	key, isURL := strings.CutPrefix(named, strings.TrimSuffix(w.config.Store, "/")+"/")
	if !isURL && strings.HasPrefix(named, "s3://") {
		return worker.Job{}, &failure{code: codeUsage, text: "the document is not in the store bucket", hint: "set --store to the bucket of the document"}
	}
	if !isURL && plainRef(named) {
		return w.Pipeline.Find(ctx, named)
	}
	return w.Pipeline.FindDocument(ctx, key, w.shells())
}

// shells are the configured routes without their schemas: enough to say where
// results go.
func (w *opened) shells() worker.Routes {
	var out worker.Routes
	for _, r := range w.config.Routes {
		out = append(out, worker.Route{Name: r.Name, Prefix: r.Prefix, Suffixes: r.Suffix, Revision: r.Revision})
	}
	return out
}

// plainRef says whether something is a ref or its beginning: 8 to 36 of 0-9
// and a-f.
func plainRef(s string) bool {
	return len(s) >= 8 && len(s) <= 36 && strings.Trim(s, "0123456789abcdef") == ""
}

// shortRef is what a person types.
func shortRef(ref string) string { return ref[:min(len(ref), 8)] }

// halted says of a job that a pause is what it waits for.
func halted(j worker.Job, halt worker.Pause) worker.Job {
	if halt.Stops(j) {
		j.WaitingFor = worker.WaitPaused
	}
	return j
}

// jobLine is a job as a JSON line.
func (a *app) jobLine(j worker.Job) map[string]any {
	line := map[string]any{
		"type": "job", "ref": j.Ref, "state": j.State, "step": j.Step, "route": j.Route, "revision": j.Revision,
		"generation": j.Gen, "attempt": j.Attempt, "claimed_at": second(j.Claimed), "updated_at": j.Updated,
	}
	add := func(name, value string) {
		if value != "" {
			line[name] = value
		}
	}
	add("waiting_for", string(j.Waits()))
	add("status", j.Status)
	add("model", j.Model)
	add("code", string(j.Code))
	add("billed", j.Billed)
	if j.Sealed() {
		line["credits"] = j.Credits
	}
	add("failed_step", j.FailedAt)
	if j.Parse != nil {
		line["parse"] = parseLine(j.Parse)
	}
	if !j.Until.IsZero() {
		line["until"] = j.Until
	}
	if a.showNames() {
		add("document", j.Document.Reveal())
		add("result", j.Result.Reveal())
	}
	return line
}

// second leaves of a time what the store's clock says, by which the others are:
// a change must not look older than the claim before it.
func second(t time.Time) time.Time { return t.Truncate(time.Second) }

// title is the first line about a job.
func title(j worker.Job) string {
	return fmt.Sprintf("job %s   route %s revision %d   step %s, attempt %d", shortRef(j.Ref), j.Route, j.Revision, j.Step, j.Attempt)
}

// clock is a time of day, with the day where it is another one.
func clock(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04:05Z")
	}
	return t.Format("2006-01-02 15:04:05Z")
}

// ago is how long something lasts, as a person reads it.
func ago(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	if d < 2*time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	if d < 48*time.Hour {
		return roughly(d)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// firstOf is the first error of several things that are done in any case: what
// is to happen only after another has worked is a statement of its own.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// hidden is a name, or that there is none any more.
func (a *app) hidden(n zdr.Name) string {
	if n.IsZero() {
		return "(not kept: the job is closed)"
	}
	return a.name(n.Reveal())
}

// wrongState says why a command cannot do what it was asked for.
func wrongState(text, hint string) error {
	return &failure{code: codeWrongState, text: text, hint: hint}
}
