package main

// mostCredits bounds what this run spends: what its command says, else what the
// configuration does. 0: no bound.
func (r *runner) mostCredits() float64 {
	if r.o.credits > 0 {
		return r.o.credits
	}
	return r.config.Budget.CreditsPerRun
}
