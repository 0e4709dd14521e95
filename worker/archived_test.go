package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// archive lets the store answer as S3 does for an object in an archive class,
// while on, for requests of one kind.
func (f *floor) archive(op memstore.Op, key string) (on *atomic.Bool) {
	on = new(atomic.Bool)
	on.Store(true)
	f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		if on.Load() && c.Op == op && (c.Key == key || op == memstore.Copy) {
			return &bucket.Error{Op: string(op), Class: bucket.ErrDenied, Code: "InvalidObjectState", Status: 403}
		}
		return do()
	})
	return on
}

// A document in an archive is no work now: its event is done with, and a backfill
// goes on behind it. Restored, it is a document like others.
func TestArchivedDocuments(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 4)
		p := f.pipeline(worker.Limits{}, nil)
		archived := worker.Document{Key: "inbox/0001.md"}
		on := f.archive(memstore.Get, archived.Key)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		s, stop := f.serve(p, worker.ServeOptions{})
		defer stop()
		if err := s.Arrived(t.Context(), archived); err != nil {
			t.Errorf("the event of an archived document is to come again: %v", err)
		}
		time.Sleep(5 * time.Minute)
		b, err := p.Backfill(t.Context(), b.ID)
		if n := b.Counts(); err != nil || n.Claimed != 3 || n.Refused != 1 || b.Ended.IsZero() || f.results() != 3 {
			t.Errorf("the backfill: %+v, %v, %d results", n, err, f.results())
		}
		on.Store(false)
		if err := s.Arrived(t.Context(), archived); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		f.once(4)
	})
}

// A document that is archived while its job waits fails, for want of it, and its
// job is taken up again when it is restored.
func TestArchivedWhileItWaits(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		on := f.archive(memstore.Copy, "")
		d := f.document("inbox", 1)
		s, stop := f.serve(p, worker.ServeOptions{})
		defer stop()
		if err := s.Arrived(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		time.Sleep(8 * time.Hour) // until everything of it is closed
		if f.count(storeName, "failures/") != 1 || f.results() != 0 {
			t.Errorf("%d failures, %d results, want one failure", f.count(storeName, "failures/"), f.results())
		}
		on.Store(false)
		if err := s.Arrived(t.Context(), d); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		f.once(1)
	})
}
