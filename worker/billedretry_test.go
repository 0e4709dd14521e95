package worker_test

import (
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// What the provider refused, or says that it failed, was not billed, however
// often it is tried: a retry that ends in the same way is not said to have cost
// something, and costs no budget.
func TestARetryOfWhatCostNothingCostsNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		next func(f *floor)
		code worker.Code
	}{
		{"failed", func(f *floor) { f.provider.BreakNext(3, unbilled) }, worker.CodeProviderFailed},
		{"rejected", func(f *floor) { f.provider.FailNext(ade.OpCreate, 1, adetest.RequestFault{Status: 422}) }, worker.CodeProviderReject},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onBudget(t, worker.Budget{CreditsPerDay: 100}, func(t *testing.T, f *floor, p *worker.Pipeline) {
				id := putDocument(t, p, f.document("inbox", 1)).ID
				for range 2 {
					tt.next(f)
					if j := settle(t, p, id); j.Code != tt.code || j.Billed != "no" {
						t.Errorf("generation %d ended as %s, billed %s", j.Gen, j.Code, j.Billed)
					}
					if _, err := p.Retry(t.Context(), id); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := p.Abandon(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				if j := settle(t, p, id); j.Code != worker.CodeAbandoned || j.Billed != "no" {
					t.Errorf("generation %d was given up as %s, billed %s", j.Gen, j.Code, j.Billed)
				}
				if s := f.today(p); s.Spent != 0 || s.Reserved != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}
