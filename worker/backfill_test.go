package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// lay puts n documents below a prefix.
func (f *floor) lay(prefix string, n int) {
	for i := range n {
		f.document(prefix, i)
	}
}

// begin starts a backfill.
func (f *floor) begin(p *worker.Pipeline, o worker.BackfillPlan) worker.Backfill {
	f.t.Helper()
	b, err := p.StartBackfill(f.t.Context(), o)
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

// fill runs a backfill to its end.
func (f *floor) fill(p *worker.Pipeline, o worker.BackfillPlan, share, shares int) (worker.Summary, error) {
	f.t.Helper()
	return p.Run(f.t.Context(), worker.RunOptions{Backfills: []worker.Backfill{f.begin(p, o)}, Share: share, Shares: shares})
}

// once checks that every document was billed once and that nothing is left.
func (f *floor) once(want int) {
	f.t.Helper()
	if got := f.provider.Billed().Jobs; got != want {
		f.t.Errorf("%d jobs were billed, want %d", got, want)
	}
	if got := f.results(); got != want {
		f.t.Errorf("%d results, want %d", got, want)
	}
	if got := f.count(exchangeName, worker.StagingPrefix) + f.count(exchangeName, worker.OutboxPrefix); got != 0 {
		f.t.Errorf("%d objects are left staged", got)
	}
}

func TestBackfill(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 150)
		f.lay("other", 30)
		f.server.PutRaw(storeName, "inbox/picture.gif", []byte("GIF"), nil)
		p := f.pipeline(worker.Limits{}, nil)
		plan := worker.BackfillPlan{Prefixes: []string{"inbox/", "other/"}}
		sum, err := f.fill(p, plan, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Sealed != 180 || sum.Skipped != 1 || sum.Found != 180 || sum.Open != 0 {
			t.Errorf("got %+v", sum)
		}
		f.once(180)
		all, err := p.Backfills(t.Context())
		if err != nil || len(all) != 1 || all[0].Ended.IsZero() || all[0].Counts().Sealed != 180 {
			t.Errorf("got %+v, %v", all, err)
		}
		sum, err = f.fill(p, plan, 0, 0)
		if err != nil || sum.Unchanged != 180 || sum.Sealed != 0 {
			t.Errorf("again: %+v, %v", sum, err)
		}
		f.once(180)
	})
}

// Workers share a backfill, each begins at its own share, and each is told of
// the whole.
func TestBackfillIsShared(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 300)
		var all sync.WaitGroup
		for i := range 3 {
			p := f.pipeline(worker.Limits{}, nil)
			all.Go(func() {
				sum, err := f.fill(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Shares: 3, Name: "night"}, i, 3)
				if err != nil || sum.Sealed != 300 {
					t.Errorf("worker %d: %+v, %v", i, sum, err)
				}
			})
		}
		all.Wait()
		f.once(300)
		before := f.provider.Account()
		sum, err := f.fill(f.pipeline(worker.Limits{}, nil), worker.BackfillPlan{Prefixes: []string{"inbox/"}, Name: "night"}, 7, 3)
		if err != nil || sum.Sealed != 300 {
			t.Errorf("an extra worker: %+v, %v", sum, err)
		}
		if after := f.provider.Account(); len(after.Requests) != len(before.Requests) {
			t.Error("an extra worker asked the provider")
		}
	})
}

// A worker that is gone is no loss: the next one goes on.
func TestBackfillIsResumed(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 200)
		plan := worker.BackfillPlan{Prefixes: []string{"inbox/"}}
		for i := range 4 {
			p := f.pipeline(worker.Limits{}, nil)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+1)*7*time.Second)
			_, err := p.Run(ctx, worker.RunOptions{Backfills: []worker.Backfill{f.begin(p, plan)}})
			cancel()
			if err == nil {
				break
			}
		}
		sum, err := f.fill(f.pipeline(worker.Limits{}, nil), plan, 0, 0)
		if err != nil || sum.Sealed+sum.Unchanged != 200 {
			t.Fatalf("got %+v, %v", sum, err)
		}
		f.once(200)
	})
}

// A route that is paused halts no other, and the run says that something is left.
func TestRunGoesOnBesideAPausedRoute(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 120)
		f.lay("other", 120)
		p := f.pipeline(worker.Limits{}, nil)
		if _, err := p.Pause(t.Context(), "other"); err != nil {
			t.Fatal(err)
		}
		local := []worker.Document{f.document("other/local", 1), f.document("inbox/local", 1)}
		plan := worker.BackfillPlan{Prefixes: []string{"inbox/", "other/"}}
		o := worker.RunOptions{Documents: slicesOf(local), Backfills: []worker.Backfill{f.begin(p, plan)}}
		sum, err := p.Run(t.Context(), o)
		if fault, ok := errors.AsType[*worker.Fault](err); !ok || fault.Code != worker.CodePaused {
			t.Errorf("got %v, want the pause", err)
		}
		if sum.Sealed+sum.Unchanged != 122 || sum.Paused != 1 || sum.Open != 1 {
			t.Errorf("got %+v", sum)
		}
		f.once(121)
		if _, err := p.Resume(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		o.Backfills = []worker.Backfill{f.begin(p, plan)}
		if _, err := p.Run(t.Context(), o); err != nil {
			t.Error(err)
		}
		f.once(242)
	})
}

