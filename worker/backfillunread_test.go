package worker_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// deny lets the store refuse documents, while it holds; tries is how often it did.
func (f *floor) deny(class error, which func(key string) bool) (on *atomic.Bool, tries *atomic.Int32) {
	on, tries = new(atomic.Bool), new(atomic.Int32)
	on.Store(true)
	f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		if c.Op == memstore.Get && on.Load() && strings.HasPrefix(c.Key, "inbox/") && which(c.Key) {
			tries.Add(1)
			return &bucket.Error{Op: "get", Class: class, Code: "AccessDenied", Status: 403}
		}
		return do()
	})
	return on, tries
}

func oneOf(keys ...string) func(string) bool {
	return func(key string) bool { return slices.Contains(keys, key) }
}

// passers are those who do a backfill: all of them get past a document that the
// store denies.
var passers = map[string]func(t *testing.T, f *floor, p *worker.Pipeline, b worker.Backfill){
	"serve": func(_ *testing.T, f *floor, p *worker.Pipeline, _ worker.Backfill) {
		_, stop := f.serve(p, worker.ServeOptions{})
		time.Sleep(5 * time.Minute)
		stop()
	},
	"run": func(t *testing.T, _ *floor, p *worker.Pipeline, b worker.Backfill) {
		sum, err := p.Run(t.Context(), worker.RunOptions{Backfills: []worker.Backfill{b}})
		if err != nil || sum.Sealed != 38 || sum.Refused != 2 || sum.Unread != 2 || sum.Found != 40 || sum.Open != 0 {
			t.Errorf("the run: %+v, %v", sum, err)
		}
	},
	"timer": func(t *testing.T, _ *floor, p *worker.Pipeline, _ worker.Backfill) {
		for range 30 {
			if _, err := p.FillBackfills(t.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(20 * time.Second)
			if _, err := p.Sweep(t.Context(), true); err != nil {
				t.Error(err)
			}
		}
	},
}

func TestBackfillGetsPastADeniedDocument(t *testing.T) {
	for name, pass := range passers {
		for _, class := range []error{bucket.ErrDenied, bucket.ErrInvalid} {
			t.Run(fmt.Sprintf("%s, %v", name, class), func(t *testing.T) {
				onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
					f.lay("inbox", 40)
					on, tries := f.deny(class, oneOf("inbox/0000.md", "inbox/0039.md"))
					f.settings.InFlight = 10 // the timer's share of one call
					p := f.pipeline(worker.Limits{}, nil)
					plan := worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: name != "run"}
					pass(t, f, p, f.begin(p, plan))
					b, err := p.Backfills(t.Context())
					if err != nil || len(b) != 1 || b[0].Ended.IsZero() {
						t.Fatalf("the backfill is not through: %+v, %v", b, err)
					}
					if n := b[0].Counts(); n.Refused != 2 || n.Unread != 2 || n.Done() != 40 {
						t.Errorf("the backfill counts %+v", n)
					}
					f.once(38)
					if n := tries.Load(); n < 6 || n > 20 {
						t.Errorf("the two were tried %d times, want some and a bound", n)
					}
					if n := strings.Count(f.log.b.String(), `"source_unreadable"`); n != 2 {
						t.Errorf("the log says it %d times, want once of each", n)
					}
					on.Store(false)
					if sum, err := f.fill(p, plan, 0, 0); name == "run" && (err != nil || sum.Sealed != 2 || sum.Unchanged != 38) {
						t.Errorf("with the rights, again: %+v, %v", sum, err)
					}
				})
			})
		}
	}
}

// Where nothing goes through, nothing is marked: it is not the documents.
func TestBackfillWaitsWhenAllIsDenied(t *testing.T) {
	for name, pass := range map[string]func(*testing.T, *floor, *worker.Pipeline, worker.Backfill){
		"serve": passers["serve"],
		"run": func(t *testing.T, _ *floor, p *worker.Pipeline, b worker.Backfill) {
			sum, err := p.Run(t.Context(), worker.RunOptions{Backfills: []worker.Backfill{b}})
			if wantCode(t, err, worker.CodeStoreDenied); sum.Refused != 0 || sum.Found != 0 {
				t.Errorf("the run: %+v", sum)
			}
		},
		"timer": func(t *testing.T, _ *floor, p *worker.Pipeline, _ worker.Backfill) {
			for range 5 {
				_, err := p.FillBackfills(t.Context())
				wantCode(t, err, worker.CodeStoreDenied)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				f.lay("inbox", 60)
				on, tries := f.deny(bucket.ErrDenied, func(string) bool { return true })
				p := f.pipeline(worker.Limits{}, nil)
				b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: name != "run"})
				pass(t, f, p, b)
				now, err := p.Backfill(t.Context(), b.ID)
				if n := now.Counts(); err != nil || n != (worker.Counts{}) || !now.Ended.IsZero() {
					t.Errorf("the backfill counts %+v, %v", n, err)
				}
				if n := tries.Load(); n < 10 || n > 600 {
					t.Errorf("%d tries", n)
				}
				on.Store(false)
				_, stop := f.serve(p, worker.ServeOptions{})
				defer stop()
				time.Sleep(15 * time.Minute)
				f.once(60)
			})
		})
	}
}

