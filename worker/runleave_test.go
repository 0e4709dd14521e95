package worker_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
	"github.com/zdrworker/zdrworker/worker/memstore/objects"
)

// A run that is told to leave at the very write of an intent still POSTs and
// writes down the answer: nobody has to fence anything.
func TestRunLeavesNoIntentBehind(t *testing.T) {
	for _, parsed := range []bool{false, true} {
		onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: time.Hour}}, func(t *testing.T, f *floor) {
			p := f.pipeline(worker.Limits{}, nil)
			d := f.document("inbox", 1)
			if parsed {
				d = f.file(1)
			}
			ctx, leave := context.WithCancel(t.Context())
			f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
				err := do()
				if c.Op == memstore.Put && strings.HasPrefix(c.Key, "zdr/records/") && f.intended(c.Key) {
					leave()
				}
				return err
			})
			_, err := p.Run(ctx, worker.RunOptions{Documents: func(yield func(worker.Document, error) bool) { yield(d, nil) }})
			synctest.Wait()
			if ctx.Err() == nil || err == nil {
				t.Fatalf("the run was not told to leave: %v", err)
			}
			if n := len(f.accepts()); n != 1 || !f.submitted() {
				t.Errorf("%d jobs at the provider, parsed first: %t; want one, known to its record", n, parsed)
			}
		})
	}
}

// intended: the record lets a POST go.
func (f *floor) intended(key string) bool {
	b, _, err := f.server.GetRaw(storeName, key)
	return err == nil && strings.Contains(string(b), `"state": "submitting"`)
}

// submitted: a record knows of the provider's answer.
func (f *floor) submitted() bool {
	all, _ := f.server.Lookup(storeName).List("zdr/records/", "", 0)
	return slices.ContainsFunc(all, func(o objects.Version) bool {
		r, err := worker.ViewRecord(o.Body)
		return err == nil && r.State == worker.Submitted
	})
}

// An intent whose write took longer than a POST may: nothing was sent, so it is
// signed anew, or given up by a run that is told to leave. Nobody has to fence.
func TestSlowIntentIsNoUncertainty(t *testing.T) {
	for _, leaving := range []bool{false, true} {
		onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
			f.settings.PostTimeout = 5 * time.Second
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			slow := true
			f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
				err := do()
				if slow && c.Op == memstore.Put && strings.HasPrefix(c.Key, "zdr/records/") && f.intended(c.Key) {
					slow = false
					if leaving {
						leave()
					}
					time.Sleep(10 * time.Second)
				}
				return err
			})
			p := f.pipeline(worker.Limits{}, nil)
			d := f.document("inbox", 1)
			_, _ = p.Run(ctx, worker.RunOptions{Documents: func(yield func(worker.Document, error) bool) { yield(d, nil) }})
			synctest.Wait()
			r := f.onlyRecord()
			if slow || r.State == worker.Submitting || slices.Contains(r.Events, worker.EventFence) {
				t.Errorf("leaving: %t, slow writes to come: %t, the job is %s after %v", leaving, slow, r.State, r.Events)
			}
			if want := map[bool]int{true: 0, false: 1}[leaving]; len(f.accepts()) != want {
				t.Errorf("leaving: %t, %d jobs at the provider, want %d", leaving, len(f.accepts()), want)
			}
		})
	}
}
