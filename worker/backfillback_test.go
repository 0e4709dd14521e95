package worker_test

import (
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// A backfill whose object a sweep removed just when it began anew goes on.
func TestBackfillIsPutBack(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 5)
		p := f.pipeline(worker.Limits{}, nil)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}})
		if err := f.server.Bucket(storeName).Remove(t.Context(), "zdr/control/backfill/"+b.ID+".json"); err != nil {
			t.Fatal(err)
		}
		if sum, err := p.Run(t.Context(), worker.RunOptions{Backfills: []worker.Backfill{b}}); err != nil || sum.Sealed != 5 {
			t.Errorf("Run = %+v, %v, want 5 sealed", sum, err)
		}
		f.once(5)
	})
}
