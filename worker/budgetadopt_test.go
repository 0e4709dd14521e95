package worker_test

import (
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// A run of a backfill is told to spend no more than so much, and ends there. The
// rest waits for whoever raises that: workers that serve do not take it up, nor
// does a timer.
func TestWhatIsBoundedIsNotTakenUpByOthers(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		const docs = 400
		f.lay("inbox", docs)
		plan := worker.BackfillPlan{Prefixes: []string{"inbox/"}}
		_, err := f.spend(p, plan, 3*mostOf)
		wantCode(t, err, worker.CodeBudget)
		before := f.count(storeName, "zdr/records/")
		_, stop := f.serve(p, worker.ServeOptions{})
		time.Sleep(time.Hour)
		stop()
		if _, err := p.FillBackfills(t.Context()); err != nil {
			t.Error(err)
		}
		if after := f.count(storeName, "zdr/records/"); before < 3 || after != before || after == docs {
			t.Errorf("%d jobs at the end of the run, %d an hour later", before, after)
		}
		if sum, err := f.spend(p, plan, 0); err != nil || sum.Sealed != docs { // somebody has chosen
			t.Errorf("without a bound: %+v, %v", sum, err)
		}
	})
}
