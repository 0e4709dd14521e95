package worker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

const (
	day  = 24 * time.Hour
	keep = 90 * day
)

// keeping is a fleet that keeps parse results for so long, with one that is
// parsed and whose jobs are closed.
func keeping(t *testing.T, test func(t *testing.T, f *floor, p *worker.Pipeline, first worker.Job)) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.settings.KeepParsed = keep
		p := f.pipelineWith(filesOf("first"))
		f.mustRun(filesOf("first"), f.file(1))
		f.sweepAfter(p, day)
		j := putFileAgain(t, p)
		if j.State != worker.Closed || f.parsedObjects() != 1 {
			t.Fatalf("%s, %d parse results", j.State, f.parsedObjects())
		}
		test(t, f, p, j)
	})
}

// filesOf is one route over the files, by a name.
func filesOf(name string) worker.Routes {
	all := surveyRoutes(1)
	all[0].Name = name
	return all
}

// sweepAfter sweeps once when so much time has passed.
func (f *floor) sweepAfter(p *worker.Pipeline, d time.Duration) worker.SweepReport {
	f.t.Helper()
	time.Sleep(d)
	rep, err := p.Sweep(f.t.Context(), false)
	if err != nil {
		f.t.Fatal(err)
	}
	return rep
}

func (f *floor) parsedObjects() int { return f.count(storeName, "zdr/parsed/") }

func (f *floor) billed() int { return f.provider.Billed().Jobs }

func TestParsedIsRemovedWhenItIsKeptNoLonger(t *testing.T) {
	keeping(t, func(t *testing.T, f *floor, p *worker.Pipeline, first worker.Job) {
		for _, step := range []struct {
			after   time.Duration
			removed int
		}{{keep - 2*day, 0}, {2 * day, 0}, {time.Hour, 0}, {day, 1}, {2 * day, 0}} {
			if rep := f.sweepAfter(p, step.after); rep.Parsed != step.removed {
				t.Fatalf("after %s more: %d removed, want %d", step.after, rep.Parsed, step.removed)
			}
		}
		if n := f.parsedObjects(); n != 0 {
			t.Errorf("%d parse results are left", n)
		}
		_, err := p.OpenParsed(t.Context(), first)
		if fault, ok := errors.AsType[*worker.Fault](err); !ok || fault.Code != worker.CodeParseGone {
			t.Errorf("what it was parsed to: %v", err)
		}
		if j := putFileAgain(t, p); !j.Sealed() || f.billed() != 2 {
			t.Errorf("what is done stays done: %s, %d billed", j.State, f.billed())
		}
		if x := f.prospect(f.survey(filesOf("second")), "files/0001.txt"); !x.Parses || x.Reused || x.Parse.IsZero() {
			t.Errorf("a survey: %+v", x)
		}
		f.mustRun(filesOf("second"), worker.Document{Key: "files/0001.txt"})
		if f.billed() != 4 || f.parsedObjects() != 1 {
			t.Errorf("another route: %d billed in all, want 4; %d parse results", f.billed(), f.parsedObjects())
		}
		f.mustRun(filesOf("third"), worker.Document{Key: "files/0001.txt"})
		if f.billed() != 5 {
			t.Errorf("a third route parses again: %d billed in all, want 5", f.billed())
		}
	})
}

func TestParsedIsKeptWhenItIsUsed(t *testing.T) {
	keeping(t, func(t *testing.T, f *floor, p *worker.Pipeline, _ worker.Job) {
		f.sweepAfter(p, keep) // marks it
		time.Sleep(23 * time.Hour)
		f.mustRun(filesOf("second"), worker.Document{Key: "files/0001.txt"})
		if f.billed() != 3 {
			t.Fatalf("%d billed, want 3: what is marked can still be used", f.billed())
		}
		for _, step := range []struct {
			after   time.Duration
			removed int
		}{{2 * day, 0}, {30 * day, 0}, {60 * day, 0}, {day, 1}} {
			if rep := f.sweepAfter(p, step.after); rep.Parsed != step.removed {
				t.Fatalf("after %s more: %d removed, want %d", step.after, rep.Parsed, step.removed)
			}
		}
	})
}

