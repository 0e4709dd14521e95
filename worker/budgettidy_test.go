package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

const oneDay = 24 * time.Hour

// accounts are the first words of the accounts that are there.
func (f *floor) accounts() (kinds []string) {
	all, _ := f.server.Lookup(storeName).List(worker.BudgetPrefix, "", 1<<20)
	for _, o := range all {
		kind, _, _ := strings.Cut(strings.TrimPrefix(o.Key, worker.BudgetPrefix), "-")
		kinds = append(kinds, kind)
	}
	return slices.Compact(kinds)
}

// tidy lets days pass and another worker sweep.
func (f *floor) tidy(p *worker.Pipeline, days int) {
	f.t.Helper()
	time.Sleep(time.Duration(days) * oneDay)
	if _, err := p.Sweep(f.t.Context(), false); err != nil {
		f.t.Fatal(err)
	}
}

// A sweep removes accounts that nobody can need any more, and no other.
func TestSweepTidiesAccounts(t *testing.T) {
	onBudget(t, worker.Budget{CreditsPerDay: 1000}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		if _, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("other", 1), MaxCredits: 100}); err != nil {
			t.Fatal(err)
		}
		f.lay("inbox", 2)
		plan := worker.BackfillPlan{Prefixes: []string{"inbox/"}}
		if _, err := f.spend(p, plan, mostOf); err == nil { // it is not through
			t.Fatal("the budget was enough for all")
		}
		f.server.PutRaw(storeName, worker.BudgetPrefix+"theirs.json", []byte("{}"), nil)
		for _, want := range []struct {
			days  int
			kinds []string
		}{
			{29, []string{"2000", "backfill", "run", "theirs.json"}},
			{3, []string{"2000", "backfill", "theirs.json"}}, // of the day on which the sweep submitted the rest
			{300, []string{"backfill", "theirs.json"}},
		} {
			if f.tidy(p, want.days); !slices.Equal(f.accounts(), want.kinds) {
				t.Errorf("%d days later: %v, want %v", want.days, f.accounts(), want.kinds)
			}
		}
		if _, err := f.spend(p, plan, 0); err != nil {
			t.Fatal(err)
		}
		f.tidy(p, 8) // the backfill goes,
		f.tidy(p, 1) // and then its account
		if got := f.accounts(); !slices.Equal(got, []string{"theirs.json"}) {
			t.Errorf("after the backfill's end: %v", got)
		}
	})
}

// Where the bucket does not let the worker, a sweep says so and goes on.
func TestSweepWithoutTheRightToRemoveAccounts(t *testing.T) {
	onBudget(t, worker.Budget{CreditsPerDay: 1000}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		if _, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("other", 1)}); err != nil {
			t.Fatal(err)
		}
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.Remove && strings.HasPrefix(c.Key, worker.BudgetPrefix) {
				return &bucket.Error{Op: "remove", Class: bucket.ErrDenied}
			}
			return do()
		})
		f.tidy(p, 40)
		f.tidy(p, 0)
		if n := bytes.Count(f.log.b.Bytes(), []byte("old accounts of budgets not removed")); n != 1 || len(f.accounts()) != 1 {
			t.Errorf("the log says it %d times in an hour, %d accounts", n, len(f.accounts()))
		}
	})
}

// A Run that slept until its account was removed spends nothing more.
func TestARunWithoutItsAccountSpendsNothingMore(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		docs := func(yield func(worker.Document, error) bool) {
			for i := range 20 {
				if i == 1 {
					time.Sleep(time.Minute)
					f.removeAccounts()
				}
				if !yield(f.document("inbox", i), nil) {
					return
				}
			}
		}
		sum, err := p.Run(t.Context(), worker.RunOptions{Documents: docs, MaxCredits: 5 * mostOf})
		wantCode(t, err, worker.CodeBudget)
		if sum.Sealed != 1 || len(f.accounts()) != 0 {
			t.Errorf("%+v; accounts: %v", sum, f.accounts())
		}
	})
}

// removeAccounts is what a sweep does long after.
func (f *floor) removeAccounts() {
	f.t.Helper()
	all, _ := f.server.Lookup(storeName).List(worker.BudgetPrefix, "", 1<<20)
	for _, o := range all {
		if err := f.server.Bucket(storeName).Remove(f.t.Context(), o.Key); err != nil {
			f.t.Error(err)
		}
	}
}

// A Run whose backfill is gone by the time that it first spends makes its account
// anew, and is granted nothing by it.
func TestARunOfABackfillThatIsGoneSpendsNothing(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		f.lay("other", 1)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"other/"}})
		if _, err := p.Run(t.Context(), worker.RunOptions{Backfills: []worker.Backfill{b}, MaxCredits: 5 * mostOf}); err != nil {
			t.Fatal(err)
		}
		f.tidy(p, 31)
		f.tidy(p, 1)
		if len(f.accounts()) != 0 {
			t.Fatalf("the account is not removed: %v", f.accounts())
		}
		slept := f.pipeline(worker.Limits{}, nil)
		_, err := slept.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", 3), Backfills: []worker.Backfill{b}, MaxCredits: 5 * mostOf})
		if err == nil || f.results() != 1 {
			t.Errorf("%d results of one that was granted: %v", f.results(), err)
		}
	})
}

// A worker that sleeps in the middle of a reservation until its day is long over
// has it in no day's account but that in which it goes on.
func TestAReservationThatSlept(t *testing.T) {
	for name, before := range map[string]int{"the account is removed meanwhile": 1, "the account is made anew": 0} {
		t.Run(name, func(t *testing.T) {
			onBudget(t, worker.Budget{CreditsPerDay: 100}, func(t *testing.T, f *floor, p *worker.Pipeline) {
				for i := range before {
					f.finish(p, f.document("other", i))
				}
				spent := f.provider.Billed().Credits
				sweeper := f.pipeline(worker.Limits{}, nil)
				var asleep atomic.Bool
				f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
					if c.Op == memstore.Put && strings.HasPrefix(c.Key, worker.BudgetPrefix) && asleep.CompareAndSwap(false, true) {
						f.tidy(sweeper, 40)
					}
					return do()
				})
				began := time.Now().UTC().Format(time.DateOnly)
				f.finish(p, f.document("inbox", 1))
				if s := f.today(p); !asleep.Load() || s.Spent <= 0 || s.Spent != f.provider.Billed().Credits-spent {
					t.Errorf("the day on which it went on has %+v, and %.1f were billed", s, f.provider.Billed().Credits-spent)
				}
				v, err := f.server.Lookup(storeName).Get(worker.BudgetPrefix+began+".json", "")
				var day worker.Account
				if err == nil && (json.Unmarshal(v.Body, &day) != nil || day.Spent != 0) {
					t.Errorf("the day in which it fell asleep has %s", v.Body)
				}
			})
		})
	}
}

// finish brings one document to its result, with nobody else about.
func (f *floor) finish(p *worker.Pipeline, d worker.Document) {
	f.t.Helper()
	j, err := p.Put(f.t.Context(), d)
	for range 20 {
		if err != nil || j.Sealed() {
			break
		}
		if now, err := p.Advance(f.t.Context(), j.ID); err == nil {
			j = now
		}
		time.Sleep(time.Minute)
	}
	if err != nil || !j.Sealed() {
		f.t.Fatalf("the job is %s, %v", j.State, err)
	}
}
