package worker_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// Events bring documents to their results, doubled ones too, and what no route
// takes is no error.
func TestServeTakesEvents(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		a, stopA := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		b, stopB := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		f.arrive("inbox", 20, a, b)
		f.arrive("inbox", 20, b, a)
		for _, key := range []string{"elsewhere/a.md", "results/invoices/a.md", "inbox/gone.md", "inbox/a.pdf", "zdr/control/fleet.json"} {
			if err := a.Arrived(t.Context(), worker.Document{Key: key}); err != nil {
				t.Errorf("a document that is no work: %v", err)
			}
		}
		if err := a.Nudged("AAAAAAAAAAAAAAAA"); !errors.Is(err, worker.ErrForeign) {
			t.Errorf("a token of another fleet: %v", err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		stopA()
		stopB()
		if f.results() != 20 || f.provider.Billed().Jobs != 20 {
			t.Errorf("%d results, %d billed, want 20", f.results(), f.provider.Billed().Jobs)
		}
		if n := f.count(exchangeName, worker.StagingPrefix) + f.count(exchangeName, worker.OutboxPrefix); n != 0 {
			t.Errorf("%d objects are left in the exchange bucket", n)
		}
	})
}

// A result's own event brings it home at once; the listing needs not come.
func TestServeTakesResultEvents(t *testing.T) {
	onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: 10 * time.Minute}}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		defer stop()
		f.arrive("inbox", 1, s)
		time.Sleep(10 * time.Minute)
		for f.count(exchangeName, worker.OutboxPrefix) == 0 {
			time.Sleep(time.Millisecond)
		}
		all, _ := f.server.Lookup(exchangeName).List(worker.OutboxPrefix, "", 1)
		token := strings.TrimSuffix(strings.TrimPrefix(all[0].Key, worker.OutboxPrefix), ".json")
		if err := s.Landed(token); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if f.results() != 1 {
			t.Error("the event of the result brought nothing home")
		}
	})
}

// A million documents do not fit: what the queue has no room for is read from
// the bucket later, and none is forgotten.
func TestServeQueueIsBounded(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipeline(worker.Limits{InFlight: 2}, nil), worker.ServeOptions{Queue: 6})
		defer stop()
		f.arrive("inbox", 60, s)
		time.Sleep(time.Hour)
		synctest.Wait()
		if f.results() != 60 {
			t.Errorf("%d results, want 60", f.results())
		}
	})
}

// A worker that dies with all it knew is replaced, and the duty to sweep too.
func TestServeIsReplaced(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		dead := f.pipeline(worker.Limits{}, nil)
		ctx, kill := context.WithCancel(t.Context())
		s, err := dead.Serve(worker.ServeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var gone sync.WaitGroup
		gone.Go(func() { _ = s.Run(ctx) })
		time.Sleep(time.Second) // it sweeps
		if _, err := dead.Pause(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		f.arrive("inbox", 10, s)
		// From here on it reaches no bucket: its lease stands, and it cannot give it back.
		f.server.Intercept(func(context.Context, memstore.Call, func() error) error { return bucket.ErrUnavailable })
		kill()
		gone.Wait()
		f.server.Intercept(nil)
		next := f.pipeline(worker.Limits{}, nil)
		if _, err := next.Resume(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		_, stop := f.serve(next, worker.ServeOptions{})
		defer stop()
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if f.results() != 10 {
			t.Errorf("%d results three minutes after a worker died, want 10", f.results())
		}
	})
}

// One worker at a time sweeps, and one that leaves hands the duty over.
func TestServeSweepsOnce(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		var sweeps atomic.Int64
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.Put && c.Key == "zdr/control/sweep.json" {
				sweeps.Add(1)
			}
			return do()
		})
		var stops []func()
		for range 3 {
			_, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
			stops = append(stops, stop)
		}
		for _, stop := range stops {
			before := sweeps.Load()
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if n := sweeps.Load() - before; n < 6 || n > 12 {
				t.Errorf("%d sweeps in ten minutes, one a minute is wanted", n)
			}
			stop()
		}
	})
}

// What a sweep finds goes through the queue, and whoever takes it there moves
// it on.
func TestServeSharesWhatASweepFound(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		put := f.pipeline(worker.Limits{}, nil)
		for i := range 5 {
			if _, err := put.Put(t.Context(), f.document("inbox", i)); err != nil {
				t.Fatal(err)
			}
		}
		q := &nudgeQueue{}
		sweeper, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{Nudges: q})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if f.results() != 0 || len(q.tokens) != 5 {
			t.Fatalf("%d results, %d nudges; the sweeper does not move on itself what a queue can take", f.results(), len(q.tokens))
		}
		stop()
		_ = sweeper
		other, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{Nudges: &nudgeQueue{}})
		defer stop()
		for _, token := range q.tokens {
			if err := other.Nudged(token); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if f.results() != 5 {
			t.Errorf("%d results, want 5", f.results())
		}
	})
}

