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
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// A sweeper whose lease could not be renewed once, because the store was away
// for a moment, is not new on duty: it does not read every open job again.
func TestSweeperSurvivesAHiccup(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		if _, err := p.Pause(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		s, stop := f.serve(p, worker.ServeOptions{})
		defer stop()
		f.arrive("inbox", 50, s)
		time.Sleep(4 * time.Minute) // past the first of the ages, long before the second
		synctest.Wait()
		var failed, reads atomic.Int32
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Key == worker.DutyKey && failed.Add(1) <= 2 {
				return bucket.ErrUnavailable
			}
			if c.Op == memstore.Get && strings.HasPrefix(c.Key, "zdr/records/") {
				reads.Add(1)
			}
			return do()
		})
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		if failed.Load() < 3 || reads.Load() != 0 {
			t.Errorf("%d records were read after the lease failed; it was asked for %d times", reads.Load(), failed.Load())
		}
	})
}
