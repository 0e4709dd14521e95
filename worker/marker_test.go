package worker_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// An open job keeps its marker, however old, while its record cannot be read: a
// sweep that took it away would leave the job to nobody (I6).
func TestMarkerOfAnUnreadableRecordStays(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		if _, err := p.Pause(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Put(t.Context(), f.document("inbox", 1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * 24 * time.Hour)
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.Get && strings.HasPrefix(c.Key, "zdr/records/") {
				return bucket.ErrUnavailable
			}
			return do()
		})
		if _, err := p.Sweep(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		f.server.Intercept(nil)
		if n := f.count(storeName, "zdr/open/"); n != 1 {
			t.Fatalf("%d markers are left, want one", n)
		}
		if _, err := p.Resume(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		f.sweepAfter(p, time.Hour)
		if _, err := p.Sweep(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if j := f.onlyRecord(); j.State == worker.Claimed {
			t.Errorf("the job is %s still", j.State)
		}
	})
}