func slicesOf(docs []worker.Document) func(func(worker.Document, error) bool) {
	return func(yield func(worker.Document, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// A list is walked as a prefix is; --since and --limit narrow either.
func TestBackfillOfAList(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 40)
		time.Sleep(time.Hour)
		since := time.Now()
		for i := range 10 {
			f.document("inbox", 100+i)
		}
		p := f.pipeline(worker.Limits{}, nil)
		keys := func(yield func(string, error) bool) {
			for i := range 60 {
				if !yield(fmt.Sprintf("inbox/%04d.md", 60+i), nil) {
					return
				}
			}
			yield("inbox/a\nb.md", nil)
		}
		sum, err := f.fill(p, worker.BackfillPlan{Keys: keys, Since: since, Shares: 4}, 0, 0)
		if err != nil || sum.Sealed != 10 || sum.Refused != 51 {
			t.Errorf("list: %+v, %v", sum, err)
		}
		sum, err = f.fill(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Limit: 7}, 0, 0)
		if err != nil || sum.Sealed != 7 || sum.Found != 7 {
			t.Errorf("limit: %+v, %v", sum, err)
		}
		sum, err = f.fill(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Window: time.Minute * 59}, 0, 0)
		if err != nil || sum.Unchanged != 10 || sum.Found != 10 {
			t.Errorf("window: %+v, %v", sum, err)
		}
		f.once(17)
	})
}

// The position of a backfill is one object, however many documents there are.
func TestBackfillIsOneObject(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 3000)
		p := f.pipeline(worker.Limits{InFlight: 50}, nil)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}})
		if len(b.Lanes) < 16 {
			t.Errorf("%d lanes for more than a page", len(b.Lanes))
		}
		if n, err := p.CountBackfill(t.Context(), b.ID); n != 3000 || err != nil {
			t.Fatal(n, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		most := 0
		go func() {
			for ctx.Err() == nil {
				time.Sleep(time.Second)
				most = max(most, f.open())
			}
		}()
		_, err := p.Run(ctx, worker.RunOptions{Backfills: []worker.Backfill{b}})
		if err == nil {
			t.Fatal("3,000 documents went through in two minutes")
		}
		if most > 150 {
			t.Errorf("%d jobs were open of a run of 100", most)
		}
		got, err := p.Backfill(t.Context(), b.ID)
		if err != nil || !got.Counted || got.Total != 3000 || got.Counts().Done() == 0 || got.PerHour(time.Now()) == 0 || got.Expected(time.Now()).IsZero() {
			t.Errorf("got %+v %v, %v", got.Counts(), got.Rate, err)
		}
	})
}

// open counts jobs that are not settled, in the records.
func (f *floor) open() (n int) {
	all, _ := f.server.Lookup(storeName).List("zdr/records/", "", 1<<20)
	for _, o := range all {
		body, _, err := f.server.GetRaw(storeName, o.Key)
		if err != nil {
			continue
		}
		if v, err := worker.ViewRecord(body); err == nil && !v.State.Settled() {
			n++
		}
	}
	return n
}

func TestBackfillIsPaused(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 400)
		p := f.pipeline(worker.Limits{InFlight: 20}, nil)
		plan := worker.BackfillPlan{Prefixes: []string{"inbox/"}}
		b := f.begin(p, plan)
		time.AfterFunc(30*time.Second, func() {
			if _, err := p.PauseBackfill(context.Background(), b.ID); err != nil {
				t.Error(err)
			}
		})
		_, err := p.Run(t.Context(), worker.RunOptions{Backfills: []worker.Backfill{b}})
		if fault, ok := errors.AsType[*worker.Fault](err); !ok || fault.Code != worker.CodePaused || !strings.Contains(fault.Hint, "backfill resume") {
			t.Fatalf("got %v, want the pause and what ends it", err)
		}
		if n := f.results(); n == 0 || n == 400 {
			t.Errorf("%d of 400 were done at the pause", n)
		}
		f.once(f.results())
		if _, err := p.ResumeBackfill(t.Context(), b.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := f.fill(p, plan, 0, 0); err != nil {
			t.Error(err)
		}
		f.once(400)
	})
}

// Routes of another configuration would make other jobs of the documents.
func TestBackfillRoutes(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		b := f.begin(f.pipeline(worker.Limits{}, nil), worker.BackfillPlan{Prefixes: []string{"inbox/"}})
		if !slices.Equal(b.Routes, []string{routeName + ".1", "other.1", "files.1"}) || strings.Contains(b.ID, "inbox") {
			t.Errorf("got %v %v", b.Routes, b.ID)
		}
	})
}
