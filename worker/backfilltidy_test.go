package worker_test

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// A sweep removes what backfills leave, once nobody needs it.
func TestSweepTidiesBackfills(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 3)
		p := f.pipeline(worker.Limits{}, nil)
		if _, err := f.fill(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Limit: 2}, 0, 0); err != nil {
			t.Fatal(err)
		}
		f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Limit: 3, Leave: true})
		stands := func() [2]int {
			if _, err := p.Sweep(t.Context(), false); err != nil {
				t.Fatal(err)
			}
			return [2]int{f.count(storeName, "zdr/control/backfill/"), f.count(storeName, "zdr/control/lists/")}
		}
		for _, want := range [][2]int{{2, 2}, {2, 1}, {1, 1}} {
			if got := stands(); got != want {
				t.Errorf("backfills and lists: %v, want %v", got, want)
			}
			time.Sleep(4 * 24 * time.Hour)
		}
	})
}

// A server reads a backfill that is no work for it once or twice, and not every
// time that it looks.
func TestServeReadsNoEndedBackfill(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 3)
		p := f.pipeline(worker.Limits{}, nil)
		if _, err := f.fill(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}}, 0, 0); err != nil {
			t.Fatal(err)
		}
		var reads atomic.Int32
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.Get && strings.HasPrefix(c.Key, "zdr/control/backfill/") {
				reads.Add(1)
			}
			return do()
		})
		_, stop := f.serve(p, worker.ServeOptions{})
		defer stop()
		time.Sleep(2 * time.Hour)
		if n := reads.Load(); n < 1 || n > 2 {
			t.Errorf("a backfill that has ended was read %d times in two hours", n)
		}
	})
}

// A backfill that was begun under other routes than anybody has now is not gone
// on with, and the log says so, once.
func TestServeTellsOfBackfillsOfOtherRoutes(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 3)
		f.begin(f.pipeline(worker.Limits{}, nil), worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		_, stop := f.serve(f.pipelineWith(worker.Routes{{Name: "other", Prefix: "inbox/", Schema: simSchema}}), worker.ServeOptions{})
		told := func() int {
			f.log.mu.Lock()
			defer f.log.mu.Unlock()
			return bytes.Count(f.log.b.Bytes(), []byte(`"code":"route_changed"`))
		}
		time.Sleep(5 * time.Minute)
		if n := told(); n != 0 {
			t.Errorf("told %d times of a backfill that others may be at", n)
		}
		time.Sleep(5 * time.Hour)
		stop()
		if n := told(); n != 1 || f.results() != 0 {
			t.Errorf("told %d times in five hours, want once; %d results", n, f.results())
		}
	})
}

// A backfill that a newer program wrote is left alone, and holds up no other
// backfill and no sweep.
func TestNewerBackfillsHoldUpNothing(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 3)
		f.server.PutRaw(storeName, "zdr/control/backfill/00000000000000000000000000000000.json", []byte(`{"format":2}`), nil)
		p := f.pipeline(worker.Limits{}, nil)
		f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		_, stop := f.serve(p, worker.ServeOptions{})
		time.Sleep(20 * time.Minute)
		stop()
		f.once(3)
		time.Sleep(30 * 24 * time.Hour)
		if _, err := p.Sweep(t.Context(), false); err != nil {
			t.Errorf("a sweep: %v", err)
		}
		if n := f.count(storeName, "zdr/control/backfill/"); n != 1 {
			t.Errorf("%d backfills stand, want the newer one", n)
		}
	})
}

// A job that is older than the last of the ages is found by the ordinary sweep,
// and in between none is read.
func TestSweepFindsTheOldest(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		if _, err := p.Put(t.Context(), f.document("inbox", 1)); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Pause(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		seen := 0
		for range 60 {
			time.Sleep(24 * time.Hour)
			rep, err := p.Sweep(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			if rep.Nudged > 0 {
				seen++
			}
		}
		// At 1, 2, 4, 7, 14, 28, 42 and 56 days.
		if seen != 8 {
			t.Errorf("the job was looked at on %d of 60 days, want 8", seen)
		}
		if _, err := p.Resume(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * 24 * time.Hour)
		if rep, err := p.Sweep(t.Context(), false); err != nil || rep.Nudged != 1 {
			t.Errorf("after two months: %+v, %v", rep, err)
		}
	})
}
