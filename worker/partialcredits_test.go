package worker_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// misshape puts a list where the schema has a text or a number.
func misshape(body []byte) []byte {
	var top map[string]any
	if json.Unmarshal(body, &top) != nil {
		return body
	}
	fields, _ := top["extraction"].(map[string]any)
	for name := range fields {
		fields[name] = []string{"a list"}
	}
	out, err := json.Marshal(top)
	if err != nil {
		return body
	}
	return out
}

// A result that its route takes for a failure was billed, and its receipt says
// how much: that is what the job says, and what the budget is charged with.
func TestAnIncompleteResultSaysWhatItCost(t *testing.T) {
	onBudget(t, worker.Budget{CreditsPerDay: 100}, func(t *testing.T, f *floor, _ *worker.Pipeline) {
		routes := revision(1, "")
		routes[0].Partial = worker.PartialFail
		p := f.pipelineWith(routes)
		f.provider.BreakNext(1, adetest.JobFault{Landing: adetest.Landing{Alter: misshape}})
		j := settle(t, p, putDocument(t, p, f.document("inbox", 1)).ID)
		if j.Code != worker.CodePartial || j.Billed != "yes" {
			t.Fatalf("the job is %s %s, billed %s", j.State, j.Code, j.Billed)
		}
		bill := f.provider.Billed().Credits
		if s := f.today(p); bill == 0 || math.Abs(j.Credits-bill) > 1e-9 || math.Abs(s.Spent-bill) > 1e-9 || s.Reserved != 0 {
			t.Errorf("billed %.1f, the job says %.1f, the budget %+v", bill, j.Credits, s)
		}
	})
}
