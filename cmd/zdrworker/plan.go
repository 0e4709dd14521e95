package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/config"
)

func newPlan(a *app) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "plan [PATH]…", GroupID: groupRun, Short: "Say what a run would do and cost; nothing is asked of the provider or written", Args: args("[PATH]…"),
		Long: `Look at documents as run would: which would be submitted, which were done
before, which are skipped and why, what parsing and extraction would cost, and
how long the configured rates make it take at least.

The provider is asked nothing, and nothing is written to a bucket. A document is
read as far as it takes: its first bytes, and of a PDF what it takes to count the
pages. Of more than 1,000 documents that many are looked at, drawn at random, and
the rest is taken to be like them.

Credits are a range: pages of a PDF are counted, those of other files are guessed
by size, and how much text a page has is seen only when it was parsed. The high
end is what --max-credits and the budgets of the configuration reserve.

Local files need no bucket: without one nothing is known to have been done
before.`,
		Example: `  zdrworker plan ./inbox --schema invoice.json
  zdrworker plan s3://acme-docs/inbox/ --since 7d --json
  zdrworker plan --files-from s3://acme-lists/inventory/manifest.json`,
	}
	f := cmd.Flags()
	f.StringVar(&o.schema, "schema", "", "JSON Schema `file` of the fields to extract ($ZDRWORKER_SCHEMA)")
	f.StringVar(&o.route, "route", "", "`name` of the route that --schema makes; from the schema if empty ($ZDRWORKER_ROUTE)")
	f.StringVar(&o.prefix, "prefix", worker.UploadPrefix, "where in the store bucket local files would go ($ZDRWORKER_PREFIX)")
	f.StringVar(&o.from, "files-from", "", "`file` or s3:// object with more paths or objects; - is standard input ($ZDRWORKER_FILES_FROM)")
	f.StringVar(&o.since, "since", "", "only what was written since this `time`, or so long ago: 2026-11-23, 36h, 7d ($ZDRWORKER_SINCE)")
	f.IntVar(&o.limit, "limit", 0, "stop after so many documents; 0 is all ($ZDRWORKER_LIMIT)")
	f.BoolVar(&o.parse, "parse-only", false, "of making Markdown alone ($ZDRWORKER_PARSE_ONLY)")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error { return a.planCommand(cmd, paths, o) }
	return cmd
}

func (a *app) planCommand(cmd *cobra.Command, paths []string, o runOptions) error {
	if err := checkPrefix(o.prefix); err != nil {
		return err
	}
	since, err := parseAge(o.since)
	if err != nil {
		return err
	}
	switch {
	case o.from == "" && len(paths) == 0:
		return &failure{code: codeUsage, text: "plan needs PATH…", hint: "name files, folders or s3://bucket/prefix, or give --files-from"}
	case o.limit < 0:
		return usage("--limit: a number from 0 is wanted")
	}
	w, err := a.prepare(cmd, o.opening)
	if err != nil {
		return err
	}
	r := &runner{
		a: a, opened: w, o: o, prefix: o.prefix, began: time.Now(), age: since,
		skips: map[string]int{}, outs: map[string]string{}, isLocal: map[string]bool{}, progress: a.newProgress(), planning: true,
	}
	err = r.plan(cmd.Context(), paths)
	if r.closeList != nil {
		err = errors.Join(err, r.closeList())
	}
	return errors.Join(err, w.close())
}

func (r *runner) plan(ctx context.Context, paths []string) error {
	if err := r.subject(ctx); err != nil {
		return err
	}
	paths, err := r.pathsFrom(ctx, paths)
	if err != nil {
		return err
	}
	if err := r.find(ctx, paths); err != nil {
		return err
	}
	if err := r.openStore(ctx); err != nil {
		return err
	}
	sum, err := r.expected(ctx)
	if err != nil {
		return err
	}
	if err := r.a.line(r.planLine(sum)); err != nil {
		return err
	}
	if err := r.planText(sum); err != nil {
		return err
	}
	return r.a.printf("nothing was asked of the provider, and nothing was written\n")
}

// openStore opens the store bucket. Local files need none.
func (r *runner) openStore(ctx context.Context) error {
	if r.config.Store == "" && len(r.prefixes) == 0 && r.list == nil {
		return nil
	}
	if err := r.config.Require("store"); err != nil {
		return err
	}
	cfg, err := r.config.AWS(ctx)
	if err != nil {
		return err
	}
	r.Assembly = &config.Assembly{}
	r.Store, err = r.config.OpenStore(ctx, cfg)
	return err
}

// planLine is the JSON line of a plan.
func (r *runner) planLine(f worker.Forecast) map[string]any {
	refused := 0
	for _, n := range f.Refused {
		refused += n
	}
	skipped := r.skipCount() + refused + f.Older
	line := map[string]any{
		"type": "plan", "documents": f.Documents + r.skipCount(), "todo": f.ToDo, "under_way": f.UnderWay, "unchanged": f.Settled, "skipped": skipped,
		"credits_estimate": added(f.Credits().Likely), "credits": creditsLine(f.Credits()), "dollars": dollarsOf(f.Credits()), "looked_at": f.LookedAt,
		"parse":   map[string]any{"jobs": f.Parses, "reused": f.Reused, "pages": f.Pages, "documents_not_counted": f.Uncounted, "credits": creditsLine(f.Parse)},
		"extract": map[string]any{"jobs": f.Extracts, "credits": creditsLine(f.Extraction)},
		"skips":   r.skips, "refused": f.Refused, "older": f.Older, "earlier_revision": f.Earlier, "again": f.Again, "beyond_budget": f.Beyond,
	}
	if d := f.Time(worker.Limits(r.config.Provider.Limits)); d > 0 {
		line["least_s"] = d.Seconds()
	}
	return line
}

