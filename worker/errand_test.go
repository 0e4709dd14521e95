package worker_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// SendLater keeps tokens.
func (q *nudgeQueue) SendLater(ctx context.Context, d time.Duration, tokens ...string) error {
	q.rest = d
	return q.Send(ctx, tokens...)
}

// A job that waits for its turn comes back ever more seldom: ten thousand that
// wait for hours must not cost a call and a read each half a minute.
func TestErrandComesBackSeldom(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		q := &nudgeQueue{}
		f.provider.BreakNext(1, adetest.JobFault{End: adetest.EndNever})
		e, err := f.pipeline(worker.Limits{InFlight: 1}, nil).Errand(nil, q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if err := e.Arrived(t.Context(), f.document("inbox", i)); err != nil {
				t.Fatal(err)
			}
		}
		began, rounds := time.Now(), 0
		for len(q.tokens) > 0 && time.Since(began) < 2*time.Hour {
			token := q.tokens[0]
			q.tokens = nil
			time.Sleep(q.rest)
			if err := e.Nudged(t.Context(), token); err != nil {
				t.Fatal(err)
			}
			rounds++
		}
		if len(f.accepts()) != 1 || rounds > 50 || q.rest < 10*time.Minute || q.rest > 15*time.Minute {
			t.Errorf("%d accepted, the second has not been after %d rounds, and rests %v", len(f.accepts()), rounds, q.rest)
		}
	})
}

// The call that brings a parse home moves on the document that waited for it,
// and so one that comes back meanwhile has nothing to wait for.
func TestErrandGoesOnAfterAParse(t *testing.T) {
	for name, later := range map[string]worker.Later{"with a queue": &nudgeQueue{}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				call := func(do func(*worker.Errand) error) {
					t.Helper()
					e, err := f.pipeline(worker.Limits{}, nil).Errand(nil, later)
					if err == nil {
						err = do(e)
					}
					if err != nil {
						t.Fatal(err)
					}
					e.Finish(t.Context())
				}
				landed := func(e *worker.Errand) error {
					all, _ := f.server.Lookup(exchangeName).List(worker.OutboxPrefix, "", 10)
					if len(all) != 1 {
						t.Fatalf("%d results in the outbox", len(all))
					}
					return e.Nudged(t.Context(), strings.TrimSuffix(strings.TrimPrefix(all[0].Key, worker.OutboxPrefix), ".json"))
				}
				call(func(e *worker.Errand) error { return e.Arrived(t.Context(), f.file(1)) })
				time.Sleep(30 * time.Second)
				call(landed)
				if n := len(f.accepts()); n != 2 {
					t.Fatalf("%d jobs accepted after the parse came home, want the extraction too", n)
				}
				time.Sleep(30 * time.Second)
				call(landed)
				if f.results() != 1 {
					t.Errorf("%d results, want 1", f.results())
				}
			})
		})
	}
}
