package worker_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// asked counts what the provider was asked: jobs made, jobs asked for, pages of
// its list.
func (f *floor) asked() (made, single, pages int) {
	for _, r := range f.provider.Account().Requests {
		switch r.Operation {
		case adetest.OpCreate:
			made++
		case adetest.OpGet:
			single++
		case adetest.OpList:
			pages++
		}
	}
	return made, single, pages
}

// run brings n documents to their end with one Run.
func (f *floor) run(n int) {
	f.t.Helper()
	var docs []worker.Document
	for i := range n {
		docs = append(docs, f.document("inbox", i))
	}
	all := func(yield func(worker.Document, error) bool) {
		for d := range slices.Values(docs) {
			if !yield(d, nil) {
				return
			}
		}
	}
	sum, err := f.pipeline(worker.Limits{}, nil).Run(f.t.Context(), worker.RunOptions{Documents: iter.Seq2[worker.Document, error](all)})
	if err != nil || sum.Sealed != n {
		f.t.Fatalf("%d of %d were sealed: %v", sum.Sealed, n, err)
	}
}

// What a fleet asks the provider for while jobs wait, however it waits: nothing
// for each, two pages of its list for all now and then, and one look at each job
// that has ended.
func TestWaitingAsksNothingOfEach(t *testing.T) {
	const docs = 60
	tests := []struct {
		name  string
		fails bool
		do    func(*floor)
	}{
		{"a worker that serves", false, func(f *floor) { f.serveFor(docs, 7*time.Minute) }},
		{"a worker that serves, and jobs that fail", true, func(f *floor) { f.serveFor(docs, 22*time.Minute) }},
		{"a run", false, func(f *floor) { f.run(docs) }},
		{"a run, and jobs that fail", true, func(f *floor) { f.run(docs) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: 6 * time.Minute}}, func(t *testing.T, f *floor) {
				jobs := docs
				if tt.fails {
					f.provider.BreakNext(docs, adetest.JobFault{End: adetest.EndFailed})
					jobs = 2 * docs
				}
				tt.do(f)
				made, single, pages := f.asked()
				if f.results() != docs || made != jobs {
					t.Errorf("%d results and %d jobs, want %d and %d", f.results(), made, docs, jobs)
				}
				if single != jobs {
					t.Errorf("%d jobs were asked for one by one, want each once it has ended: %d", single, jobs)
				}
				if pages > 2*jobs/10 {
					t.Errorf("%d pages of the list for %d jobs", pages, jobs)
				}
			})
		})
	}
}

// serveFor takes documents in and lets a worker serve for a while.
func (f *floor) serveFor(docs int, d time.Duration) {
	f.t.Helper()
	s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
	defer stop()
	f.arrive("inbox", docs, s)
	time.Sleep(d)
	synctest.Wait()
}

// One listing of the outbox answers for all that wait, and comes seldom while
// nothing arrives: without events, and whatever number waits.
func TestOneListingForAll(t *testing.T) {
	lists := map[int]int64{}
	for _, docs := range []int{2, 400} {
		onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: 2 * time.Hour}}, func(t *testing.T, f *floor) {
			var listed, looked atomic.Int64
			f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
				switch {
				case c.Op == memstore.List && c.Key == worker.OutboxPrefix:
					listed.Add(1)
				case strings.HasPrefix(c.Key, worker.OutboxPrefix):
					looked.Add(1)
				}
				return do()
			})
			s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
			defer stop()
			f.arrive("inbox", docs, s)
			time.Sleep(8 * time.Minute)
			synctest.Wait()
			listed.Store(0)
			looked.Store(0)
			time.Sleep(30 * time.Minute) // twice in it the age of all crosses a mark, and each outbox is looked at
			synctest.Wait()
			lists[docs] = listed.Load()
			if n := looked.Load(); n > int64(2*docs) {
				t.Errorf("%d looks at single outboxes of %d jobs in half an hour", n, docs)
			}
		})
	}
	if few, many := lists[2], lists[400]; many > few+few/10 || few > 120 {
		t.Errorf("the outbox was listed %d times in half an hour for 2 jobs, %d times for 400", few, many)
	}
}

// With an event for each result, nothing is looked for: each outbox is read once,
// the record is not read again, and the provider is asked once for each receipt.
func TestEventsNeedNoLook(t *testing.T) {
	onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: 5 * time.Minute}}, func(t *testing.T, f *floor) {
		const docs = 60
		var outboxes, records atomic.Int64
		s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{Sweep: time.Hour})
		defer stop()
		f.arrive("inbox", docs, s)
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			switch {
			case c.Op == memstore.List || c.Op == memstore.Remove:
			case strings.HasPrefix(c.Key, worker.OutboxPrefix):
				outboxes.Add(1)
			case c.Op == memstore.Get && strings.HasPrefix(c.Key, "zdr/records/"):
				records.Add(1)
			}
			return do()
		})
		f.tellLanded(s, 2*time.Minute)
		made, single, _ := f.asked()
		if f.results() != docs || made != docs || single != docs {
			t.Errorf("%d results, %d jobs made and %d asked for, want %d each", f.results(), made, single, docs)
		}
		if outboxes.Load() != docs || records.Load() != 0 {
			t.Errorf("%d looks at outboxes and %d reads of records for %d results, want one look each and no read", outboxes.Load(), records.Load(), docs)
		}
	})
}

// tellLanded tells a worker of each result as it lands, as events do.
func (f *floor) tellLanded(s *worker.Server, d time.Duration) {
	f.t.Helper()
	told := map[string]bool{}
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		all, _ := f.server.Lookup(exchangeName).List(worker.OutboxPrefix, "", 1000)
		for _, o := range all {
			token := strings.TrimSuffix(strings.TrimPrefix(o.Key, worker.OutboxPrefix), ".json")
			if told[token] {
				continue
			}
			told[token] = true
			if err := s.Landed(token); err != nil {
				f.t.Fatal(err)
			}
		}
	}
	synctest.Wait()
}
