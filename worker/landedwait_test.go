package worker_test

import (
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// A job was given up and is tried again while its first result, which was paid
// for, has arrived. That there is no budget for another submission does not keep
// it from its key: it costs nothing more.
func TestAResultThatIsThereNeedsNoBudget(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		first := f.begun(p)
		if _, err := p.Abandon(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}
		if j := settle(t, p, first.ID); j.State != worker.Draining {
			t.Fatalf("the job is %s", j.State)
		}
		time.Sleep(time.Minute)
		if f.count(exchangeName, worker.OutboxPrefix) != 1 {
			t.Fatal("nothing has arrived")
		}
		f.budget = worker.Budget{CreditsPerDay: mostOf / 10}
		p = f.pipeline(worker.Limits{}, nil)
		if _, err := p.Retry(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}
		j, err := p.Advance(t.Context(), first.ID)
		if err != nil || j.Status != worker.StatusOK || f.billed() != 1 {
			t.Errorf("the job is %s, waits for %q, %d billed, %v", j.State, j.WaitingFor, f.billed(), err)
		}
		// Another, of which nothing has arrived, waits.
		if j, err = p.Advance(t.Context(), putDocument(t, p, f.document("inbox", 2)).ID); err != nil || j.WaitingFor != worker.WaitBudget {
			t.Errorf("the other job is %s, waits for %q, %v", j.State, j.WaitingFor, err)
		}
	})
}
