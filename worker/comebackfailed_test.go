package worker_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// A document fails, billed; it goes, and what a retry comes to is told to
// nobody. When the same bytes are back, the failure object says how the retry
// ended, not how the first try did.
func TestADocumentThatIsBackIsToldOfItsLastTry(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.settings.OnSourceDeleted = worker.DeletedDiscard
		p := f.pipeline(worker.Limits{}, nil)
		f.provider.BreakNext(1, adetest.JobFault{Landing: adetest.Landing{Alter: adetest.Garbage}})
		d := f.document("inbox", 1)
		first := settle(t, p, putDocument(t, p, d).ID)
		if said := f.failureOf("0001"); first.Code != worker.CodeResultInvalid || said != first.Code {
			t.Fatalf("the first try ended as %s, and the object says %q", first.Code, said)
		}
		if _, err := f.server.Lookup(storeName).Delete(d.Key, "", time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Retry(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}
		if j := settle(t, p, first.ID); j.Code != worker.CodeSourceGone || j.Billed != "unknown" {
			t.Fatalf("the retry ended as %s, billed %s", j.Code, j.Billed)
		}
		f.sweepUntil(p, worker.Closed)
		if j := putDocument(t, p, f.document("inbox", 1)); j.ID != first.ID || j.Gen != 2 {
			t.Fatalf("back again it is another job, or tried again unasked: generation %d", j.Gen)
		}
		if said := f.failureOf("0001"); said != worker.CodeSourceGone {
			t.Errorf("the failure object says %q, want %s", said, worker.CodeSourceGone)
		}
	})
}

func putDocument(t *testing.T, p *worker.Pipeline, d worker.Document) worker.Job {
	t.Helper()
	j, err := p.Put(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// failureOf is the code in the failure object of an invoice; empty where there
// is none.
func (f *floor) failureOf(name string) worker.Code {
	f.t.Helper()
	var said struct{ Code worker.Code }
	body, _, err := f.server.GetRaw(storeName, "failures/"+routeName+"/"+name+".md.json")
	if err == nil {
		err = json.Unmarshal(body, &said)
	}
	if err != nil {
		f.t.Logf("no failure object: %v", err)
	}
	return said.Code
}
