package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr"
)

// indexVariable is where Kubernetes puts the number of an indexed Job's pod
// (kubernetes.io, "Indexed Job for Parallel Processing").
const indexVariable = "JOB_COMPLETION_INDEX"

// findShare finds where among how many this process begins. Kubernetes does not
// say how many there are.
func (r *runner) findShare() (err error) {
	r.of = r.o.shards
	text, ok := r.a.lookup(indexVariable)
	if !ok || text == "" {
		return nil
	}
	if r.share, err = strconv.Atoi(text); err != nil || r.share < 0 {
		return usage(indexVariable + " is no number from 0")
	}
	if r.of == 0 {
		r.of = -1
	}
	return nil
}

// shared reports whether what lies in the bucket is worked on as a backfill that
// others may share. Results for a folder of this machine are drawn by this
// process alone: another's would not come here. A backfill is of routes, and --parse-only
// has none.
func (r *runner) shared() bool {
	return (len(r.prefixes) > 0 || r.list != nil) && r.o.output == "" && !r.o.parse
}

// backfill begins the backfill, or joins it.
func (r *runner) backfill(ctx context.Context) error {
	if !r.shared() {
		return nil
	}
	if err := r.uploadBelow(ctx); err != nil {
		return err
	}
	plan := worker.BackfillPlan{
		Prefixes: r.prefixes, Since: r.age.at, Window: r.age.window, Limit: r.o.limit, Shares: r.o.shards,
		Name: r.o.backfill, Leave: r.o.noWait,
	}
	if r.list != nil {
		plan.Prefixes, plan.Keys = nil, r.keys(ctx)
		if r.list.dated {
			plan.Since, plan.Window = time.Time{}, 0
		}
	}
	b, err := r.Pipeline.StartBackfill(ctx, plan)
	r.filling = append(r.filling, b)
	r.total.Store(int64(b.Total))
	return err
}

// uploadBelow uploads the files that will lie below the prefixes: there they are
// documents of the backfill, and counted as such.
func (r *runner) uploadBelow(ctx context.Context) error {
	var others []document
	for _, d := range r.local {
		if !slices.ContainsFunc(r.prefixes, func(p string) bool { return worker.Under(d.key, p) }) {
			others = append(others, d)
		} else if _, _, err := r.upload(ctx, d); err != nil {
			return err
		}
	}
	r.local = others
	return nil
}

// countAll counts what the backfill has to do, for the display and for status.
func (r *runner) countAll(ctx context.Context) error {
	for _, b := range r.filling {
		n, err := r.Pipeline.CountBackfill(ctx, b.ID)
		if err != nil {
			return err
		}
		r.total.Store(int64(n))
	}
	return nil
}

// leave makes everything durable that was asked for and goes: whoever serves
// the buckets does the rest.
func (r *runner) leave(ctx context.Context) error {
	claimed, s := 0, worker.Summary{}
	for d, err := range limited(r.documents(ctx), r.o.limit) {
		if err != nil {
			return err
		}
		j, err := r.Pipeline.Put(ctx, d)
		if err != nil {
			if !unfit(err) {
				return err
			}
			s.Refused++
			r.done <- worker.Outcome{Kind: worker.OutcomeRefused, Document: zdr.NewName(d.Key), Code: worker.Code(explain(err).code)}
			continue
		}
		if claimed++; !j.State.Settled() {
			s.Open++
		}
		r.done <- worker.Outcome{Kind: "claimed", Document: zdr.NewName(d.Key), Job: j}
	}
	if err := r.countAll(ctx); err != nil {
		return err
	}
	if err := r.written(); err != nil {
		return err
	}
	return r.left(s, claimed)
}

// unfit reports whether a document, and nothing else, is why it has no job.
func unfit(err error) bool {
	c := explain(err).code
	return c == codeNoRoute || c == codeKeyTooLong || c == codeKeyRefused || classOf(c).exit == exitFailed
}

// left says what was left in the buckets.
func (r *runner) left(s worker.Summary, claimed int) error {
	refused := s.Refused + r.unfit
	r.a.exit = exitOf(refused, 0)
	line := map[string]any{
		"type": "summary", "claimed": claimed, "open": s.Open, "failed": refused, "skipped": r.skipCount(), "exit_code": r.a.exit,
	}
	text := fmt.Sprintf("%s claimed, %d of them done before", count(claimed, "document"), claimed-s.Open)
	for _, b := range r.filling {
		line["backfill"], line["total"] = b.ID, r.total.Load()
		text = fmt.Sprintf("backfill %s left in the bucket: %s", b.ID, count(int(r.total.Load()), "document"))
		if claimed > 0 {
			text += fmt.Sprintf("; %d claimed", claimed)
		}
	}
	if err := r.nameJobs(line); err != nil {
		return err
	}
	if err := r.a.say(line, "\n%s   %s\n", text, took(time.Since(r.began))); err != nil {
		return err
	}
	if err := r.a.printf("zdrworker serve does the rest; zdrworker wait waits for it, zdrworker status says how far it is\n"); err != nil {
		return err
	}
	return r.failed()
}