type nudgeQueue struct {
	mu     sync.Mutex
	tokens []string
	rest   time.Duration // of the last
}

// Send keeps tokens.
func (q *nudgeQueue) Send(_ context.Context, tokens ...string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tokens = append(q.tokens, tokens...)
	return nil
}

// Jobs that failed at the provider are seen by one walk of its list for all of
// them, and get another attempt.
func TestServeNoticesSilentJobs(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		const docs = 30
		f.provider.BreakNext(docs, adetest.JobFault{End: adetest.EndFailed})
		s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		defer stop()
		f.arrive("inbox", docs, s)
		time.Sleep(115 * time.Second) // before jobs are old enough to be asked for one by one
		synctest.Wait()
		if f.results() != docs {
			t.Errorf("%d results, want %d", f.results(), docs)
		}
		lists := 0
		for _, r := range f.provider.Account().Requests {
			if r.Method == "GET" && r.Query != "" {
				lists++
			}
		}
		if lists > 4 {
			t.Errorf("%d listings for %d jobs", lists, docs)
		}
	})
}

// Sweeps list and read no record of a job that waits.
func TestSweepReadsNoWaitingJob(t *testing.T) {
	onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: 5 * time.Hour}}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		defer stop()
		const docs = 200
		f.arrive("inbox", docs, s)
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		var reads atomic.Int64
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.Get && strings.HasPrefix(c.Key, "zdr/records/") {
				reads.Add(1)
			}
			return do()
		})
		time.Sleep(40 * time.Minute) // forty sweeps, and no job's age crosses a mark
		synctest.Wait()
		if n := reads.Load(); n > 0 {
			t.Errorf("%d records of %d waiting jobs were read in 40 minutes", n, docs)
		}
	})
}

// The whole fleet pauses, or a route of it, and goes on.
func TestServePauses(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		defer stop()
		step := func(what string, do func(context.Context, string) (worker.Pause, error), route string, want int) {
			t.Helper()
			if _, err := do(t.Context(), route); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if f.results() != want {
				t.Errorf("%s: %d results, want %d", what, f.results(), want)
			}
		}
		step("pause of a route", p.Pause, routeName, 0)
		f.arrive("inbox", 3, s)
		f.arrive("other", 3, s)
		step("pause again", p.Pause, routeName, 3)
		step("pause of all", p.Pause, "", 3)
		step("resume of the route only", p.Resume, routeName, 3)
		step("resume of all", p.Resume, "", 6)
		if now, err := p.Paused(t.Context()); err != nil || now.Any() {
			t.Errorf("%+v, %v", now, err)
		}
	})
}

// Readiness says with a code why a worker cannot work.
func TestServeReady(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		ready := func(want worker.Code) {
			t.Helper()
			time.Sleep(10 * time.Second)
			if got := s.Ready(t.Context()); got != want {
				t.Errorf("ready says %q, want %q", got, want)
			}
		}
		ready("")
		for _, class := range []error{bucket.ErrUnavailable, bucket.ErrDenied} {
			f.server.Intercept(func(context.Context, memstore.Call, func() error) error { return class })
			ready(map[error]worker.Code{bucket.ErrUnavailable: worker.CodeStore, bucket.ErrDenied: worker.CodeStoreDenied}[class])
		}
		f.server.Intercept(nil)
		f.server.PutRaw(storeName, "zdr/control/breaker.json", []byte(`{"format":1,"open":true,"reason":"credits","probe":"2100-01-01T00:00:00Z"}`), nil)
		ready(worker.CodeBreaker)
		f.server.PutRaw(storeName, "zdr/control/breaker.json", []byte(`{"format":1,"open":true,"reason":"violation"}`), nil)
		ready(worker.CodeViolation)
		stop()
		ready("draining")
	})
}

// Status counts all and reads some, and says which it did.
func TestStatusIsHonest(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		for i := range 30 {
			if _, err := p.Put(t.Context(), f.document("inbox", i)); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			o       worker.StatusOptions
			open    int
			read    int
			sampled bool
			atLeast bool
		}{
			{worker.StatusOptions{}, 30, 30, false, false},
			{worker.StatusOptions{Reads: 10}, 30, 10, true, false},
			{worker.StatusOptions{Reads: -1}, 30, 0, true, false},
			{worker.StatusOptions{Reads: 10, Markers: 20}, 20, 10, true, true},
			{worker.StatusOptions{Markers: 30}, 30, 30, false, false},
		} {
			s, err := p.Status(t.Context(), tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if s.Open != tt.open || s.Read != tt.read || s.Sampled() != tt.sampled || s.AtLeast != tt.atLeast {
				t.Errorf("%+v: open %d, read %d, sampled %t, at least %t", tt.o, s.Open, s.Read, s.Sampled(), s.AtLeast)
			}
			if s.States[worker.Claimed] != tt.read || s.Waiting[worker.WaitSlot] != tt.read || s.Routes[routeName] != tt.read {
				t.Errorf("%+v: %v %v %v", tt.o, s.States, s.Waiting, s.Routes)
			}
		}
	})
}
