package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

func newBackfill(a *app) *cobra.Command {
	return parent("backfill", groupOperate, "See how far backfills are, pause one or let it go on",
		newBackfillList(a), newBackfillPause(a), newBackfillResume(a))
}

func newBackfillList(a *app) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List backfills: what each has done, how fast, and when it will be through", Args: args(),
		Long: `A backfill is what zdrworker run makes of a prefix or a list of objects: one
object in the store bucket that says how far it is. Its documents become jobs as
slots come free; live events go first.`,
		Example: "  zdrworker backfill list\n  zdrworker backfill list --all --json",
	}
	cmd.Flags().BoolVar(&all, "all", false, "those that have ended too ($ZDRWORKER_ALL)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.withRecords(cmd, func(ctx context.Context, w *opened) error { return a.backfillList(ctx, w, all) })
	}
	return cmd
}

func (a *app) backfillList(ctx context.Context, w *opened, all bool) error {
	found, err := w.Pipeline.Backfills(ctx)
	if err != nil {
		return err
	}
	told, now := 0, time.Now()
	for _, b := range found {
		if !b.Ended.IsZero() && !all {
			continue
		}
		told++
		if err := a.say(a.backfillLine(b, now), "%s  %s\n", b.ID, a.backfillText(b, now)); err != nil {
			return err
		}
	}
	if told == 0 {
		return a.printf("no backfill is under way\n")
	}
	return nil
}

func newBackfillPause(a *app) *cobra.Command {
	return a.backfillChange("pause", "Claim no more of a backfill's documents",
		`Claim no more of a backfill's documents until zdrworker backfill resume. Those
that are claimed go on. A zdrworker run that waits for it ends with exit code 5
and tells how far it came.`, (*worker.Pipeline).PauseBackfill)
}

func newBackfillResume(a *app) *cobra.Command {
	return a.backfillChange("resume", "Let a backfill go on that was paused",
		`End the pause of a backfill. Workers that serve take it up from where it stands,
unless it was begun with --max-credits; so does the zdrworker run that began it,
given again.`, (*worker.Pipeline).ResumeBackfill)
}

func (a *app) backfillChange(use, short, long string, do func(*worker.Pipeline, context.Context, string) (worker.Backfill, error)) *cobra.Command {
	return &cobra.Command{
		Use: use + " ID", Short: short, Long: long, Args: args("ID"), Example: "  zdrworker backfill " + use + " 5f0c2a9b1d7e4c38",
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.withRecords(cmd, func(ctx context.Context, w *opened) error {
				b, err := do(w.Pipeline, ctx, given[0])
				if err != nil {
					return err
				}
				now := time.Now()
				return a.say(a.backfillLine(b, now), "%s  %s\n", b.ID, a.backfillText(b, now))
			})
		},
	}
}

// backfillLine is a backfill as a JSON line.
func (a *app) backfillLine(b worker.Backfill, now time.Time) map[string]any {
	sum := b.Counts()
	line := map[string]any{
		"type": "backfill", "id": b.ID, "began_at": second(b.Begun), "done": sum.Done(), "sealed": sum.Sealed, "unchanged": sum.Unchanged,
		"failed": sum.Failed + sum.Refused, "unreadable": sum.Unread, "held": sum.Held, "claimed": sum.Claimed, "skipped": sum.Skipped, "credits": added(sum.Credits),
		"paused": !b.Paused.IsZero(), "routes": b.Routes, "lanes": len(b.Lanes), "left": b.Left, "bounded": b.Bounded,
	}
	if b.Counted {
		line["total"] = b.Total
	}
	if rate := b.PerHour(now); rate > 0 && b.Ended.IsZero() {
		line["per_hour"] = rate
	}
	for name, t := range map[string]time.Time{
		"ended_at": b.Ended, "paused_since": b.Paused, "expected_end": b.Expected(now), "since": b.Since,
	} {
		if !t.IsZero() {
			line[name] = t
		}
	}
	if a.showNames() && len(b.Prefixes) > 0 {
		line["prefixes"] = b.Prefixes
	}
	return line
}

// backfillText says how far a backfill is: "12,000 of 1,000,000 …".
func (a *app) backfillText(b worker.Backfill, now time.Time) string {
	sum := b.Counts()
	text := fmt.Sprintf("%d done", sum.Done())
	if b.Counted {
		text = fmt.Sprintf("%d of %s", sum.Done(), count(b.Total, "document"))
	}
	for _, part := range []struct {
		n    int
		what string
	}{{sum.Sealed, "sealed"}, {sum.Unchanged, "unchanged"}, {sum.Claimed, "claimed"}, {sum.Held, "held"}, {sum.Failed + sum.Refused, "failed"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	if sum.Unread > 0 {
		text += fmt.Sprintf(" (%d could not be read: zdrworker help errors, %s)", sum.Unread, codeUnread)
	}
	return text + " · " + a.backfillOutlook(b, now)
}

func (a *app) backfillOutlook(b worker.Backfill, now time.Time) string {
	switch {
	case !b.Ended.IsZero():
		return "ended " + clock(b.Ended, now) + " after " + took(max(b.Ended.Sub(second(b.Begun)), 0))
	case !b.Paused.IsZero():
		return "paused since " + clock(b.Paused, now) + "; zdrworker backfill resume " + b.ID
	}
	text := "since " + clock(b.Begun, now)
	if rate := b.PerHour(now); rate > 0 {
		text = fmt.Sprintf("%.0f an hour", rate)
	}
	if end := b.Expected(now); !end.IsZero() {
		text += ", about " + roughly(end.Sub(now)) + " left, until " + clock(end, now)
	}
	if b.Bounded {
		text += "; bounded, so only zdrworker run goes on with it"
	}
	return text
}
