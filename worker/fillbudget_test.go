package worker_test

import (
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// A timer that takes up documents takes none that the budget has no room for:
// they stay in the backfill's one object.
func TestATimerLeavesWhatTheBudgetHasNoRoomFor(t *testing.T) {
	onBudget(t, worker.Budget{CreditsPerDay: 3 * mostOf}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		f.lay("inbox", 400)
		f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		for range 10 {
			if _, err := p.FillBackfills(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if _, err := p.Sweep(t.Context(), true); err != nil {
				t.Fatal(err)
			}
		}
		if jobs, sealed := f.count(storeName, "zdr/records/"), f.results(); sealed < 3 || jobs > sealed+20 {
			t.Errorf("%d jobs were made, of which %d are sealed", jobs, sealed)
		}
	})
}
