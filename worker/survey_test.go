package worker_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

// writes counts what changes the buckets.
func (f *floor) writes() (n int) {
	for op, k := range f.server.Requests() {
		if op.Writes() {
			n += k
		}
	}
	return n
}

func surveyRoutes(revision int) worker.Routes {
	return worker.Routes{{Name: "files", Prefix: "files/", Suffixes: []string{".txt", ".pdf"}, Schema: simSchema, Revision: revision}}
}

func (f *floor) survey(routes worker.Routes) *worker.Survey {
	f.t.Helper()
	s, err := worker.NewSurvey(f.t.Context(), worker.SurveyConfig{Store: f.server.Bucket(storeName), Routes: routes})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func theOne(d worker.Document) iter.Seq2[worker.Document, error] {
	return func(yield func(worker.Document, error) bool) { yield(d, nil) }
}

func (f *floor) prospect(s *worker.Survey, key string) worker.Prospect {
	f.t.Helper()
	x, err := s.Object(f.t.Context(), key)
	if err != nil {
		f.t.Fatal(err)
	}
	return x
}

func TestSurveyWritesNothing(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.server.PutRaw(storeName, "files/a.pdf", pdftest.Many(t, 3), http.Header{})
		f.server.PutRaw(storeName, "files/empty.pdf", nil, http.Header{})
		before := f.writes()
		s := f.survey(surveyRoutes(1))
		if x := f.prospect(s, "files/a.pdf"); !x.Parses || !x.Extract || x.Pages != 3 || x.Parse.Low != 9 || x.Extraction.High <= 0 {
			t.Errorf("a PDF of three pages: %+v", x)
		}
		for key, want := range map[string]worker.Code{
			"files/empty.pdf": worker.CodeEmpty, "files/none.pdf": worker.CodeSourceGone, "results/a.json": worker.CodeSourceGone,
		} {
			if x := f.prospect(s, key); x.Code != want {
				t.Errorf("%s: %+v, want %s", key, x, want)
			}
		}
		if n := f.writes() - before; n != 0 {
			t.Errorf("a survey wrote %d times", n)
		}
		if jobs := f.provider.Billed().Jobs; jobs != 0 {
			t.Errorf("%d jobs", jobs)
		}
	})
}

func TestSurveyKnowsWhatWasDone(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipelineWith(surveyRoutes(1))
		d := f.file(1)
		if _, err := p.Run(t.Context(), worker.RunOptions{Documents: theOne(d)}); err != nil {
			t.Fatal(err)
		}
		billed, before := f.provider.Billed().Jobs, f.writes()
		if x := f.prospect(f.survey(surveyRoutes(1)), d.Key); !x.Settled {
			t.Errorf("done before: %+v", x)
		}
		other := surveyRoutes(1)
		other[0].Name = "others"
		x := f.prospect(f.survey(other), d.Key)
		if x.Settled || x.Again || !x.Reused || !x.Parse.IsZero() || x.Extraction.Likely <= 0 {
			t.Errorf("another route: %+v", x)
		}
		if f.writes() != before || f.provider.Billed().Jobs != billed {
			t.Errorf("a survey changed something")
		}
	})
}

func TestSurveyOfAFile(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipelineWith(surveyRoutes(1))
		text := []byte("Invoice number: 17\n")
		d, _, err := p.Upload(t.Context(), "files/u.txt", bytes.NewReader(text))
		if err == nil {
			_, err = p.Run(t.Context(), worker.RunOptions{Documents: theOne(d)})
		}
		if err != nil {
			t.Fatal(err)
		}
		s := f.survey(surveyRoutes(1))
		for _, c := range []struct {
			key, body string
			settled   bool
			code      worker.Code
		}{
			{"files/u.txt", string(text), true, ""},
			{"files/u.txt", "Invoice number: 18\n", false, ""},
			{"files/v.txt", string(text), false, ""},
			{"files/w.txt", "", false, worker.CodeEmpty},
		} {
			b := []byte(c.body)
			x, err := s.File(t.Context(), c.key, b, int64(len(b)), bytes.NewReader(b))
			if err != nil || x.Settled != c.settled || x.Code != c.code {
				t.Errorf("%+v: %+v, %v", c, x, err)
			}
		}
	})
}

func TestSurveyDoesNotBlameTheDocument(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.file(1)
		s := f.survey(surveyRoutes(1))
		f.server.Intercept(func(context.Context, memstore.Call, func() error) error { return errors.New("away") })
		if x, err := s.Object(t.Context(), "files/0001.txt"); err == nil {
			t.Errorf("a store that is away: %+v", x)
		}
	})
}

func TestForecast(t *testing.T) {
	var f worker.Forecast
	f.Add(worker.Prospect{Parses: true, Extract: true, Pages: 10, Parse: worker.Credits{Low: 30, Likely: 30, High: 40}, Extraction: worker.Credits{Low: 1, Likely: 2, High: 3}})
	f.Add(worker.Prospect{Parses: true, Extract: true, Parse: worker.Credits{Low: 3, Likely: 6, High: 9}})
	f.Add(worker.Prospect{Parses: true, Reused: true, Extract: true, Extraction: worker.Credits{Low: 1, Likely: 1, High: 1}})
	f.Add(worker.Prospect{Settled: true})
	f.Add(worker.Prospect{UnderWay: true})
	f.Add(worker.Prospect{Code: worker.CodeEmpty})
	if f.Documents != 6 || f.ToDo != 4 || f.UnderWay != 1 || f.Settled != 1 || f.Refused[worker.CodeEmpty] != 1 ||
		f.Parses != 2 || f.Reused != 1 || f.Extracts != 3 || f.Pages != 10 || f.Uncounted != 1 {
		t.Errorf("%+v", f)
	}
	if c := f.Credits(); c != (worker.Credits{Low: 35, Likely: 39, High: 53}) {
		t.Errorf("credits %+v", c)
	}
	if f.Time(worker.Limits{}) != 0 || f.Time(worker.Limits{ExtractJobsPerHour: 6}) != 30*time.Minute || f.Time(worker.Limits{ExtractJobsPerHour: 6, ParsePagesPerHour: 11}) != time.Hour {
		t.Errorf("time %v", f.Time(worker.Limits{ExtractJobsPerHour: 6, ParsePagesPerHour: 11}))
	}
	ten := f.Of(60)
	if ten.Documents != 60 || ten.LookedAt != 6 || ten.ToDo != 40 || ten.Refused[worker.CodeEmpty] != 10 || ten.Credits().Likely != 390 || f.Refused[worker.CodeEmpty] != 1 {
		t.Errorf("of 60: %+v", ten)
	}
	if same := f.Of(6); same.ToDo != 4 || same.Credits() != f.Credits() {
		t.Errorf("of 6: %+v", same)
	}
}
