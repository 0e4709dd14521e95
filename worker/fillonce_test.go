package worker_test

import (
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// A timer that sweeps brings a backfill home that was left in the bucket, as
// many documents at a time as there are slots.
func TestFillBackfills(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 250)
		p := f.pipeline(worker.Limits{}, nil)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true, Shares: 2})
		var begun []int
		for range 8 {
			n, err := p.FillBackfills(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			begun = append(begun, n)
			time.Sleep(15 * time.Second)
			if _, err := p.Sweep(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			time.Sleep(45 * time.Second)
		}
		if begun[0] != 100 || begun[1] != 100 || begun[2] != 50 || begun[3] != 0 {
			t.Errorf("took up %v, want 100, 100, 50 and none more", begun)
		}
		f.once(250)
		if b, err := p.Backfill(t.Context(), b.ID); err != nil || b.Ended.IsZero() {
			t.Errorf("got %+v, %v", b, err)
		}
	})
}
