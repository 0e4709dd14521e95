package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

func newStatus(a *app) *cobra.Command {
	o := worker.StatusOptions{}
	cmd := &cobra.Command{
		Use: "status", GroupID: groupOperate, Short: "Say what the whole fleet is doing, from the buckets alone", Args: args(),
		Long: `Count the open jobs and the staged objects, and say whether anything keeps
documents from being submitted. No worker is asked, so it works with none.

States, reasons and routes come from reading jobs, and --reads bounds how many:
where more are open, they are those of a random sample, and the output says so.`,
		Example: "  zdrworker status\n  zdrworker status --json --reads 0",
	}
	cmd.Flags().IntVar(&o.Reads, "reads", 200, "how `many` jobs to read at most; 0 reads none ($ZDRWORKER_READS)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case o.Reads < 0:
			return usage("--reads: a number from 0 is wanted")
		case o.Reads == 0:
			o.Reads = -1
		}
		return a.withRecords(cmd, func(ctx context.Context, w *opened) error {
			s, err := w.Pipeline.Status(ctx, o)
			if err != nil {
				return err
			}
			limits := w.config.Provider.Limits
			if err := a.line(a.statusLine(s)); err != nil {
				return err
			}
			return a.statusText(s, worker.Limits(limits), time.Now())
		})
	}
	return cmd
}

// statusLine is the JSON line of a status.
func (a *app) statusLine(s worker.Status) map[string]any {
	line := map[string]any{
		"type": "status", "open": s.Open, "open_at_least": s.AtLeast, "read": s.Read, "sampled": s.Sampled(),
		"states": s.States, "waiting_for": named(s.Waiting), "routes": s.Routes,
		"newer_format": s.Newer, "beyond_budget": s.Beyond, "staged": s.Staged, "landed": s.Landed,
		"breaker": map[string]any{"open": s.Breaker.Open}, "paused": s.Pause.Any(), "budget": budgetLine(s.Budget),
	}
	for name, t := range map[string]time.Time{
		"oldest": s.Oldest, "staged_oldest": s.StagedOldest, "swept": s.Swept, "not_before": s.Pace.NotBefore, "paused_since": s.Pause.All,
	} {
		if !t.IsZero() {
			line[name] = t
		}
	}
	if len(s.Backfills) > 0 {
		all := []map[string]any{}
		for _, b := range s.Backfills {
			one := a.backfillLine(b, time.Now())
			delete(one, "type")
			all = append(all, one)
		}
		line["backfills"] = all
	}
	if s.Breaker.Open {
		line["breaker"] = map[string]any{"open": true, "reason": s.Breaker.Reason, "since": s.Breaker.Since}
	}
	if len(s.Pause.Routes) > 0 {
		line["paused_routes"] = s.Pause.Routes
	}
	return line
}

// named leaves out the jobs that wait for nothing.
func named(reasons map[worker.Reason]int) map[worker.Reason]int {
	out := maps.Clone(reasons)
	delete(out, worker.WaitNothing)
	return out
}

// statusText is a status for a person.
func (a *app) statusText(s worker.Status, l worker.Limits, now time.Time) error {
	rows := [][2]string{{"jobs", openText(s, now)}}
	if len(s.States) > 0 {
		text := tallyOf(s.States)
		if len(s.Routes) > 0 {
			text += " · " + tallyOf(s.Routes)
		}
		rows = append(rows, [2]string{sampleWord(s), text})
		if waits := named(s.Waiting); len(waits) > 0 {
			rows = append(rows, [2]string{"waiting for", tallyOf(waits)})
		}
	}
	if s.Newer > 0 {
		rows = append(rows, [2]string{"", count(s.Newer, "job") + " of a newer program, left alone"})
	}
	if s.Beyond > 0 {
		rows = append(rows, [2]string{"", count(s.Beyond, "job") + " never begun: one submission may cost more than a whole day's budget; zdrworker jobs explain"})
	}
	for _, b := range s.Backfills {
		rows = append(rows, [2]string{"backfill", b.ID + "  " + a.backfillText(b, now)})
	}
	rows = append(rows,
		[2]string{"staged", stagedText(s, now)},
		[2]string{"submitting", submittingText(s, now)},
		[2]string{"pace", paceText(s.Pace, l, now)},
		[2]string{"budget", budgetText(s.Budget, now)},
		[2]string{"swept", sweptText(s, now)})
	for _, r := range rows {
		if err := a.printf("%-11s  %s\n", r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

func openText(s worker.Status, now time.Time) string {
	text := count(s.Open, "job") + " open"
	if s.AtLeast {
		text = "at least " + text
	}
	if !s.Oldest.IsZero() {
		text += ", the oldest since " + clock(s.Oldest, now) + " (" + ago(now.Sub(s.Oldest)) + ")"
	}
	return text
}

// sampleWord says whether what follows is everything.
func sampleWord(s worker.Status) string {
	if s.Sampled() {
		return fmt.Sprintf("of %d read", s.Read)
	}
	return "of all"
}

// tallyOf lists counts, the largest first.
func tallyOf[K ~string](counts map[K]int) string {
	if len(counts) == 0 {
		return "none"
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(x, y K) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y))
	})
	var parts []string
	for _, k := range keys {
		parts = append(parts, fmt.Sprintf("%s %d", k, counts[k]))
	}
	return strings.Join(parts, ", ")
}

func stagedText(s worker.Status, now time.Time) string {
	text := count(s.Staged, "document")
	if !s.StagedOldest.IsZero() {
		text += ", the oldest since " + clock(s.StagedOldest, now) + " (" + ago(now.Sub(s.StagedOldest)) + ")"
	}
	return text + "; " + count(s.Landed, "result") + " in the exchange bucket"
}

// submittingText says whether documents are submitted, and what keeps them.
func submittingText(s worker.Status, now time.Time) string {
	switch {
	case s.Breaker.Open:
		return "no: " + breakerReason(s.Breaker) + ", since " + clock(s.Breaker.Since, now) + "; zdrworker breaker show"
	case s.Pause.Any():
		return pauseText(s.Pause, now)
	case now.Before(s.Pace.NotBefore):
		return "not before " + clock(s.Pace.NotBefore, now) + ": the provider asked to wait (429)"
	}
	return "yes"
}

func paceText(p worker.Pace, l worker.Limits, now time.Time) string {
	var parts []string
	if l.ExtractJobsPerHour > 0 {
		parts = append(parts, fmt.Sprintf("%d extract jobs an hour", l.ExtractJobsPerHour))
	}
	if l.InFlight > 0 {
		parts = append(parts, fmt.Sprintf("%d in flight", l.InFlight))
	}
	if len(parts) == 0 {
		parts = []string{"no limits"}
	}
	if n := p.Halved(now); n > 0 {
		parts = append(parts, fmt.Sprintf("slowed to 1/%d after a 429", 1<<n))
	}
	return strings.Join(parts, ", ")
}

func sweptText(s worker.Status, now time.Time) string {
	text := "never"
	if !s.Swept.IsZero() {
		text = clock(s.Swept, now) + " (" + ago(now.Sub(s.Swept)) + ")"
	}
	if s.Sweeper.Holder != "" && now.Before(s.Sweeper.Until) {
		text += ", by the worker " + s.Sweeper.Holder
	}
	return text
}