// TestParsedStaysForAnOpenJob: a job that is held has taken it.
func TestParsedStaysForAnOpenJob(t *testing.T) {
	keeping(t, func(t *testing.T, f *floor, p *worker.Pipeline, _ worker.Job) {
		f.provider.BreakNext(1, adetest.JobFault{Landing: adetest.Landing{Skip: true}})
		held := f.pipelineWith(filesOf("held"))
		j := putFileAgain(t, held)
		for range 20 {
			if j, _ = held.Advance(t.Context(), j.ID); j.State == worker.Held {
				break
			}
			time.Sleep(time.Hour)
		}
		if j.State != worker.Held || !j.Parse.Ready {
			t.Fatalf("%s %+v", j.State, j.Parse)
		}
		f.sweepAfter(p, keep)
		for range 3 {
			if rep := f.sweepAfter(p, 2*day); rep.Parsed != 0 {
				t.Fatal("it was removed")
			}
		}
		if _, err := held.Abandon(t.Context(), j.ID); err != nil {
			t.Fatal(err)
		}
		if rep := f.sweepAfter(p, 2*day); rep.Parsed != 1 {
			t.Error("it is still there, and nobody needs it")
		}
	})
}

// TestParsedIsRemovedByTheNext: a sweeper that dies before it removes what it
// has said to be gone is followed by another; and what it removes too late is
// not what was parsed since.
func TestParsedIsRemovedByTheNext(t *testing.T) {
	keeping(t, func(t *testing.T, f *floor, p *worker.Pipeline, _ worker.Job) {
		f.sweepAfter(p, keep)
		var late func() error
		f.server.Intercept(func(_ context.Context, c memstore.Call, next func() error) error {
			if c.Op == memstore.Remove && strings.HasPrefix(c.Key, "zdr/parsed/") {
				late = next
				return errors.New("asleep")
			}
			return next()
		})
		time.Sleep(2 * day)
		if _, err := p.Sweep(t.Context(), false); err == nil || late == nil {
			t.Fatalf("nothing was to be removed: %v", err)
		}
		f.server.Intercept(nil)
		f.mustRun(filesOf("second"), worker.Document{Key: "files/0001.txt"})
		if f.billed() != 4 {
			t.Fatalf("%d billed, want 4: it was said to be gone", f.billed())
		}
		if err := late(); err != nil {
			t.Fatal(err)
		}
		f.mustRun(filesOf("third"), worker.Document{Key: "files/0001.txt"})
		if f.billed() != 5 || f.parsedObjects() != 1 {
			t.Errorf("%d billed, want 5; %d parse results, want that of the second parse", f.billed(), f.parsedObjects())
		}
	})
}

// TestParsedThatMayNotBeRemovedIsNotGone: a worker without the right says so and
// sweeps on; what is still there is not paid for again.
func TestParsedThatMayNotBeRemovedIsNotGone(t *testing.T) {
	keeping(t, func(t *testing.T, f *floor, p *worker.Pipeline, _ worker.Job) {
		f.sweepAfter(p, keep)
		f.server.Intercept(func(_ context.Context, c memstore.Call, next func() error) error {
			if c.Op == memstore.Remove && strings.HasPrefix(c.Key, "zdr/parsed/") {
				return &bucket.Error{Op: "remove", Class: bucket.ErrDenied}
			}
			return next()
		})
		if rep := f.sweepAfter(p, 2*day); rep.Parsed != 0 || !strings.Contains(f.log.b.String(), "the bucket does not let the worker") {
			t.Fatalf("%d removed; log:\n%s", rep.Parsed, f.log.b.String())
		}
		f.mustRun(filesOf("second"), worker.Document{Key: "files/0001.txt"})
		if f.billed() != 3 {
			t.Errorf("%d billed, want 3: it is still there", f.billed())
		}
	})
}

