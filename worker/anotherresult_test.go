package worker_test

import (
	"errors"
	"io"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// What is given as a job's result is the job's own: once another version of its
// document has been answered, that one's fields stand at the key.
func TestAnotherVersionsResultIsNotGiven(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		first := settle(t, p, f.begun(p).ID)
		mine := f.resultOf(p, first)
		if mine.err != nil || mine.waited != nil || len(mine.body) == 0 {
			t.Fatalf("its own result: %+v", mine)
		}
		f.change()
		second := settle(t, p, putDocument(t, p, worker.Document{Key: "inbox/0001.md"}).ID)
		if now := f.resultOf(p, second); now.err != nil || now.waited != nil || string(now.body) == string(mine.body) {
			t.Fatalf("the other version's: %+v", now)
		}
		now := f.resultOf(p, first)
		for _, err := range []error{now.err, now.waited} {
			if fault, ok := errors.AsType[*worker.Fault](err); !ok || fault.Code != worker.CodeSourceChanged {
				t.Errorf("the first job's result: %v, want %s", err, worker.CodeSourceChanged)
			}
		}
	})
}

type gotten struct {
	body        []byte
	err, waited error
}

// resultOf reads a job's result in each way.
func (f *floor) resultOf(p *worker.Pipeline, j worker.Job) (got gotten) {
	f.t.Helper()
	_, got.waited = p.Wait(f.t.Context(), j.Ref)
	body, err := p.OpenResult(f.t.Context(), j)
	if err != nil {
		got.err = err
		return got
	}
	defer body.Close()
	got.body, got.err = io.ReadAll(body)
	return got
}

// A job whose result does not stand at its key names none, by whatever it is
// found.
func TestAFoundJobNamesNoResultThatItHasNot(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.settings.OnSourceDeleted = worker.DeletedDiscard
		p := f.pipeline(worker.Limits{}, nil)
		first := f.begun(p)
		f.remove("inbox/0001.md")
		if j := settle(t, p, first.ID); j.Status != worker.StatusDiscarded {
			t.Fatalf("the result is %s", j.Status)
		}
		f.document("inbox", 1)
		for _, name := range []string{first.Ref, "inbox/0001.md", "s3://" + storeName + "/inbox/0001.md"} {
			if j, err := p.Find(t.Context(), name); err != nil || j.ID != first.ID || !j.Result.IsZero() {
				t.Errorf("found as %q it names %q, %v", name, j.Result.Reveal(), err)
			}
		}
	})
}