// Rights that are lost in the middle and come back cost no document.
func TestBackfillOutlastsLostRights(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 300)
		on, _ := f.deny(bucket.ErrDenied, func(string) bool { return true })
		on.Store(false)
		p := f.pipeline(worker.Limits{ExtractJobsPerHour: 3600}, nil)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		_, stop := f.serve(p, worker.ServeOptions{})
		time.Sleep(90 * time.Second)
		on.Store(true)
		time.Sleep(5 * time.Minute)
		on.Store(false)
		time.Sleep(20 * time.Minute)
		stop()
		now, err := p.Backfill(t.Context(), b.ID)
		if n := now.Counts(); err != nil || n.Claimed != 300 || n.Refused != 0 {
			t.Errorf("the backfill counts %+v, %v", n, err)
		}
		f.once(300)
	})
}

// A list of keys that is narrowed by age asks for each object's; one that is
// denied counts as such.
func TestBackfillOfADatedListGetsPastADeniedDocument(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 12)
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if (c.Op == memstore.Get || c.Op == memstore.Head) && c.Key == "inbox/0003.md" {
				return &bucket.Error{Op: string(c.Op), Class: bucket.ErrDenied, Status: 403}
			}
			return do()
		})
		p := f.pipeline(worker.Limits{}, nil)
		keys := func(yield func(string, error) bool) {
			for i := range 12 {
				if !yield(fmt.Sprintf("inbox/%04d.md", i), nil) {
					return
				}
			}
		}
		sum, err := f.fill(p, worker.BackfillPlan{Keys: keys, Since: f.began.Add(-time.Hour)}, 0, 0)
		if err != nil || sum.Sealed != 11 || sum.Unread != 1 {
			t.Errorf("got %+v, %v", sum, err)
		}
	})
}

// Documents of no backfill are tried as often, and many in a row end the Run.
func TestRunOfDeniedDocuments(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		var docs []worker.Document
		for i := range 40 {
			docs = append(docs, f.document("inbox", i))
		}
		on, _ := f.deny(bucket.ErrDenied, oneOf("inbox/0000.md", "inbox/0007.md"))
		p := f.pipeline(worker.Limits{}, nil)
		sum, err := p.Run(t.Context(), worker.RunOptions{Documents: slicesOf(docs)})
		if err != nil || sum.Sealed != 38 || sum.Refused != 2 || sum.Unread != 2 {
			t.Errorf("two are denied: %+v, %v", sum, err)
		}
		on.Store(false)
		f.deny(bucket.ErrDenied, func(string) bool { return true })
		sum, err = p.Run(t.Context(), worker.RunOptions{Documents: slicesOf(docs)})
		if wantCode(t, err, worker.CodeStoreDenied); sum.Refused > 30 {
			t.Errorf("all are denied: %+v", sum)
		}
	})
}

// Many that are denied here and there are none in a row.
func TestBackfillGetsPastManyDeniedDocuments(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 200)
		f.deny(bucket.ErrDenied, func(key string) bool { return strings.HasSuffix(key, "5.md") })
		p := f.pipeline(worker.Limits{}, nil)
		f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		_, stop := f.serve(p, worker.ServeOptions{})
		time.Sleep(10 * time.Minute)
		stop()
		b, err := p.Backfills(t.Context())
		if n := b[0].Counts(); err != nil || n.Claimed != 180 || n.Unread != 20 || b[0].Ended.IsZero() {
			t.Errorf("the backfill counts %+v, %v", n, err)
		}
		f.once(180)
		if n := strings.Count(f.log.b.String(), `"source_unreadable"`); n != 4 || !strings.Contains(f.log.b.String(), "20 documents of a backfill passed over") {
			t.Errorf("the log has %d lines of them, want three and the sum", n)
		}
	})
}

// What ends a Run is no document's fault: those that it met with are counted by
// nobody, and done by the next.
func TestRunThatIsStoppedCountsNoDocument(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.lay("inbox", 30)
		p := f.pipeline(worker.Limits{}, nil)
		plan := worker.BackfillPlan{Prefixes: []string{"inbox/"}}
		b := f.begin(p, plan)
		var on atomic.Bool
		on.Store(true)
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.Put && on.Load() && strings.HasPrefix(c.Key, "zdr/open/") {
				return &bucket.Error{Op: "put", Class: bucket.ErrDenied, Status: 403}
			}
			return do()
		})
		_, err := p.Run(t.Context(), worker.RunOptions{Backfills: []worker.Backfill{b}})
		wantCode(t, err, worker.CodeStoreDenied)
		on.Store(false)
		sum, err := f.fill(p, plan, 0, 0)
		if err != nil || sum.Sealed != 30 || sum.Refused != 0 {
			t.Errorf("the next: %+v, %v", sum, err)
		}
	})
}

// A plan says of what is denied that it is, and of the others what they cost.
func TestSurveyOfADeniedDocument(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		d := f.document("inbox", 1)
		f.deny(bucket.ErrDenied, oneOf(d.Key))
		s, err := worker.NewSurvey(t.Context(), worker.SurveyConfig{
			Store: f.server.Bucket(storeName), Routes: worker.Routes{{Name: routeName, Prefix: "inbox/", Schema: simSchema}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Object(t.Context(), d.Key); err != nil || got.Code != worker.CodeSourceUnread {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
