package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

func newJobsShow(a *app) *cobra.Command {
	var content bool
	var page string
	cmd := &cobra.Command{
		Use: "show " + jobArg, Short: "Show a job: state, history, receipt, and with --content its result", Args: args(jobArg),
		Long: `Show what became of a job: its state and history, its submissions, what it cost
and where its result is.

` + jobArgHelp + `

--content adds the sealed result and what the provider said about the job in
words of its own, which can quote the document. Both go to a terminal, and
elsewhere only with --show-names.

--html FILE writes a page to look at in a browser: the fields, and the pages of
the document with a box where each field was found. It is complete in itself,
loads nothing, and only you can read it. It is content: remove it when you are
done.`,
	}
	cmd.Example = "  zdrworker jobs show 7f3c9a1e\n  zdrworker jobs show s3://acme-docs/inbox/a.pdf --content"
	cmd.Flags().BoolVar(&content, "content", false, "the sealed result and the provider's words too ($ZDRWORKER_CONTENT)")
	cmd.Flags().StringVar(&page, "html", "", "write a page with the fields and where they come from to this file ($ZDRWORKER_HTML)")
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		if content && !a.showNames() {
			return &failure{code: codeUsage, text: "--content is for a terminal", hint: "add --show-names where a file or another program is meant to have it"}
		}
		return a.withJob(cmd, given[0], func(ctx context.Context, w *opened, j worker.Job) error {
			if page != "" {
				return a.html(ctx, w, j, page)
			}
			if err := a.jobsShow(ctx, w, j); err != nil {
				return err
			}
			return a.content(ctx, w, j, content)
		})
	}
	return cmd
}

func (a *app) jobsShow(ctx context.Context, w *opened, j worker.Job) error {
	d, err := w.Pipeline.Explain(ctx, j.ID)
	if err != nil {
		return err
	}
	halt, err := w.Pipeline.Paused(ctx)
	if err != nil {
		return err
	}
	j = halted(j, halt)
	if a.json {
		return a.line(a.detailLine(j, d))
	}
	now := time.Now()
	state := string(j.State)
	if why := j.Waits(); why != worker.WaitNothing {
		state += ", waiting for " + string(why)
	}
	if err := a.fields(
		"job", j.Ref, "state", state,
		"route", fmt.Sprintf("%s revision %d   %s", j.Route, j.Revision, cut(d.Schema, 19)),
		"document", a.hidden(j.Document), "result", a.resultOf(j), "outcome", outcomeOf(j), "parse", parseOf(j),
		"receipt", receiptOf(d.Receipt), "attempts", attemptsOf(d.Attempts, now),
	); err != nil {
		return err
	}
	return a.history(j, now)
}

// fields prints names and values, without those that are empty.
func (a *app) fields(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if err := a.printf("%-10s%s\n", pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) history(j worker.Job, now time.Time) error {
	for i, h := range j.History {
		name := ""
		if i == 0 {
			name = "history"
		}
		line := fmt.Sprintf("%-10s%s  %-9s → %-10s %s", name, clock(h.At, now), h.Event, h.State, h.Code)
		if err := a.printf("%s\n", strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) resultOf(j worker.Job) string {
	if !j.Sealed() {
		return ""
	}
	return a.hidden(j.Result)
}

// outcomeOf is what came of a job, in a few words.
func outcomeOf(j worker.Job) string {
	switch {
	case j.Code != "" && j.FailedAt != "" && j.FailedAt != j.Step:
		return fmt.Sprintf("%s at step %s, billed: %s", j.Code, j.FailedAt, j.Billed)
	case j.Code != "" && j.Billed != "":
		return fmt.Sprintf("%s, billed: %s", j.Code, j.Billed)
	case j.Code != "":
		return string(j.Code)
	}
	return j.Status
}

func receiptOf(r *worker.Receipt) string {
	if r == nil {
		return ""
	}
	pages := ""
	if r.Pages > 0 {
		pages = count(r.Pages, "page") + ", "
	}
	text := pages + fmt.Sprintf("%s credits, %s at the provider, model %s", credits(r.Credits), took(r.Duration), r.Model)
	if r.Warnings > 0 {
		text += ", " + count(r.Warnings, "warning")
	}
	return text
}

// attemptsOf says how often the document was submitted and how long its URLs live.
func attemptsOf(all []worker.Attempt, now time.Time) string {
	if len(all) == 0 {
		return ""
	}
	posts, accepted := 0, 0
	var last time.Time
	for _, t := range all {
		posts += t.Tries
		if t.Accepted {
			accepted++
		}
		if t.Ends.After(last) {
			last = t.Ends
		}
	}
	text := fmt.Sprintf("%d, %s, %d accepted", len(all), count(posts, "request"), accepted)
	if !last.IsZero() {
		text += ", URLs end " + clock(last, now)
	}
	return text
}

// detailLine is a job as `jobs show --json` prints it.
func (a *app) detailLine(j worker.Job, d worker.Detail) map[string]any {
	line := a.jobLine(j)
	history := []map[string]any{}
	for _, h := range j.History {
		e := map[string]any{"at": second(h.At), "event": h.Event, "state": h.State, "attempt": h.Attempt}
		if h.Code != "" {
			e["code"] = h.Code
		}
		history = append(history, e)
	}
	line["history"], line["attempts"], line["schema"], line["bytes"] = history, len(d.Attempts), d.Schema, d.Size
	if !d.Ends.IsZero() {
		line["urls_end"] = d.Ends
	}
	if r := d.Receipt; r != nil {
		line["receipt"] = map[string]any{
			"credits": r.Credits, "duration_ms": r.Duration.Milliseconds(), "model": r.Model,
			"partial": r.Partial, "schema_violation": r.Violation, "warnings": r.Warnings,
		}
	}
	return line
}

// content prints what quotes the document: only where that was asked for.
func (a *app) content(ctx context.Context, w *opened, j worker.Job, wanted bool) error {
	if !wanted {
		return nil
	}
	said, err := w.Pipeline.Sayings(ctx, j.ID)
	if err != nil {
		return err
	}
	for _, s := range said {
		line := map[string]any{"type": "text", "kind": s.Kind, "generation": s.Gen, "text": s.Text.Reveal()}
		if err := a.say(line, "\n%s, in the provider's words:\n%s\n", s.Kind, printable(s.Text.Reveal())); err != nil {
			return err
		}
	}
	return a.resultContent(ctx, w, j, len(said))
}

func (a *app) resultContent(ctx context.Context, w *opened, j worker.Job, said int) error {
	switch {
	case !j.Sealed() && said == 0:
		return a.printf("\nno result and no words of the provider\n")
	case !j.Sealed():
		return nil
	case j.Result.IsZero():
		return wrongState("the job is closed and its record names nothing any more", "name its document instead: zdrworker jobs show s3://BUCKET/KEY --content")
	}
	body, err := w.Pipeline.OpenResult(ctx, j)
	if err != nil {
		return err
	}
	defer body.Close()
	if a.json {
		b, err := io.ReadAll(body)
		if err != nil || !json.Valid(b) {
			return errors.New("the result could not be read")
		}
		return a.line(map[string]any{"type": "result", "ref": j.Ref, "result": json.RawMessage(b)})
	}
	if err := a.printf("\n"); err != nil {
		return err
	}
	to := a.stdout
	if isTerminal(to) {
		to = &calmJSON{w: to}
	}
	if _, err := io.Copy(to, body); err != nil {
		return errors.New("the result could not be read")
	}
	return a.printf("\n")
}
