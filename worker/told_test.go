package worker_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// around has something happen just before the first write of a key that begins
// so takes effect. A worker that dies then reaches nothing afterwards; the others
// are let through.
func (f *floor) around(prefix string, dies bool, meanwhile func()) {
	met, dead := false, false
	f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		switch {
		case dead:
			return bucket.ErrUnavailable
		case met || c.Op != memstore.Put || !strings.HasPrefix(c.Key, prefix):
			return do()
		}
		met = true
		meanwhile()
		err := do()
		if dead = dies; dead {
			return bucket.ErrUnavailable
		}
		return err
	})
}

// landed is a job whose result lies in its outbox, ten minutes after it was begun.
func (f *floor) landed(p *worker.Pipeline) worker.Job {
	f.t.Helper()
	j := f.begun(p)
	time.Sleep(10 * time.Minute)
	return j
}

// garble overwrites what lies in the only outbox.
func (f *floor) garble() {
	f.t.Helper()
	for o, err := range f.server.Bucket(exchangeName).List(f.t.Context(), bucket.Page{Prefix: worker.OutboxPrefix}) {
		if err != nil {
			f.t.Fatal(err)
		}
		f.server.PutRaw(exchangeName, o.Key, []byte("no JSON"), nil)
	}
}

// A worker publishes a result and dies, or sleeps, before the record says so, and
// the job is ended otherwise meanwhile. Whenever that is: in the end the record
// says what the result says, no failure stands beside it, and it is paid once.
func TestAToldResultStands(t *testing.T) {
	abandon := func(t *testing.T, p *worker.Pipeline, id worker.ID, want worker.Code) {
		t.Helper()
		_, err := p.Abandon(t.Context(), id)
		if want != "" {
			wantCode(t, err, want)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	type pipelines struct {
		f          *floor
		p, another *worker.Pipeline
		id         worker.ID
	}
	for _, tt := range []struct {
		name   string
		dies   bool
		before func(t *testing.T, s pipelines) // the result is written
		after  func(t *testing.T, s pipelines) // the worker has slept, or is dead
	}{
		{"given up when it stands", true, nil, func(t *testing.T, s pipelines) {
			abandon(t, s.another, s.id, worker.CodeWrongState)
		}},
		{"overwritten when it stands", true, nil, func(t *testing.T, s pipelines) {
			s.f.garble()
			settle(t, s.another, s.id)
		}},
		{"given up while it was written", false, func(t *testing.T, s pipelines) {
			abandon(t, s.another, s.id, "")
		}, nil},
		{"given up and told while it was written", false, func(t *testing.T, s pipelines) {
			abandon(t, s.another, s.id, "")
			settle(t, s.another, s.id)
			if s.f.failureOf("0001") != worker.CodeAbandoned {
				t.Fatal("no failure was told")
			}
		}, nil},
		{"closed as failed while it was written", false, func(t *testing.T, s pipelines) {
			abandon(t, s.another, s.id, "")
			s.f.sweepUntil(s.another, worker.Closed)
		}, nil},
		{"given up while it was written by one that died", true, func(t *testing.T, s pipelines) {
			abandon(t, s.another, s.id, "")
			settle(t, s.another, s.id)
		}, nil},
		{"closed as failed while it was written by one that died, and seen again", true, func(t *testing.T, s pipelines) {
			abandon(t, s.another, s.id, "")
			s.f.sweepUntil(s.another, worker.Closed)
		}, func(t *testing.T, s pipelines) {
			putDocument(t, s.another, worker.Document{Key: "inbox/0001.md"})
		}},
		{"closed as failed while it was written by one that died, and tried again", true, func(t *testing.T, s pipelines) {
			abandon(t, s.another, s.id, "")
			s.f.sweepUntil(s.another, worker.Closed)
		}, func(t *testing.T, s pipelines) {
			if _, err := s.another.Retry(t.Context(), s.id); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				s := pipelines{f: f, p: f.pipeline(worker.Limits{}, nil), another: f.pipeline(worker.Limits{}, nil)}
				s.id = f.landed(s.p).ID
				f.around("results/", tt.dies, func() {
					if tt.before != nil {
						tt.before(t, s)
					}
				})
				if _, err := s.p.Advance(t.Context(), s.id); (err != nil) != tt.dies {
					t.Fatalf("the publishing worker: %v", err)
				}
				f.server.Intercept(nil)
				if tt.after != nil {
					tt.after(t, s)
				}
				f.sweepUntil(s.another, worker.Closed)
				if r := f.onlyRecord(); r.Status != worker.StatusOK || r.Failure != "" {
					t.Errorf("the record says %q, failure %q", r.Status, r.Failure)
				}
				if n, failures := f.results(), f.count(storeName, "failures/"); n != 1 || failures != 0 || f.billed() != 1 {
					t.Errorf("%d results, %d failures, %d billed", n, failures, f.billed())
				}
			})
		})
	}
}

