package worker_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// onBudget runs a test with one worker that keeps to a budget.
func onBudget(t *testing.T, b worker.Budget, test func(t *testing.T, f *floor, p *worker.Pipeline)) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.budget = b
		test(t, f, f.pipeline(worker.Limits{}, nil))
	})
}

// these are documents as a Run draws them.
func (f *floor) these(prefix string, n int) iter.Seq2[worker.Document, error] {
	return func(yield func(worker.Document, error) bool) {
		for i := range n {
			if !yield(f.document(prefix, i), nil) {
				return
			}
		}
	}
}

func (f *floor) today(p *worker.Pipeline) worker.BudgetStatus {
	f.t.Helper()
	s, err := p.Today(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// mostOf is what is reserved for each of these documents.
var mostOf = worker.EstimateExtract(simSchema, int64(len("Invoice number: 0\n\nTotal amount due: 0\n"))).High

// A Run with more documents than budget does what it can, and says why it ends.
func TestRunEndsWithItsBudget(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		const docs = 40
		most := 3 * mostOf
		sum, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", docs), MaxCredits: most})
		wantCode(t, err, worker.CodeBudget)
		billed := f.provider.Billed().Credits
		if billed > most || math.Abs(sum.Credits-billed) > 1e-9 || sum.Sealed < 3 || sum.Sealed+sum.Open != docs || sum.Failed != 0 {
			t.Errorf("%+v for %v credits of %v", sum, billed, most)
		}
		// What is refused its reservation costs less than that in the end, so the
		// last of the budget is less than one reservation.
		if billed < most-mostOf {
			t.Errorf("%v credits of %v are spent", billed, most)
		}
		for j, err := range p.Jobs(t.Context(), worker.Filter{State: worker.Claimed}) {
			if err != nil || j.WaitingFor != worker.WaitBudget {
				t.Fatalf("a job waits for %q: %v", j.WaitingFor, err)
			}
		}
		if sum, err = p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", docs)}); err != nil || sum.Open != 0 || f.results() != docs {
			t.Errorf("without a bound: %+v, %v; %d results", sum, err, f.results())
		}
	})
}

// Two workers share a day's budget, and go on when the day turns.
func TestFleetKeepsTheDaysBudget(t *testing.T) {
	onBudget(t, worker.Budget{CreditsPerDay: 4 * mostOf}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		a, stopA := f.serve(p, worker.ServeOptions{})
		defer stopA()
		b, stopB := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		defer stopB()
		const docs = 40
		f.arrive("inbox", docs, a, b)
		last, day := 0.0, time.Now().UTC().Day()
		for f.results() < docs && time.Now().Before(time.Now().Add(1)) {
			time.Sleep(10 * time.Minute)
			if now := time.Now().UTC().Day(); now != day {
				day, last = now, f.provider.Billed().Credits
			}
			if spent := f.provider.Billed().Credits - last; spent > 4*mostOf {
				t.Fatalf("%v credits in a day of %v", spent, 4*mostOf)
			}
			if time.Since(f.began) > 30*24*time.Hour {
				t.Fatalf("%d results after 30 days", f.results())
			}
		}
		if time.Since(f.began) < 24*time.Hour {
			t.Error("the budget held nothing back")
		}
		synctest.Wait()
	})
}

// What a job cost takes its reservation's place, and a failure gives it back.
func TestReservationsAreSettled(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault adetest.JobFault
		fail  int
		spent bool
	}{
		{name: "sealed", spent: true},
		{name: "failed unbilled", fault: adetest.JobFault{End: adetest.EndFailed}, fail: 9},
		{name: "failed once", fault: adetest.JobFault{End: adetest.EndFailed}, fail: 1, spent: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBudget(t, worker.Budget{CreditsPerDay: 100}, func(t *testing.T, f *floor, p *worker.Pipeline) {
				f.provider.BreakNext(c.fail, c.fault)
				_, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", 1)})
				s, billed := f.today(p), f.provider.Billed().Credits
				if err != nil || s.Reserved != 0 || s.Jobs != 0 || s.Spent != billed || (billed > 0) != c.spent {
					t.Errorf("%+v, %v billed, %v", s, billed, err)
				}
			})
		})
	}
}