// TestParsedBeforeIsRemovedToo: the result of an earlier generation is nobody's.
func TestParsedBeforeIsRemovedToo(t *testing.T) {
	keeping(t, func(t *testing.T, f *floor, p *worker.Pipeline, _ worker.Job) {
		f.sweepAfter(p, keep)
		f.server.Intercept(func(_ context.Context, c memstore.Call, next func() error) error {
			if c.Op == memstore.Remove && strings.HasPrefix(c.Key, "zdr/parsed/") {
				return errors.New("away")
			}
			return next()
		})
		time.Sleep(2 * day)
		_, _ = p.Sweep(t.Context(), false)
		f.server.Intercept(nil)
		f.mustRun(filesOf("second"), worker.Document{Key: "files/0001.txt"})
		if f.parsedObjects() != 2 {
			t.Fatalf("%d parse results, want both", f.parsedObjects())
		}
		if rep := f.sweepAfter(p, 2*day); rep.Parsed != 1 || f.parsedObjects() != 1 {
			t.Errorf("%d removed, %d left", rep.Parsed, f.parsedObjects())
		}
	})
}

func TestParseOnlyParsesAnew(t *testing.T) {
	keeping(t, func(t *testing.T, f *floor, p *worker.Pipeline, _ worker.Job) {
		f.sweepAfter(p, keep)
		f.sweepAfter(p, 2*day)
		var got worker.Job
		_, err := p.Run(t.Context(), worker.RunOptions{
			Documents: theOne(worker.Document{Key: "files/0001.txt"}), ParseOnly: true, Notify: func(o worker.Outcome) { got = o.Job },
		})
		if err != nil || f.billed() != 3 {
			t.Fatalf("%v, %d billed, want 3", err, f.billed())
		}
		text, err := p.OpenMarkdown(t.Context(), got)
		if err != nil {
			t.Fatal(err)
		}
		defer text.Close()
		if b, err := io.ReadAll(text); err != nil || len(b) == 0 {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	})
}

// TestALookAtParsedIsBounded: a sweep looks at a page of them and the next goes
// on there; once through, none is looked at for a day.
func TestALookAtParsedIsBounded(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.settings.KeepParsed = time.Hour
		p := f.pipelineWith(filesOf("first"))
		const n = 2500
		for i := range n {
			id := worker.ID{byte(i >> 8), byte(i)}
			f.server.PutRaw(storeName, worker.ParsedOf(id, 1), []byte("{}"), http.Header{})
		}
		f.server.PutRaw(storeName, "zdr/parsed/zz/stranger.json", []byte("{}"), http.Header{})
		looked := 0
		f.server.Intercept(func(_ context.Context, c memstore.Call, next func() error) error {
			if c.Op == memstore.Get && strings.HasPrefix(c.Key, "zdr/records/") {
				looked++
			}
			return next()
		})
		time.Sleep(2 * time.Hour)
		var got []int
		for range 5 {
			before := looked
			f.sweepAfter(p, time.Minute)
			got = append(got, looked-before)
		}
		if want := "[1000 1000 500 0 0]"; fmt.Sprint(got) != want {
			t.Errorf("%v were looked at, want %s", got, want)
		}
		if f.parsedObjects() != n+1 {
			t.Errorf("%d are left, want all: none has a record", f.parsedObjects())
		}
		before := looked
		if f.sweepAfter(p, day); looked == before {
			t.Error("none is looked at a day later")
		}
	})
}

// What an open job needs that a newer program wrote is not known: nothing is
// removed meanwhile, and the sweep comes to its end.
func TestParsedIsKeptWhileARecordCannotBeRead(t *testing.T) {
	keeping(t, func(t *testing.T, f *floor, p *worker.Pipeline, _ worker.Job) {
		id := worker.ID{0xab, 1}
		f.server.PutRaw(storeName, worker.RecordOf(id), []byte(`{"format":2}`), nil)
		f.server.PutRaw(storeName, worker.MarkerOf(id, 1), nil, nil)
		f.sweepAfter(p, keep) // marks it
		if rep := f.sweepAfter(p, 2*day); rep.Parsed != 0 || f.parsedObjects() != 1 {
			t.Errorf("%d removed, %d are left; want none and one", rep.Parsed, f.parsedObjects())
		}
		if err := f.server.Bucket(storeName).Remove(t.Context(), worker.MarkerOf(id, 1)); err != nil {
			t.Fatal(err)
		}
		if rep := f.sweepAfter(p, 2*day); rep.Parsed != 1 {
			t.Errorf("%d removed once all can be read, want one", rep.Parsed)
		}
	})
}
