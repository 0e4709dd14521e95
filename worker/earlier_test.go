package worker_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// revision is a route of the floor in one of its revisions.
func revision(n int, c worker.OnChange) worker.Routes {
	return worker.Routes{{Name: routeName, Prefix: "inbox/", Schema: simSchema, Revision: n, OnChange: c}}
}

// take lets workers of a revision serve until the documents have come to rest.
func (f *floor) take(routes worker.Routes, n int) {
	f.t.Helper()
	s, stop := f.serve(f.pipelineWith(routes), worker.ServeOptions{})
	f.arrive("inbox", n, s)
	time.Sleep(5 * time.Minute)
	stop()
}

func TestANewRevisionBillsOnlyWhatIsNew(t *testing.T) {
	for _, tt := range []struct {
		name  string
		next  worker.OnChange
		bills []int // after revision 1 of 3 documents, 2 of 5, 2 of 5 again, 3 of 5, 1 of 6
	}{
		{"by default", "", []int{3, 5, 5, 5, 6}},
		{"new documents", worker.OnChangeNew, []int{3, 5, 5, 5, 6}},
		{"all", worker.OnChangeAll, []int{3, 8, 8, 13, 16}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				for i, step := range []struct{ revision, documents int }{{1, 3}, {2, 5}, {2, 5}, {3, 5}, {1, 6}} {
					f.take(revision(step.revision, tt.next), step.documents)
					if got := len(f.accepts()); got != tt.bills[i] {
						t.Fatalf("step %d: %d jobs at the provider, want %d", i, got, tt.bills[i])
					}
				}
				if got := f.results(); got != 6 {
					t.Errorf("%d results, want 6", got)
				}
			})
		})
	}
}

func TestARevisionThatIsRefused(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.take(revision(1, worker.OnChangeRefuse), 2) // the first one is no change
		_, err := f.tryMake(worker.Limits{}, nil, revision(2, worker.OnChangeRefuse))
		fault, ok := errors.AsType[*worker.Fault](err)
		if !ok || fault.Code != worker.CodeRouteChanged || !strings.Contains(fault.Hint, "on_change") {
			t.Fatalf("New = %v, want route_changed that names on_change", err)
		}
		f.take(revision(2, worker.OnChangeNew), 2) // somebody decided
		f.take(revision(2, worker.OnChangeRefuse), 3)
		if got := len(f.accepts()); got != 3 {
			t.Errorf("%d jobs at the provider, want 3: two documents of revision 1, one of 2", got)
		}
	})
}
