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

// estimate says what the run would cost, as far as the first documents tell, and
// asks where that is over the configuration's threshold. A list of objects is a
// stream that can be read once, so nothing is said of it beforehand; nor of the
// bucket's prefixes where nobody would be asked, which takes requests.
func (r *runner) estimate(ctx context.Context) error {
	if r.list != nil || r.o.noWait || len(r.prefixes) > 0 && !r.asks() {
		return nil
	}
	most := surveyed
	if r.o.limit > 0 {
		most = min(most, r.o.limit)
	}
	var some []candidate
	more := false
	for c, err := range r.candidates(ctx) {
		if err != nil {
			return err
		}
		if more = len(some) == most; more {
			break
		}
		some = append(some, c)
	}
	r.undrawn()
	sum, err := r.forecast(ctx, some)
	if err != nil {
		return err
	}
	r.expect, r.atLeast = &sum, more && most != r.o.limit
	return r.affirm(sum.Credits())
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

// asks reports whether somebody is to be asked about much.
func (r *runner) asks() bool {
	return r.config.Budget.ConfirmOver > 0 && r.mostCredits() == 0 && !r.o.sandbox && !r.o.yes
}

// affirm asks a person about a run that costs much, unless it is bounded or
// nothing of it is real.
func (r *runner) affirm(c worker.Credits) error {
	over := r.config.Budget.ConfirmOver
	if !r.asks() || c.Likely <= over {
		return nil
	}
	err := r.a.confirm(fmt.Sprintf("%s, which is over budget.confirm_over (%s)", r.estimateText(c), credits(over)), false)
	if f, ok := errors.AsType[*failure](err); ok && f.hint == "" {
		f.hint = "see `zdrworker plan`; then --yes, or --max-credits N to spend no more"
	}
	return err
}

// estimateText is "208 extract jobs, about 940 credits ($9.40 at $0.01)".
func (r *runner) estimateText(c worker.Credits) string {
	f, text := r.expect, ""
	if f.Parses > 0 {
		text = count(f.Parses, "parse job") + ", "
	}
	if !r.o.parse {
		text += count(f.Extracts, "extract job") + ", "
	}
	if r.atLeast {
		text = "more than " + text
	}
	return fmt.Sprintf("%sabout %s credits ($%s at $%.2f)", text, credits(c.Likely), money(c.Likely*dollarACredit), dollarACredit)
}
