package worker_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// What does not fit into the queue while the bucket is being read for what did
// not fit before may lie before the place that was reached. It is not left to the
// sweep of the next hour.
func TestServeReadsAgainWhatSpiltMeanwhile(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipeline(worker.Limits{InFlight: 2}, nil), worker.ServeOptions{Queue: 6, Sweep: 24 * time.Hour})
		defer stop()
		time.Sleep(time.Minute) // the sweep at the start
		f.arrive("inbox", 12, s)
		var late atomic.Int32
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			err := do()
			if c.Op != memstore.List || !strings.HasPrefix(c.Key, "zdr/open/") {
				return err
			}
			if n := int(late.Add(1)); n <= 8 {
				for i := range 6 {
					_ = s.Arrived(f.t.Context(), f.document("inbox", 100*n+i))
				}
			}
			return err
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		if late.Load() < 8 || f.results() != 12+8*6 {
			t.Errorf("%d results after %d walks, want %d", f.results(), late.Load(), 12+8*6)
		}
	})
}
