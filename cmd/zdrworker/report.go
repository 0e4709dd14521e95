package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// announce says what is about to be done.
func (r *runner) announce() error {
	skipped := 0
	for _, n := range r.skips {
		skipped += n
	}
	if err := r.a.line(map[string]any{"type": "plan", "documents": len(r.local) + skipped, "prefixes": len(r.prefixes), "skipped": skipped}); err != nil {
		return err
	}
	c := r.config
	if err := r.a.printf("store     %s   provider %s   signatures live at most %s\n", r.a.name(c.Store), where(r), short(c.Signing.Lifetime)); err != nil {
		return err
	}
	found := count(len(r.local), "file")
	if len(r.prefixes) > 0 {
		found += ", " + count(len(r.prefixes), "prefix") + " to list"
	}
	for _, why := range sortedSkips(r.skips) {
		found += fmt.Sprintf(", %d skipped (%s)", r.skips[why], why)
	}
	return r.a.printf("found     %s\n", found)
}

// where says which provider it is: a stand-in is not to be taken for one.
func where(r *runner) string {
	if r.config.Policy.Development {
		return "stand-in (development: loopback only)"
	}
	return r.config.Provider.Region
}

// tell says what became of one document.
func (r *runner) tell(o worker.Outcome, at string) error {
	if !r.a.json {
		return nil
	}
	line := map[string]any{"type": "job", "state": string(o.Kind)}
	add := func(name string, value string) {
		if value != "" {
			line[name] = value
		}
	}
	add("ref", o.Job.Ref)
	add("status", o.Job.Status)
	add("code", string(o.Code))
	add("billed", o.Job.Billed)
	if o.Job.Sealed() {
		line["credits"] = o.Job.Credits
	}
	if r.a.showNames() {
		add("document", o.Document.Reveal())
		add("result", o.Job.Result.Reveal())
		add("output", at)
	}
	return r.a.line(line)
}

// summary is the end of a run: what came of it, what it cost, and what is left.
func (r *runner) summary(ctx context.Context, s worker.Summary, stopped error) error {
	// The summary is wanted above all when the run was interrupted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	staged, err := r.Pipeline.Staged(ctx)
	if err != nil && stopped == nil {
		return err
	}
	failed := s.Failed + s.Refused + r.local4
	skipped := s.Skipped
	for _, n := range r.skips {
		skipped += n
	}
	if stopped == nil {
		r.a.exit = exitOf(failed, s.Held)
	}
	totals := r.tally.Snapshot()
	if err := r.a.line(map[string]any{
		"type": "summary", "sealed": s.Sealed, "unchanged": s.Unchanged, "failed": failed, "held": s.Held, "skipped": skipped, "open": s.Open,
		"schema_violations": s.Violations, "staged_left": staged, "credits": s.Credits, "exit_code": r.exit(stopped),
		"provider": map[string]any{"requests": totals.RequestCount(), "content_bytes": totals.ContentBytes()},
	}); err != nil {
		return err
	}
	if err := r.a.printf("\n%s   %s   %.4g credits\n", tallyLine(s, failed, skipped), took(time.Since(r.began)), s.Credits); err != nil {
		return err
	}
	if err := r.a.printf("left staged: %d     content bytes at the provider: %d     provider requests: %d\n", staged, totals.ContentBytes(), totals.RequestCount()); err != nil {
		return err
	}
	return r.failed()
}

func (r *runner) exit(stopped error) int {
	if stopped != nil {
		return classOf(explain(stopped).code).exit
	}
	return r.a.exit
}

func exitOf(failed, held int) int {
	switch {
	case failed > 0:
		return exitFailed
	case held > 0:
		return exitWaiting
	}
	return exitOK
}

// tallyLine is "207 sealed (2 with schema violations), 3 unchanged, 1 failed".
func tallyLine(s worker.Summary, failed, skipped int) string {
	parts := []string{fmt.Sprintf("%d sealed", s.Sealed)}
	if s.Violations > 0 {
		parts[0] += fmt.Sprintf(" (%d with schema violations)", s.Violations)
	}
	for _, p := range []struct {
		n    int
		what string
	}{{s.Unchanged, "unchanged"}, {failed, "failed"}, {s.Held, "held"}, {skipped, "skipped"}, {s.Open, "still under way"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// maxTold is how many documents that failed are named in a summary.
const maxTold = 10

// failed says why documents failed, and what to do about each.
func (r *runner) failed() error {
	byCode := map[worker.Code][]worker.Outcome{}
	for _, o := range r.failures {
		byCode[o.Code] = append(byCode[o.Code], o)
	}
	codes := make([]worker.Code, 0, len(byCode))
	for c := range byCode {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	for _, c := range codes {
		all := byCode[c]
		k := classOf(code(c))
		if err := r.a.printf("\n%d %s: %s\n", len(all), c, k.meaning); err != nil {
			return err
		}
		for _, o := range all[:min(len(all), maxTold)] {
			if err := r.a.printf("  %s\n", r.a.whatToDo(o)); err != nil {
				return err
			}
		}
	}
	return nil
}

// whatToDo is the next command for a document that failed, or its name where
// there is no job.
func (a *app) whatToDo(o worker.Outcome) string {
	if o.Job.Ref == "" {
		return a.name(o.Document.Reveal())
	}
	return "zdrworker jobs show " + o.Job.Ref[:8]
}

// limited ends a sequence after n documents; 0 is all of them.
func limited(docs iter.Seq2[worker.Document, error], n int) iter.Seq2[worker.Document, error] {
	if n <= 0 {
		return docs
	}
	return func(yield func(worker.Document, error) bool) {
		left := n
		for d, err := range docs {
			if !yield(d, err) {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

// took is a duration as a person reads it: 850ms, 12.3s, 17m41s.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// short is a duration in hours and minutes: 6h00m.
func short(d time.Duration) string {
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
