package worker_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

var (
	unbilled = adetest.JobFault{End: adetest.EndFailed}
	garbled  = adetest.JobFault{Landing: adetest.Landing{Alter: adetest.Garbage}}
)

// A schema is corrected right after a document failed by it, unbilled. The new
// revision takes the document at once, and the end of the old one's URLs, hours
// later, does not bring its failure back.
func TestANewRevisionMendsWhatHasJustFailed(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		before := f.pipelineWith(revision(1, ""))
		f.provider.BreakNext(3, unbilled)
		first := settle(t, before, f.begun(before).ID)
		if first.Billed != "no" || first.State != worker.Draining || f.failureOf("0001") != worker.CodeProviderFailed {
			t.Fatalf("the first try is %s %s, billed %s", first.State, first.Code, first.Billed)
		}
		p := f.pipelineWith(revision(2, ""))
		j := putDocument(t, p, f.document("inbox", 1))
		if j = settle(t, p, j.ID); j.ID == first.ID || j.Status != worker.StatusOK {
			t.Fatalf("the corrected revision came to %s %s", j.State, j.Code)
		}
		f.closeAll(p)
		if f.results() != 1 || f.count(storeName, theFailure) != 0 {
			t.Errorf("%d results, and the failure object says %q", f.results(), f.failureOf("0001"))
		}
	})
}

// closeAll sweeps until the URLs of every job have ended.
func (f *floor) closeAll(p *worker.Pipeline) {
	f.t.Helper()
	for range 3 {
		f.sweepAfter(p, 4*time.Hour)
	}
	for j, err := range p.Jobs(f.t.Context(), worker.Filter{}) {
		f.t.Fatalf("a job is %s: %v", j.State, err)
	}
}

// Two revisions have a job of the same document at the same time, and the older
// comes to its end last. What the newer came to stays.
func TestAnOlderRevisionComesLast(t *testing.T) {
	for _, tt := range []struct {
		name         string
		older, newer adetest.JobFault
		result       string      // of this revision
		failure      worker.Code // the code that stands
		status       string      // of the older job's result
	}{
		{"both succeed", adetest.JobFault{}, adetest.JobFault{}, "2", "", worker.StatusSuperseded},
		{"the older fails", garbled, adetest.JobFault{}, "2", "", ""},
		{"both fail", unbilled, garbled, "", worker.CodeResultInvalid, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				before := f.pipelineWith(revision(1, worker.OnChangeAll))
				f.provider.BreakNext(1, tt.older)
				first := f.begun(before)
				p := f.pipelineWith(revision(2, worker.OnChangeAll))
				f.provider.BreakNext(1, tt.newer)
				second := settle(t, p, putDocument(t, p, worker.Document{Key: "inbox/0001.md"}).ID)
				f.provider.BreakNext(2, tt.older)
				if j := settle(t, before, first.ID); j.Status != tt.status || j.ID == second.ID {
					t.Errorf("the older revision's result is %q", j.Status)
				}
				f.closeAll(p)
				f.stands(tt.result, tt.failure)
				putDocument(t, before, worker.Document{Key: "inbox/0001.md"}) // a worker of before looks again
				f.stands(tt.result, tt.failure)
			})
		})
	}
}

// stands checks what lies at the keys of the first document: the result of a
// revision, or a failure.
func (f *floor) stands(revision string, code worker.Code) {
	f.t.Helper()
	_, h, err := f.server.GetRaw(storeName, theResult)
	if got := h.Get("X-Amz-Meta-Zdr-Revision"); got != revision {
		f.t.Errorf("the result is of revision %q (%v), want %q", got, err, revision)
	}
	var said struct{ Code worker.Code }
	if body, _, err := f.server.GetRaw(storeName, theFailure); err == nil && json.Unmarshal(body, &said) != nil {
		f.t.Error("the failure object is no JSON")
	}
	if said.Code != code {
		f.t.Errorf("the failure object says %q, want %q", said.Code, code)
	}
}
