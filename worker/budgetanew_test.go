package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// spend runs a backfill with a bound. It is no run that goes on for ever.
func (f *floor) spend(p *worker.Pipeline, o worker.BackfillPlan, most float64) (worker.Summary, error) {
	f.t.Helper()
	ctx, stop := context.WithTimeout(f.t.Context(), 6*time.Hour)
	defer stop()
	return p.Run(ctx, worker.RunOptions{Backfills: []worker.Backfill{f.begin(p, o)}, MaxCredits: most})
}

// A run whose last documents wait for budget ends and says so: what is left of a
// backfill is less than it could have under way.
func TestABackfillEndsWithItsBudget(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		const docs = 40
		f.lay("inbox", docs)
		plan := worker.BackfillPlan{Prefixes: []string{"inbox/"}}
		sum, err := f.spend(p, plan, 3*mostOf)
		wantCode(t, err, worker.CodeBudget)
		if sum.Sealed < 3 || sum.Sealed+sum.Open != docs {
			t.Errorf("%+v", sum)
		}
		if sum, err = f.spend(p, plan, 0); err != nil || sum.Sealed != docs {
			t.Errorf("without a bound: %+v, %v", sum, err)
		}
	})
}

// A backfill that is through begins anew when it is asked for again. What may be
// spent is then spent on it alone: what it cost before was another run's.
func TestABackfillAnewHasABudgetAnew(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		const docs, rounds = 10, 12 // each costs a tenth of what is reserved for it, or more
		plan, most := worker.BackfillPlan{Prefixes: []string{"inbox/"}}, docs*mostOf
		for round := range rounds {
			f.lay("inbox", (round+1)*docs)
			sum, err := f.spend(p, plan, most)
			if err != nil || sum.Sealed != docs || sum.Unchanged != round*docs {
				t.Fatalf("after %d rounds and %.1f credits of %.1f a round: %+v, %v", round, f.provider.Billed().Credits, most, sum, err)
			}
		}
	})
}
