package worker_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

type slowKey struct{}

// A worker waits for a page of its lane's listing and cannot save meanwhile, so
// that another takes the lane over. It learns of that while it still waits, and
// goes on with what is left.
func TestLaneIsLostInTheMiddleOfAWalk(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 60)
		f.server.SetPageSize(10)
		p := f.pipeline(worker.Limits{}, nil)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}})
		var pages atomic.Int32
		var cut atomic.Bool
		f.server.Intercept(func(ctx context.Context, c memstore.Call, do func() error) error {
			switch slow := ctx.Value(slowKey{}) != nil; {
			case slow && c.Op == memstore.List && strings.HasPrefix(c.Key, "inbox/") && pages.Add(1) == 2:
				cut.Store(true)
				time.Sleep(2 * time.Minute)
				cut.Store(false)
			case slow && c.Op.Writes() && cut.Load() && time.Since(f.began) < 80*time.Second:
				return bucket.ErrUnavailable
			}
			return do()
		})
		var both sync.WaitGroup
		run := func(ctx context.Context, after time.Duration) {
			time.Sleep(after)
			if _, err := f.pipeline(worker.Limits{}, nil).Run(ctx, worker.RunOptions{Backfills: []worker.Backfill{b}}); err != nil {
				t.Error(err)
			}
		}
		both.Go(func() { run(context.WithValue(t.Context(), slowKey{}, true), 0) })
		both.Go(func() { run(t.Context(), 40*time.Second) })
		both.Wait()
		if pages.Load() < 2 || cut.Load() {
			t.Error("no page was waited for")
		}
		f.once(60)
	})
}
