package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/zdrworker/zdrworker/worker"
)

// mostCredits bounds what this run spends: what its command says, else what the
// configuration does. 0: no bound.
func (r *runner) mostCredits() float64 {
	if r.o.credits > 0 {
		return r.o.credits
	}
	return r.config.Budget.CreditsPerRun
}

// bound is the most that one submission may cost, and what sets it; 0: nothing
// does. What costs more never begins.
func (r *runner) bound() (most float64, by string) {
	most, by = r.config.Budget.CreditsPerDay, "budget.credits_per_day"
	if run := r.mostCredits(); !r.o.noWait && run > 0 && (most <= 0 || run < most) {
		most, by = run, "budget.credits_per_run"
		if r.o.credits > 0 {
			by = "--max-credits"
		}
	}
	return most, by
}

// beyondText warns of documents that never begin; "" where there are none.
func (r *runner) beyondText(f worker.Forecast) string {
	if f.Beyond == 0 {
		return ""
	}
	most, by := r.bound()
	return fmt.Sprintf("%s would wait for ever: one submission may cost more than %s (%s); raise it, or split them", count(f.Beyond, "document"), by, setting(most))
}

// bounded: the run itself stops at a number of credits. One that leaves its work
// to others does not.
func (r *runner) bounded() bool { return r.mostCredits() > 0 && !r.o.noWait }

// asks reports whether somebody is to be asked about much.
func (r *runner) asks() bool {
	return r.config.Budget.ConfirmOver > 0 && !r.bounded() && !r.o.sandbox && !r.o.yes
}

// estimate says what the run would cost, and asks where that is over the
// configuration's threshold. Whoever joins a backfill of a name is not asked
// again: who began it was.
func (r *runner) estimate(ctx context.Context) error {
	joined, err := r.joins(ctx)
	if joined || err != nil {
		return err
	}
	sum, err := r.beforehand(ctx)
	if err != nil {
		return err
	}
	r.expect = &sum
	return r.affirm(ctx, sum.Credits())
}

// beforehand looks at the documents, and leaves everything so that the run draws
// them again from the start.
func (r *runner) beforehand(ctx context.Context) (sum worker.Forecast, err error) {
	if r.list != nil {
		r.list.keep(r.o.from)
	}
	if sum, err = r.expected(ctx); err != nil {
		return sum, err
	}
	r.undrawn()
	return sum, r.rewind(ctx)
}

// joins reports whether the run joins a backfill that others have begun.
func (r *runner) joins(ctx context.Context) (bool, error) {
	if !r.shared() {
		return false, nil
	}
	return r.Pipeline.JoinsBackfill(ctx, worker.BackfillPlan{Name: r.o.backfill, Leave: r.o.noWait})
}

// undrawn takes back what was booked as skipped while documents were drawn for
// the estimate: the run books it again.
func (r *runner) undrawn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for why := range r.skips {
		if r.skips[why] = r.found[why]; r.skips[why] == 0 {
			delete(r.skips, why)
		}
	}
}

// over reports whether somebody is to be asked about that much.
func (r *runner) over(c worker.Credits) bool {
	return r.asks() && c.Likely > r.config.Budget.ConfirmOver
}

// affirm asks a person about a run that costs much, unless it is bounded or
// nothing of it is real.
func (r *runner) affirm(ctx context.Context, c worker.Credits) error {
	if !r.over(c) {
		return nil
	}
	over := setting(r.config.Budget.ConfirmOver)
	err := r.a.confirm(ctx, fmt.Sprintf("%s, which is over budget.confirm_over (%s)", r.estimateText(*r.expect), over), false)
	if f, ok := errors.AsType[*failure](err); ok && f.hint == "" {
		f.hint = r.howToConfirm()
	}
	return err
}

// howToConfirm names the flags that let a run go on.
func (r *runner) howToConfirm() string {
	if r.o.noWait {
		return "see `zdrworker plan`; then --yes. Without --no-wait, --max-credits N spends no more; for who serves, budget.credits_per_day bounds it"
	}
	return "see `zdrworker plan`; then --yes, or --max-credits N to spend no more"
}

// estimateText is "208 extract jobs, about 940 credits ($9.40 at $0.01)".
func (r *runner) estimateText(f worker.Forecast) string {
	c, text := f.Credits(), ""
	if f.Parses > 0 {
		text = count(f.Parses, "parse job") + ", "
	}
	if !r.o.parse {
		text += count(f.Extracts, "extract job") + ", "
	}
	if r.atLeast {
		text = "more than " + text
	}
	text = fmt.Sprintf("%sabout %s credits ($%s at $%.2f)", text, credits(c.Likely), money(c.Likely*dollarACredit), dollarACredit)
	if f.LookedAt < f.Documents {
		text += fmt.Sprintf(", %s to %s, as %d of %d documents say that were looked at", credits(c.Low), credits(c.High), f.LookedAt, f.Documents)
	}
	return text
}