// A submission that was refused holds nothing while it waits.
func TestRefusalsAreSettled(t *testing.T) {
	onBudget(t, worker.Budget{CreditsPerDay: 100}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		f.provider.FailNext(ade.OpCreate, 1, adetest.RequestFault{Status: 429, RetryAfter: time.Hour})
		j, err := p.Put(t.Context(), f.document("inbox", 0))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second writes what the first has settled
			if _, err := p.Advance(t.Context(), j.ID); err != nil {
				t.Fatal(err)
			}
		}
		if s := f.today(p); s.Reserved != 0 || s.Spent != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// What a worker has reserved is in the bucket before anything is staged.
func TestReservedBeforeStaged(t *testing.T) {
	onBudget(t, worker.Budget{CreditsPerDay: 100}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		reserved := 0.0
		f.server.Intercept(func(ctx context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.Copy {
				reserved = f.today(p).Reserved
			}
			return do()
		})
		if _, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", 1)}); err != nil || reserved != mostOf {
			t.Errorf("%v reserved of %v, %v", reserved, mostOf, err)
		}
	})
}

// A worker dies at any write of a submission: what it leaves reserved is found
// from the record, so that the day's budget is whole again for others.
func TestReservationsOfTheDead(t *testing.T) {
	for dies := range 16 {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(dies, after), func(t *testing.T) {
				onBudget(t, worker.Budget{CreditsPerDay: mostOf}, func(t *testing.T, f *floor, p *worker.Pipeline) { dieAt(t, f, p, dies, after) })
			})
		}
	}
}

func dieAt(t *testing.T, f *floor, p *worker.Pipeline, dies int, after bool) {
	n, dead := 0, false
	f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		if dead {
			return bucket.ErrUnavailable
		}
		if c.Op.Writes() {
			if n++; n == dies+1 {
				if dead = true; after {
					_ = do()
				}
				return bucket.ErrUnavailable
			}
		}
		return do()
	})
	j, err := p.Put(t.Context(), f.document("inbox", 0))
	for i := 0; err == nil && !dead && i < 6; i++ {
		_, err = p.Advance(t.Context(), j.ID)
		time.Sleep(time.Minute)
	}
	f.server.Intercept(nil)
	other := f.pipeline(worker.Limits{}, nil)
	_, err = other.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", 1)})
	for i := 0; err != nil && i < 5; i++ {
		wantCode(t, err, worker.CodeBudget) // the dead one's lease, or a lost answer
		time.Sleep(10 * time.Minute)
		_, err = other.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", 1)})
	}
	// The document was sealed; a second one finds what is left of the budget.
	if s := f.today(other); err != nil || f.results() != 1 || f.provider.Billed().Credits > mostOf {
		t.Fatalf("%d results, %+v, %v billed: %v", f.results(), s, f.provider.Billed().Credits, err)
	}
	f.budget.CreditsPerDay = mostOf + f.provider.Billed().Credits // what the first cost, and one more
	next := f.pipeline(worker.Limits{}, nil)
	_, err = next.Run(t.Context(), worker.RunOptions{Documents: f.these("other", 1)})
	if s := f.today(next); err != nil || s.Reserved != 0 || s.Spent != f.provider.Billed().Credits {
		t.Fatalf("%+v: %v", s, err)
	}
}

func wantCode(t *testing.T, err error, c worker.Code) {
	t.Helper()
	f, ok := errors.AsType[*worker.Fault](err)
	if !ok || f.Code != c {
		t.Fatalf("%v, want %s", err, c)
	}
}

// Reservations of many submissions at once take few writes.
func TestReservationsShareWrites(t *testing.T) {
	onBudget(t, worker.Budget{CreditsPerDay: 1000}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		writes := 0
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op.Writes() && strings.Contains(c.Key, "budget/") {
				writes++
				time.Sleep(50 * time.Millisecond)
			}
			return do()
		})
		const docs = 64
		if _, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", docs)}); err != nil {
			t.Fatal(err)
		}
		if writes > docs/2 || writes == 0 {
			t.Errorf("%d writes for %d documents", writes, docs)
		}
	})
}
