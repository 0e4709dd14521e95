package worker_test

import (
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// What is usual for a route comes from the records of that route alone.
func TestUsual(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 10)
		p := f.pipeline(worker.Limits{}, nil)
		if _, err := f.fill(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}}, 0, 0); err != nil {
			t.Fatal(err)
		}
		u, err := p.Usual(t.Context(), routeName)
		if err != nil || u.Jobs != 10 || u.Least < 9*time.Second || u.Most > time.Minute || u.Credits <= 0 {
			t.Errorf("got %+v, %v", u, err)
		}
		if u, err := p.Usual(t.Context(), "other"); err != nil || u != (worker.Usual{}) {
			t.Errorf("of a route without jobs: %+v, %v", u, err)
		}
	})
}

func TestNextLook(t *testing.T) {
	claimed := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]time.Duration{
		0: 2 * time.Minute, 2 * time.Minute: 10 * time.Minute, 52 * time.Minute: time.Hour,
		13 * 24 * time.Hour: 14 * 24 * time.Hour, 15 * 24 * time.Hour: 28 * 24 * time.Hour, 30 * 24 * time.Hour: 42 * 24 * time.Hour,
	} {
		if got := worker.NextLook(claimed, claimed.Add(after)).Sub(claimed); got != want {
			t.Errorf("after %v: got %v, want %v", after, got, want)
		}
	}
}
