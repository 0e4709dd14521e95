package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// Three workers share an hourly limit, whoever of them gets the documents.
func TestFleetKeepsTheHourlyLimit(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		const limit, docs = 60, 150
		var servers []*worker.Server
		for range 3 {
			s, stop := f.serve(f.pipeline(worker.Limits{ExtractJobsPerHour: limit}, nil), worker.ServeOptions{})
			defer stop()
			servers = append(servers, s)
		}
		f.arrive("inbox", docs, servers...)
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		at := f.accepts()
		for i := limit; i < len(at); i++ {
			if at[i].Sub(at[i-limit]) < time.Hour {
				t.Fatalf("jobs %d to %d were submitted within %v", i-limit, i, at[i].Sub(at[i-limit]))
			}
		}
		// A few minutes are lost to leases that a worker did not use up.
		if f.results() != docs || len(at) != docs {
			t.Errorf("%d results of %d jobs after 3 hours, want %d", f.results(), len(at), docs)
		}
	})
}

// At no moment are more documents staged than the ceiling allows.
func TestFleetKeepsTheCeiling(t *testing.T) {
	onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: 2 * time.Minute}}, func(t *testing.T, f *floor) {
		const ceiling, docs = 5, 40
		var most atomic.Int64
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			err := do()
			if c.Op == memstore.Copy {
				most.Store(max(most.Load(), int64(f.count(exchangeName, worker.StagingPrefix))))
			}
			return err
		})
		a, stopA := f.serve(f.pipeline(worker.Limits{InFlight: ceiling}, nil), worker.ServeOptions{})
		defer stopA()
		b, stopB := f.serve(f.pipeline(worker.Limits{InFlight: ceiling}, nil), worker.ServeOptions{})
		defer stopB()
		f.arrive("inbox", docs, a, b)
		time.Sleep(time.Hour)
		synctest.Wait()
		if most.Load() > ceiling || most.Load() < ceiling-1 {
			t.Errorf("%d documents were staged at a time, the ceiling is %d", most.Load(), ceiling)
		}
		if f.results() != docs {
			t.Errorf("%d results, want %d", f.results(), docs)
		}
	})
}

// What the provider asks of one worker, all of them do.
func TestFleetHonoursRetryAfter(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		a, stopA := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		defer stopA()
		b, stopB := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		defer stopB()
		f.provider.FailNext(ade.OpCreate, 1, adetest.RequestFault{Status: 429, RetryAfter: 10 * time.Minute})
		throttled := time.Now()
		if err := a.Arrived(t.Context(), f.document("inbox", 0)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		f.arrive("other", 6, a, b)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		at := f.accepts()
		if len(at) != 7 || f.results() != 7 {
			t.Fatalf("%d jobs, %d results, want 7", len(at), f.results())
		}
		if at[0].Sub(throttled) < 10*time.Minute {
			t.Errorf("a job was submitted %v after a 429 that asked for 10 minutes", at[0].Sub(throttled))
		}
	})
}

// Known documents take nothing from the pace, and what Run submits counts too.
func TestRunKeepsThePace(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{ExtractJobsPerHour: 30}, nil)
		var docs []worker.Document
		for i := range 40 {
			docs = append(docs, f.document("inbox", i))
		}
		for round := range 2 {
			began := time.Now()
			sum, err := p.Run(t.Context(), worker.RunOptions{Patience: 24 * time.Hour, Documents: func(yield func(worker.Document, error) bool) {
				for _, d := range docs {
					if !yield(d, nil) {
						return
					}
				}
			}})
			if err != nil || sum.Sealed+sum.Unchanged != len(docs) {
				t.Fatalf("round %d: %+v, %v", round, sum, err)
			}
			if took := time.Since(began); round == 1 && took > time.Minute {
				t.Errorf("%d known documents took %v", len(docs), took)
			}
		}
		at := f.accepts()
		if len(at) != 40 || at[30].Sub(at[0]) < time.Hour {
			t.Errorf("%d jobs; the 31st came %v after the first, with 30 an hour", len(at), at[30].Sub(at[0]))
		}
	})
}
