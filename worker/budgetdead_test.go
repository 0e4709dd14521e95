package worker_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// TestSweepsFreeWhatTheDeadReserved: a worker dies between its job's end and
// saying so to the budget. Until a sweep has looked at the job the status says
// what is reserved; then it is free, and what the job did cost is spent. Nobody
// has to be refused for that.
func TestSweepsFreeWhatTheDeadReserved(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration // that the first sweep comes, which finds it
		more  int           // writes after the result's that it still makes
		lost  func(c memstore.Call) bool
	}{
		{"the worker dies", 3 * time.Minute, 0, func(memstore.Call) bool { return true }},
		{"the worker dies when the record is sealed", 3 * time.Minute, 1, func(memstore.Call) bool { return true }},
		{"the budget alone cannot be written", 8 * time.Hour, 0, func(c memstore.Call) bool { return strings.Contains(c.Key, "control/budget/") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onBudget(t, worker.Budget{CreditsPerDay: 100}, func(t *testing.T, f *floor, p *worker.Pipeline) {
				sealed, more := false, tt.more
				f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
					if sealed && c.Op.Writes() && tt.lost(c) {
						if more--; more < 0 {
							return bucket.ErrUnavailable
						}
					}
					err := do()
					sealed = sealed || c.Op.Writes() && strings.HasPrefix(c.Key, "results/")
					return err
				})
				ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
				defer stop()
				_, _ = p.Run(ctx, worker.RunOptions{Documents: f.these("inbox", 1)})
				f.server.Intercept(nil)
				other := f.pipeline(worker.Limits{}, nil)
				if s := f.today(other); !sealed || s.Reserved != mostOf || s.Jobs != 1 || s.Spent != 0 {
					t.Fatalf("after the end: %+v, want a reservation of %v", s, mostOf)
				}
				f.sweepAfter(other, tt.after)
				if s := f.today(other); s.Reserved != 0 || s.Jobs != 0 || s.Spent != f.provider.Billed().Credits || s.Spent == 0 {
					t.Errorf("after a sweep: %+v, and %v were billed", s, f.provider.Billed().Credits)
				}
			})
		})
	}
}

// Two workers die with a reservation each for what they never sent. Neither job
// fits beside the other's, so each gives up its own before it waits.
func TestTwoOfTheDeadDoNotWaitForEachOther(t *testing.T) {
	onBudget(t, worker.Budget{CreditsPerDay: 2 * mostOf}, func(t *testing.T, f *floor, _ *worker.Pipeline) {
		for i := range 2 {
			f.dieStaging(f.document("inbox", i))
		}
		if s := f.today(f.pipeline(worker.Limits{}, nil)); s.Reserved != 2*mostOf {
			t.Fatalf("the dead left %+v, want %v reserved", s, 2*mostOf)
		}
		f.budget.CreditsPerDay = 1.9 * mostOf
		p := f.pipeline(worker.Limits{}, nil)
		for range 6 {
			time.Sleep(10 * time.Minute)
			if _, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", 2)}); err == nil {
				break
			}
		}
		if s := f.today(p); f.results() != 2 || s.Reserved != 0 {
			t.Errorf("%d results of 2 after an hour, %+v", f.results(), s)
		}
	})
}

// dieStaging has a worker claim a document, reserve for it, and die before it is
// staged.
func (f *floor) dieStaging(d worker.Document) {
	f.t.Helper()
	p, dead := f.pipeline(worker.Limits{}, nil), false
	f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		if dead = dead || c.Op == memstore.Copy; dead {
			return bucket.ErrUnavailable
		}
		return do()
	})
	defer f.server.Intercept(nil)
	j, err := p.Put(f.t.Context(), d)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := p.Advance(f.t.Context(), j.ID); err == nil || !dead {
		f.t.Fatalf("the worker did not die: %v", err)
	}
}
