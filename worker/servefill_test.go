package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// Workers that serve take in what was left in the bucket, share it, and claim no
// more of it than there are slots for.
func TestServeFillsFromBackfills(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 1500)
		p := f.pipeline(worker.Limits{ExtractJobsPerHour: 3600}, nil)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		_, stopOne := f.serve(p, worker.ServeOptions{})
		_, stopTwo := f.serve(f.pipeline(worker.Limits{ExtractJobsPerHour: 3600}, nil), worker.ServeOptions{})
		most := 0
		for range 20 {
			time.Sleep(time.Minute)
			most = max(most, f.open())
		}
		if most > 200 {
			t.Errorf("%d jobs of 1,500 were open", most)
		}
		stopOne() // the other goes on alone
		time.Sleep(20 * time.Minute)
		stopTwo()
		f.once(1500)
		b, err := p.Backfill(t.Context(), b.ID)
		if err != nil || b.Ended.IsZero() || b.Counts().Claimed != 1500 {
			t.Errorf("got %+v, %v", b.Counts(), err)
		}
	})
}

// A backfill that is paused is left alone, and gone on with when it is resumed;
// one whose waiter is gone for good is taken up.
func TestServeTakesUpBackfills(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 30)
		f.lay("other", 30)
		p := f.pipeline(worker.Limits{}, nil)
		left := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		if _, err := p.PauseBackfill(t.Context(), left.ID); err != nil {
			t.Fatal(err)
		}
		f.begin(p, worker.BackfillPlan{Prefixes: []string{"other/"}})
		_, stop := f.serve(p, worker.ServeOptions{})
		time.Sleep(5 * time.Minute)
		if n := f.results(); n != 0 {
			t.Errorf("%d results of backfills that are not to be drawn from", n)
		}
		time.Sleep(15 * time.Minute)
		if n := f.results(); n != 30 {
			t.Errorf("%d results after the waiter was gone for 20 minutes, want 30", n)
		}
		if _, err := p.ResumeBackfill(t.Context(), left.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		stop()
		f.once(60)
	})
}

// What is live goes first, in this worker and in others, and a route with a long
// backlog does not keep another waiting.
func TestServeIsFair(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 1200)
		l := worker.Limits{ExtractJobsPerHour: 720}
		p := f.pipeline(l, nil)
		f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		s, stop := f.serve(p, worker.ServeOptions{})
		bulk := f.pipeline(l, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		b := f.begin(bulk, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Window: 24 * time.Hour})
		go func() {
			_, err := bulk.Run(ctx, worker.RunOptions{Backfills: []worker.Backfill{b}})
			ended <- err
		}()
		time.Sleep(10 * time.Minute)
		for i := range 60 {
			if err := s.Arrived(t.Context(), f.document("inbox/live", i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Arrived(t.Context(), f.document("other/live", 1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Second)
		if n := f.count(storeName, "results/other/live/"); n != 1 {
			t.Error("a route waits for the backlog of another")
		}
		time.Sleep(6 * time.Minute)
		if n := f.count(storeName, "results/"+routeName+"/live/"); n != 60 {
			t.Errorf("%d of 60 live documents are done: they wait for a backfill", n)
		}
		cancel()
		<-ended
		stop()
	})
}

// "Work exists and nothing moved" can be asked of the metrics.
func TestMetricsShowThatNothingMoves(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		registry := prometheus.NewRegistry()
		p := f.pipeline(worker.Limits{}, registry)
		s, stop := f.serve(p, worker.ServeOptions{})
		f.arrive("inbox", 3, s)
		time.Sleep(5 * time.Minute)
		if _, err := p.Pause(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		f.arrive("inbox/more", 4, s)
		claimed := time.Now()
		time.Sleep(30 * time.Minute)
		all, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		at := map[string]float64{}
		for _, one := range all {
			for _, m := range one.GetMetric() {
				at[one.GetName()] += m.GetGauge().GetValue()
			}
		}
		if open := at["zdrworker_jobs_open"]; open != 7 {
			t.Errorf("%v jobs are open, want 7", open)
		}
		moved := time.UnixMilli(int64(at["zdrworker_last_progress_timestamp_seconds"] * 1000))
		if idle := time.Since(moved); idle < 29*time.Minute || moved.Before(claimed.Add(-time.Minute)) {
			t.Errorf("nothing has moved for %v, want half an hour", idle)
		}
		stop()
		if n := testutil.CollectAndCount(registry, "zdrworker_jobs_open"); n != 0 {
			t.Error("a worker that has ended still speaks for the fleet")
		}
	})
}
