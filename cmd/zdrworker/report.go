package main

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// announce says what is about to be done.
func (r *runner) announce() error {
	skipped := r.skipCount()
	line := map[string]any{"type": "plan", "documents": len(r.local) + skipped, "prefixes": len(r.prefixes), "skipped": skipped, "dry_run": false}
	if r.expect != nil {
		line["credits_estimate"], line["credits"], line["at_least"] = added(r.expect.Credits().Likely), creditsLine(r.expect.Credits()), r.atLeast
		line["documents"] = r.expect.Documents + skipped // those in the bucket too
		line["todo"], line["unchanged"], line["looked_at"] = r.expect.ToDo, r.expect.Settled, r.expect.LookedAt
		line["beyond_budget"] = r.expect.Beyond
	}
	if err := r.a.line(line); err != nil {
		return err
	}
	found := count(len(r.local), "file")
	if n := len(r.prefixes); n > 0 {
		found += fmt.Sprintf(", and what lies below %d of the bucket's prefixes", n)
	} else if r.list != nil {
		found += ", and the objects of a list"
	}
	for _, b := range r.filling {
		if b.Counted {
			found += ": " + count(b.Total, "document")
		}
	}
	if err := r.tellFound(found); err != nil || r.expect == nil {
		return err
	}
	if err := r.a.printf("estimate  %s\n", r.estimateText(*r.expect)); err != nil {
		return err
	}
	if text := r.beyondText(*r.expect); text != "" {
		return r.a.printf("warning   %s\n", text)
	}
	return nil
}

// tellFound says where everything is, what was found and what is left out.
func (r *runner) tellFound(found string) error {
	c := r.config
	if err := r.a.printf("store     %s   provider %s   signatures live at most %s\n", r.a.name(c.Store), where(r), short(c.Signing.Lifetime)); err != nil {
		return err
	}
	for _, why := range sortedSkips(r.skips) {
		found += fmt.Sprintf(", %d skipped (%s)", r.skips[why], why)
	}
	return r.a.printf("found     %s\n", found)
}

func (r *runner) skipCount() (n int) {
	for _, k := range r.skips {
		n += k
	}
	return n
}

// wouldDo is a run that does nothing: it says what it found, and what that would
// cost, as plan does.
func (r *runner) wouldDo(ctx context.Context) error {
	if err := r.openStore(ctx); err != nil {
		return err
	}
	r.planning = true
	sum, err := r.expected(ctx)
	if err != nil {
		return err
	}
	line := r.planLine(sum)
	line["dry_run"], line["prefixes"], line["asks"] = true, len(r.prefixes), r.over(sum.Credits())
	if err := r.a.line(line); err != nil {
		return err
	}
	found := count(len(r.local), "file")
	if len(r.prefixes) > 0 || r.list != nil {
		found += ", " + count(max(sum.Documents-len(r.local), 0), "object")
	}
	if err := r.tellFound(found); err != nil {
		return err
	}
	if err := r.planText(sum); err != nil {
		return err
	}
	if r.over(sum.Credits()) {
		if err := r.a.printf("asks       it would: over budget.confirm_over (%s); %s\n", credits(r.config.Budget.ConfirmOver), r.howToConfirm()); err != nil {
			return err
		}
	}
	return r.a.printf("nothing was uploaded or submitted (--dry-run)\n")
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
		if o.Job.Parse != nil {
			line["parse"] = parseLine(o.Job.Parse)
		}
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
	failed := s.Failed + s.Refused + r.unfit
	skipped := s.Skipped + r.skipCount()
	if stopped == nil {
		r.a.exit = exitOf(failed, s.Held)
	}
	totals := r.tally.Snapshot()
	line := map[string]any{
		"type": "summary", "sealed": s.Sealed, "unchanged": s.Unchanged, "failed": failed, "held": s.Held, "skipped": skipped, "open": s.Open,
		"schema_violations": s.Violations, "unreadable": s.Unread, "staged_left": staged, "credits": added(s.Credits), "exit_code": r.exit(stopped),
		"provider": map[string]any{"requests": totals.RequestCount(), "content_bytes": totals.ContentBytes()},
	}
	if err := r.nameJobs(line); err != nil {
		return err
	}
	if err := r.a.line(line); err != nil {
		return err
	}
	if err := r.a.printf("\n%s   %s   %s credits\n", tallyLine(s, failed, skipped), took(time.Since(r.began)), credits(s.Credits)); err != nil {
		return err
	}
	if err := r.a.unread(s.Unread); err != nil {
		return err
	}
	if err := r.a.printf("left staged: %d     content bytes at the provider: %d     provider requests: %d\n", staged, totals.ContentBytes(), totals.RequestCount()); err != nil {
		return err
	}
	return r.failed()
}

// unread says that documents could not be read, whoever tried, and what to do.
func (a *app) unread(n int) error {
	if n == 0 {
		return nil
	}
	return a.printf("%s could not be read: %s\n", count(n, "document"), classOf(codeUnread).hint)
}

// nameJobs adds the jobs of this process to a summary.
func (r *runner) nameJobs(line map[string]any) error {
	_ = r.written() // what could not be written was told of by the work
	at, err := r.refs.close()
	if err != nil {
		return &failure{code: codeFile, text: "the list of the jobs could not be written to the output folder", cause: err}
	}
	line["jobs"] = append([]string{}, r.refs.first...)
	if at != "" {
		line["jobs_file"] = at
	}
	return nil
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
	sealed := "sealed"
	if s.Violations > 0 {
		sealed += fmt.Sprintf(" (%d with schema violations)", s.Violations)
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{s.Sealed, sealed}, {s.Unchanged, "unchanged"}, {failed, "failed"}, {s.Held, "held"}, {skipped, "skipped"}, {s.Open, "left for the next run"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if len(parts) == 0 {
		return "nothing done"
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
	return "zdrworker jobs explain " + shortRef(o.Job.Ref)
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

// credits is a number of the provider's units: 0, 4.6, 940.
func credits(n float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(n, 'f', 1, 64), ".0")
}

// setting is a number of credits as it was set: a bound is said without rounding.
func setting(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// added is a sum without the dust of its additions: 1.7, not 1.7000000000000002.
func added(n float64) float64 { return math.Round(n*1e6) / 1e6 }

// short is a duration in hours and minutes: 6h00m.
func short(d time.Duration) string {
	if d < time.Hour {
		return took(d)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
