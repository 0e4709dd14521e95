package worker_test

import (
	"testing"

	"github.com/zdrworker/zdrworker/worker"
)

// A backfill that somebody names was begun with other routes. Whoever joined it
// would be told that all is done, and nothing of the new route would be.
func TestANamedBackfillOfOtherRoutesIsNotJoined(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, more *worker.Pipeline) {
		f.lay("inbox", 3)
		f.lay("other", 2)
		one := f.pipelineWith(revision(1, ""))
		plan := worker.BackfillPlan{Prefixes: []string{"inbox/", "other/"}, Name: "night"}
		b := f.begin(one, plan)
		for _, when := range []string{"under way", "at its end"} {
			if _, err := more.StartBackfill(t.Context(), plan); err == nil {
				t.Errorf("%s: it was joined", when)
			} else {
				wantCode(t, err, worker.CodeRouteChanged)
			}
			_, err := more.Run(t.Context(), worker.RunOptions{Backfills: []worker.Backfill{b}})
			wantCode(t, err, worker.CodeRouteChanged)
			if sum, err := f.fill(one, plan, 0, 0); err != nil || sum.Sealed != 3 || sum.Skipped != 2 {
				t.Errorf("by those who began it: %+v, %v", sum, err)
			}
		}
		plan.Name = "the next night"
		if sum, err := f.fill(more, plan, 0, 0); err != nil || sum.Sealed != 2 || sum.Unchanged != 3 {
			t.Errorf("by another name: %+v, %v", sum, err)
		}
	})
}