func creditsLine(c worker.Credits) map[string]float64 {
	return map[string]float64{"low": added(c.Low), "likely": added(c.Likely), "high": added(c.High)}
}

// dollarACredit is the list price (landing.ai/pricing, November 2026).
const dollarACredit = 0.01

func dollarsOf(c worker.Credits) map[string]float64 {
	return map[string]float64{"low": added(c.Low * dollarACredit), "likely": added(c.Likely * dollarACredit), "high": added(c.High * dollarACredit)}
}

// planText is a plan for a person.
func (r *runner) planText(f worker.Forecast) error {
	rows := [][2]string{{"documents", r.foundText(f)}}
	for _, why := range sortedSkips(r.skips) {
		rows = append(rows, [2]string{"", fmt.Sprintf("%d skipped: %s", r.skips[why], why)})
	}
	if f.Older > 0 {
		rows = append(rows, [2]string{"", fmt.Sprintf("%d skipped: older than --since", f.Older)})
	}
	rows = append(rows, refusals(f)...)
	if f.Parses+f.Reused > 0 {
		rows = append(rows, [2]string{"parse", parsesText(f)})
	}
	if !r.o.parse {
		rows = append(rows, [2]string{"extract", count(f.Extracts, "job") + ", " + rangeText(f.Extraction)})
	}
	rows = append(rows, [2]string{"total", rangeText(f.Credits()) + ": " + dollarsText(f.Credits())},
		[2]string{"time", r.timeText(f)})
	if text := r.beyondText(f); text != "" {
		rows = append(rows, [2]string{"warning", text})
	}
	if f.LookedAt < f.Documents {
		rows = append(rows, [2]string{"sample", fmt.Sprintf("%d of %d documents were looked at; the rest is taken to be like them", f.LookedAt, f.Documents)})
	}
	for _, row := range rows {
		if err := r.a.printf("%-9s  %s\n", row[0], row[1]); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) foundText(f worker.Forecast) string {
	text := fmt.Sprintf("%d: %d to do", f.Documents+r.skipCount(), f.ToDo)
	if f.UnderWay > 0 {
		text += fmt.Sprintf(" (%d under way already)", f.UnderWay)
	}
	if f.Again > 0 {
		text += fmt.Sprintf(" (%d once more: another revision of their route has answered them, and on_change is all)", f.Again)
	}
	text += fmt.Sprintf(", %d done before", f.Settled)
	if f.Earlier > 0 {
		text += fmt.Sprintf(" (%d by another revision of their route, which on_change leaves alone)", f.Earlier)
	}
	if r.Assembly == nil {
		text += " (no bucket was asked)"
	}
	return text
}

func refusals(f worker.Forecast) (rows [][2]string) {
	codes := make([]worker.Code, 0, len(f.Refused))
	for c := range f.Refused {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	for _, c := range codes {
		rows = append(rows, [2]string{"", fmt.Sprintf("%d skipped: %s: %s", f.Refused[c], c, classOf(code(c)).meaning)})
	}
	return rows
}

func parsesText(f worker.Forecast) string {
	text := count(f.Parses, "job") + ", " + count(f.Pages, "page")
	if f.Uncounted > 0 {
		text += fmt.Sprintf(" and %s of unknown pages", count(f.Uncounted, "document"))
	}
	if f.Reused > 0 {
		text += fmt.Sprintf(", %d parsed before", f.Reused)
	}
	return text + ", " + rangeText(f.Parse)
}

// rangeText is "about 940 credits (900 to 1200)".
func rangeText(c worker.Credits) string {
	if c.IsZero() {
		return "0 credits"
	}
	return fmt.Sprintf("about %s credits (%s to %s)", credits(c.Likely), credits(c.Low), credits(c.High))
}

func dollarsText(c worker.Credits) string {
	d := dollarsOf(c)
	return fmt.Sprintf("$%s ($%s to $%s) at $%.2f a credit", money(d["likely"]), money(d["low"]), money(d["high"]), dollarACredit)
}

func money(n float64) string { return strconv.FormatFloat(n, 'f', 2, 64) }

func (r *runner) timeText(f worker.Forecast) string {
	l := worker.Limits(r.config.Provider.Limits)
	var rates []string
	if l.ExtractJobsPerHour > 0 {
		rates = append(rates, fmt.Sprintf("%d extract jobs an hour", l.ExtractJobsPerHour))
	}
	if l.ParsePagesPerHour > 0 {
		rates = append(rates, fmt.Sprintf("%d pages an hour", l.ParsePagesPerHour))
	}
	if len(rates) == 0 {
		return "as fast as the provider takes it: no rate is configured (provider.limits)"
	}
	return "at least " + short(f.Time(l)) + " at " + strings.Join(rates, " and ")
}