// A worker sleeps while it tells a failure, and the job is tried again meanwhile
// and has its result.
func TestAFailureThatIsToldTooLateGoesAgain(t *testing.T) {
	for _, dies := range []bool{false, true} {
		onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
			p, another := f.pipeline(worker.Limits{}, nil), f.pipeline(worker.Limits{}, nil)
			id := f.landed(p).ID
			if _, err := p.Abandon(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			f.around("failures/", dies, func() {
				settle(t, another, id)
				if _, err := another.Retry(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				if j := settle(t, another, id); j.Status != worker.StatusOK || f.count(storeName, "failures/") != 0 {
					t.Fatalf("the retry: %s %s", j.Status, j.Code)
				}
			})
			if _, err := p.Advance(t.Context(), id); (err != nil) != dies {
				t.Fatal(err)
			}
			f.server.Intercept(nil)
			if n := f.count(storeName, "failures/"); (n != 0) != dies {
				t.Errorf("dies %t: %d failures stand at once", dies, n)
			}
			f.sweepUntil(another, worker.Closed)
			if n := f.count(storeName, "failures/"); n != 0 || f.results() != 1 {
				t.Errorf("dies %t: %d failures, %d results", dies, n, f.results())
			}
		})
	}
}

// A worker publishes over an older version's failure and dies before that is
// removed.
func TestAnOlderFailureGoesWhoeverDies(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		f.server.PutRaw(storeName, "inbox/0001.md", nil, nil)
		if j := settle(t, p, putDocument(t, p, worker.Document{Key: "inbox/0001.md"}).ID); f.failureOf("0001") == "" {
			t.Fatalf("the empty document: %s %s", j.State, j.Code)
		}
		id := f.landed(p).ID
		f.around("results/", true, func() {})
		if _, err := p.Advance(t.Context(), id); err == nil {
			t.Fatal("the worker lives")
		}
		f.server.Intercept(nil)
		if j := settle(t, f.pipeline(worker.Limits{}, nil), id); j.Status != worker.StatusOK || f.count(storeName, "failures/") != 0 {
			t.Errorf("%s %s, %d failures", j.State, j.Status, f.count(storeName, "failures/"))
		}
	})
}

// A parse is given up while its result is written. Nobody reads that, so it is
// not kept for ever.
func TestParsedOfAnAbandonedParseIsRemoved(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.settings.KeepParsed = keep
		p, another := f.pipelineWith(filesOf("first")), f.pipelineWith(filesOf("first"))
		f.file(1)
		j, err := p.Advance(t.Context(), putFileAgain(t, p).ID)
		if err != nil || j.Parse == nil {
			t.Fatalf("%+v, %v", j, err)
		}
		time.Sleep(10 * time.Minute)
		f.around("zdr/parsed/", false, func() {
			if _, err := another.Abandon(t.Context(), j.Parse.ID); err != nil {
				t.Fatal(err)
			}
		})
		if j = settle(t, p, j.ID); j.Code != worker.CodeAbandoned || f.parsedObjects() != 1 {
			t.Fatalf("%s %s, %d parse results", j.State, j.Code, f.parsedObjects())
		}
		f.server.Intercept(nil)
		f.sweepAfter(p, 2*day)
		if rep := f.sweepAfter(p, keep); rep.Parsed != 1 || f.parsedObjects() != 0 {
			t.Errorf("%d removed, %d are left", rep.Parsed, f.parsedObjects())
		}
	})
}
