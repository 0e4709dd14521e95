package worker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// TestServeEndsAfterAPanicInAClaim: who takes in a document and panics, in the
// store for example, holds up nobody who leaves.
func TestServeEndsAfterAPanicInAClaim(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipeline(worker.Limits{ExtractJobsPerHour: 180}, nil), worker.ServeOptions{})
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.Copy {
				panic("in a claim")
			}
			return do()
		})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic: the document was not taken in and staged in one go")
				}
			}()
			_ = s.Arrived(t.Context(), f.document("inbox", 1))
		}()
		f.server.Intercept(nil)
		ended := make(chan struct{})
		go func() { stop(); close(ended) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Fatal("an hour after it was told to, the worker has not left")
		}
	})
}

// TestReadyWhateverTheAskerDoes: an asker who hangs up leaves no wrong answer
// behind for the next.
func TestReadyWhateverTheAskerDoes(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		defer stop()
		gone, hangUp := context.WithCancel(t.Context())
		hangUp()
		s.Ready(gone)
		if c := s.Ready(t.Context()); c != "" {
			t.Errorf("not ready after somebody hung up: %s", c)
		}
	})
}
