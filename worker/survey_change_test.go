package worker_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// changed are the routes of a survey in another revision.
func changed(revision int, on worker.OnChange) worker.Routes {
	all := surveyRoutes(revision)
	all[0].OnChange = on
	return all
}

// TestSurveyKnowsOnChange: what a survey expects of a new revision is what a run
// then does.
func TestSurveyKnowsOnChange(t *testing.T) {
	for _, tt := range []struct {
		on    worker.OnChange
		want  worker.Prospect // but for numbers
		bills int
	}{
		{worker.OnChangeNew, worker.Prospect{Settled: true, Earlier: true}, 0},
		{worker.OnChangeAll, worker.Prospect{Again: true, Parses: true, Reused: true, Extract: true}, 1},
	} {
		t.Run(string(tt.on), func(t *testing.T) {
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				d := f.file(1)
				f.mustRun(changed(1, ""), d)
				s, before := f.survey(changed(2, tt.on)), f.writes()
				x := f.prospect(s, d.Key)
				if costs := x.Extraction.Likely > 0; costs != (tt.bills > 0) || !x.Parse.IsZero() {
					t.Errorf("costs %+v %+v, and %d jobs are to be billed", x.Parse, x.Extraction, tt.bills)
				}
				x.Parse, x.Extraction, x.Pages = worker.Credits{}, worker.Credits{}, 0
				if x != tt.want || f.writes() != before {
					t.Errorf("%+v, want %+v; %d writes", x, tt.want, f.writes()-before)
				}
				billed := f.provider.Billed().Jobs
				f.mustRun(changed(2, tt.on), d)
				if n := f.provider.Billed().Jobs - billed; n != tt.bills {
					t.Errorf("the run billed %d jobs, want %d", n, tt.bills)
				}
				if x := f.prospect(f.survey(changed(2, tt.on)), d.Key); !x.Settled || x.Earlier != (tt.bills == 0) {
					t.Errorf("afterwards: %+v", x)
				}
			})
		})
	}
}

// TestSurveyRefusesWhatARunRefuses: an edit without a revision, and a revision
// that somebody has to decide about.
func TestSurveyRefusesWhatARunRefuses(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.mustRun(changed(1, ""), f.file(1))
		before := f.writes()
		edited := changed(1, "")
		edited[0].Strict = true
		for name, routes := range map[string]worker.Routes{"edited": edited, "undecided": changed(2, worker.OnChangeRefuse)} {
			_, err := worker.NewSurvey(t.Context(), worker.SurveyConfig{Store: f.server.Bucket(storeName), Routes: routes})
			if fault, ok := errors.AsType[*worker.Fault](err); !ok || fault.Code != worker.CodeRouteChanged || fault.Hint == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		f.survey(changed(1, worker.OnChangeRefuse)) // the revision that is there
		if f.writes() != before {
			t.Error("a survey wrote")
		}
	})
}

// TestSurveyWantsUnbilledFailuresAgain: what failed for nothing under an earlier
// revision is what a new one may mend.
func TestSurveyWantsUnbilledFailuresAgain(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.server.PutRaw(storeName, "files/empty.txt", nil, http.Header{})
		f.mustRun(changed(1, ""), worker.Document{Key: "files/empty.txt"})
		if x := f.prospect(f.survey(changed(1, "")), "files/empty.txt"); !x.Settled {
			t.Errorf("its own revision: %+v", x)
		}
		if x := f.prospect(f.survey(changed(2, "")), "files/empty.txt"); x != (worker.Prospect{Code: worker.CodeEmpty}) {
			t.Errorf("the next revision: %+v", x)
		}
	})
}

func (f *floor) mustRun(routes worker.Routes, d worker.Document) {
	f.t.Helper()
	if _, err := f.pipelineWith(routes).Run(f.t.Context(), worker.RunOptions{Documents: theOne(d)}); err != nil {
		f.t.Fatal(err)
	}
}
