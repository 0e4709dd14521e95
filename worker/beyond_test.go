package worker_test

import (
	"bytes"
	"errors"
	"net/http"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

// What costs more than a whole day has is said to be so before and after, and
// what waits for another day is not.
func TestBeyondTheDaysBudget(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.server.PutRaw(storeName, "inbox/large.md", bytes.Repeat([]byte("Total amount due: 17\n"), 20_000), nil)
		small := f.document("inbox", 1)
		f.server.PutRaw(storeName, "files/many.pdf", pdftest.Many(t, 40), http.Header{})
		f.server.PutRaw(storeName, "files/few.pdf", pdftest.Many(t, 1), http.Header{})
		f.budget.CreditsPerDay = 50
		routes := worker.Routes{
			{Name: routeName, Prefix: "inbox/", Schema: simSchema},
			{Name: "files", Prefix: "files/", Suffixes: []string{".pdf"}, Schema: simSchema},
		}
		s, err := worker.NewSurvey(t.Context(), worker.SurveyConfig{Store: f.server.Bucket(storeName), Routes: routes, Bound: 50})
		if err != nil {
			t.Fatal(err)
		}
		var sum worker.Forecast
		for key, want := range map[string]bool{"inbox/large.md": true, small.Key: false, "files/many.pdf": true, "files/few.pdf": false} {
			x := f.prospect(s, key)
			if sum.Add(x); x.Beyond != want {
				t.Errorf("%s: beyond %v, want %v: %+v", key, x.Beyond, want, x)
			}
		}
		if sum.Beyond != 2 || sum.Of(40).Beyond != 20 {
			t.Errorf("%d of 4 are beyond, %d of 40", sum.Beyond, sum.Of(40).Beyond)
		}
		p := f.pipelineWith(routes)
		var jobs []worker.Job
		for _, key := range []string{"inbox/large.md", "files/many.pdf"} {
			_, err = p.Run(t.Context(), worker.RunOptions{Documents: theOne(worker.Document{Key: key})})
			wantCode(t, err, worker.CodeBudget)
		}
		for j, err := range p.Jobs(t.Context(), worker.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			if jobs = append(jobs, j); j.Step == worker.StepExtract && j.Parse != nil {
				continue // its parse is the one that waits
			}
			d, err := p.Explain(t.Context(), j.ID)
			if err != nil || d.Beyond.Day != 50 || d.Beyond.Credits <= 50 {
				t.Errorf("a job of step %s: %+v, %v", j.Step, d.Beyond, err)
			}
		}
		status, err := p.Status(t.Context(), worker.StatusOptions{})
		if err != nil || len(jobs) != 3 || status.Beyond != 2 {
			t.Errorf("%d jobs, the status has %d beyond, %v", len(jobs), status.Beyond, err)
		}
		if n := f.provider.Billed().Jobs; n != 0 {
			t.Errorf("%d jobs were billed", n)
		}
	})
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.budget.CreditsPerDay = mostOf
		p := f.pipeline(worker.Limits{}, nil)
		_, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", 2)})
		if !errors.As(err, new(*worker.Fault)) {
			t.Fatal(err)
		}
		if status, err := p.Status(t.Context(), worker.StatusOptions{}); err != nil || status.Beyond != 0 || status.Waiting[worker.WaitBudget] != 1 {
			t.Errorf("one waits for another day: %d beyond, %v, %v", status.Beyond, status.Waiting, err)
		}
	})
}
