package trigger_test

import (
	"cmp"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
	"github.com/zdrworker/zdrworker/worker/trigger"
)

// inbox is a bucket in memory with n documents and something beside them.
func inbox(t *testing.T, n int) (*memstore.Server, *memstore.Store) {
	t.Helper()
	server := memstore.NewServer()
	store := server.Bucket("acme-docs")
	for i := range n {
		put(t, store, fmt.Sprintf("inbox/%05d.md", i))
	}
	put(t, store, "results/other.json")
	return server, store
}

func put(t *testing.T, store *memstore.Store, key string) {
	t.Helper()
	if _, err := store.Put(t.Context(), key, strings.NewReader(key), bucket.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

func newScan(t *testing.T, store trigger.Lister, o trigger.ScanOptions) *trigger.Scan {
	t.Helper()
	o.Prefix = "inbox/"
	s, err := trigger.NewScan(store, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScanOnce(t *testing.T) {
	_, store := inbox(t, 2500)
	var handled desk
	rep, err := newScan(t, store, trigger.ScanOptions{}).Once(t.Context(), &handled)
	if want := (trigger.ScanReport{Listed: 2500, Handled: 2500}); err != nil || rep != want {
		t.Errorf("got %+v, %v, want %+v", rep, err, want)
	}
	got := handled.seen()
	if n := len(slices.Compact(got)); n != 2500 {
		t.Errorf("%d different objects, want 2500", n)
	}
	want := fmt.Sprintf(`created bucket="acme-docs" key="inbox/00000.md" version="" etag="%x" size=14 sequencer="" token=""`, md5.Sum([]byte("inbox/00000.md")))
	if got[0] != want {
		t.Errorf("got %s, want %s", got[0], want)
	}
}

// TestScanGoesOn: a listing that fails is taken up where it stopped, and a
// handler's failure costs its own object a second try only.
func TestScanGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, store := inbox(t, 2500)
		var lists, failed atomic.Int32
		server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.List && lists.Add(1)%2 == 0 {
				return bucket.ErrUnavailable
			}
			return do()
		})
		handled := desk{answer: func(n int, e trigger.Event) error {
			if n%500 == 0 {
				failed.Add(1)
				return errAway
			}
			return nil
		}}
		rep, err := newScan(t, store, trigger.ScanOptions{}).Once(t.Context(), &handled)
		if want := (trigger.ScanReport{Listed: 2500, Handled: 2500}); err != nil || rep != want {
			t.Errorf("got %+v, %v, want %+v", rep, err, want)
		}
		if n := handled.count(); n != 2500+int(failed.Load()) {
			t.Errorf("%d calls for 2500 objects and %d failures", n, failed.Load())
		}
	})
}

func TestScanGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, store := inbox(t, 5)
		away := desk{answer: func(int, trigger.Event) error { return errAway }}
		rep, err := newScan(t, store, trigger.ScanOptions{}).Once(t.Context(), &away)
		if err == nil || rep.Failed != 5 || away.count() != 25 {
			t.Errorf("everything fails: got %+v, %v after %d calls, want an error after five tries each", rep, err, away.count())
		}
		one := desk{answer: func(_ int, e trigger.Event) error {
			switch {
			case strings.HasSuffix(e.Key.Reveal(), "3.md"):
				return errAway
			case strings.HasSuffix(e.Key.Reveal(), "4.md"):
				return trigger.ErrPoison
			}
			return nil
		}}
		rep, err = newScan(t, store, trigger.ScanOptions{}).Once(t.Context(), &one)
		if want := (trigger.ScanReport{Listed: 5, Handled: 3, Refused: 1, Failed: 1}); err != nil || rep != want {
			t.Errorf("one fails: got %+v, %v, want %+v", rep, err, want)
		}
		server.Intercept(func(context.Context, memstore.Call, func() error) error { return bucket.ErrDenied })
		began := time.Now()
		if _, err = newScan(t, store, trigger.ScanOptions{}).Once(t.Context(), &one); !errors.Is(err, bucket.ErrDenied) || time.Since(began) != 0 {
			t.Errorf("denied: %v after %v, want no second try", err, time.Since(began))
		}
	})
}

// TestScanPassesOver: a page of objects that cannot be read, such as those whose
// key of encryption is another's, does not keep the scan from what lies behind.
func TestScanPassesOver(t *testing.T) {
	for name, err := range map[string]error{
		"denied": &bucket.Error{Op: "get", Class: bucket.ErrDenied}, "invalid": &bucket.Error{Op: "get", Class: bucket.ErrInvalid},
		"newer": &worker.Fault{Op: "put", Code: worker.CodeNewerFormat},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, store := inbox(t, 1500)
			log := newBook(t)
			log.marks.Known("key", "inbox/00")
			handled := desk{answer: func(_ int, e trigger.Event) error {
				if e.Key.Reveal() == "inbox/01200.md" {
					return trigger.ErrPoison
				}
				if e.Key.Reveal() < "inbox/01000" {
					return fmt.Errorf("put: %w", err)
				}
				return nil
			}}
			scan := newScan(t, store, trigger.ScanOptions{Options: trigger.Options{Logger: log.logger()}})
			rep, err := scan.Once(t.Context(), &handled)
			if want := (trigger.ScanReport{Listed: 1500, Handled: 499, Refused: 1, Failed: 1000}); err != nil || rep != want || handled.count() != 1500 {
				t.Errorf("%s: got %+v, %v after %d calls, want %+v", name, rep, err, handled.count(), want)
			}
			lines := log.check(t)
			code := map[string]string{"newer": "newer_format"}[name]
			sums := has(lines, "the scan met with that 995 times more", "scan", cmp.Or(code, "unavailable"))
			if few := has(lines, "message comes again later", "scan", cmp.Or(code, "unavailable")); few != 5 || sums != 1 || len(lines) != 7 {
				t.Errorf("%s: the log has %d lines, %d of objects, %d sums; want five, one sum, and the refusal", name, len(lines), few, sums)
			}
			if _, err := scan.Once(t.Context(), &handled); err != nil || len(log.check(t)) != 14 {
				t.Errorf("%s: the next scan has %d lines, want as many: %v", name, len(log.check(t))-7, err)
			}
		})
	}
}

// TestScanRun (the period is six hours and a tenth more or less): everything at first, then what is recent; everything recent again
// after a scan that was not complete.
func TestScanRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, store := inbox(t, 10)
		var failing atomic.Bool
		handled := desk{answer: func(_ int, e trigger.Event) error {
			if failing.Load() && e.Key.Reveal() == "inbox/later.md" {
				return errAway
			}
			return nil
		}}
		scan := newScan(t, store, trigger.ScanOptions{Every: 6 * time.Hour, Recent: time.Hour})
		stop := start(t, scan.Run, &handled)
		expect := func(what string, want int) {
			t.Helper()
			synctest.Wait()
			if n := handled.count(); n != want {
				t.Errorf("%s: %d calls, want %d", what, n, want)
			}
		}
		expect("first scan", 10)
		time.Sleep(7 * time.Hour)
		expect("second scan: the objects came just before the first", 20)
		put(t, store, "inbox/late.md")
		time.Sleep(6*time.Hour + 30*time.Minute)
		expect("third scan: one is new", 21)
		put(t, store, "inbox/later.md")
		put(t, store, "inbox/well.md")
		failing.Store(true)
		time.Sleep(6*time.Hour + 30*time.Minute)
		expect("fourth scan: two are new, and one fails five times", 27)
		failing.Store(false)
		time.Sleep(6*time.Hour + 50*time.Minute)
		expect("fifth scan: back to where the third began", 29)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestScanComesBack: a scan that finds the store out of reach goes on, from where
// it was, when the store is there again; it does not wait for its next period.
func TestScanComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, store := inbox(t, 2500)
		began := time.Now()
		handled := desk{answer: func(n int, _ trigger.Event) error {
			if n > 1000 && time.Since(began) < 10*time.Minute {
				return errAway
			}
			return nil
		}}
		well := map[string]bool{}
		var mu sync.Mutex
		stop := start(t, newScan(t, store, trigger.ScanOptions{}).Run, trigger.HandlerFunc(func(ctx context.Context, e trigger.Event) error {
			err := handled.Handle(ctx, e)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && well[e.Key.Reveal()] {
				t.Error("an object was handed on twice that went well")
			}
			well[e.Key.Reveal()] = well[e.Key.Reveal()] || err == nil
			return err
		}))
		time.Sleep(15 * time.Minute)
		if err := stop(); err != nil {
			t.Error(err)
		}
		for _, ok := range well {
			if !ok {
				t.Error("an object waits for the next period")
			}
		}
		if n := handled.count(); len(well) != 2500 || n > 7500 {
			t.Errorf("%d objects handed on in %d calls, want 2500, and no thousands of calls while all fail", len(well), n)
		}
	})
}

// TestScanStops in the middle of a page: nothing new is begun.
func TestScanStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, store := inbox(t, 100)
		var n atomic.Int32
		stop := start(t, newScan(t, store, trigger.ScanOptions{Options: trigger.Options{Parallel: 4}}).Run,
			trigger.HandlerFunc(func(ctx context.Context, _ trigger.Event) error {
				n.Add(1)
				<-ctx.Done()
				return ctx.Err()
			}))
		synctest.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n.Load() != 4 {
			t.Errorf("%d objects begun, want the 4 that were in hand", n.Load())
		}
	})
}

func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Time
		busy := false
		var counts tally
		log := newBook(t)
		log.marks.Known("error text", "inbox/secret.md")
		s, err := trigger.NewSchedule(time.Minute, func(context.Context) error {
			if busy {
				t.Error("two calls at a time")
			}
			busy = true
			defer func() { busy = false }()
			times = append(times, time.Now())
			switch len(times) {
			case 2:
				return errAway
			case 3:
				panic("inbox/secret.md")
			case 4:
				time.Sleep(10 * time.Minute) // longer than the period
			}
			return nil
		}, trigger.Options{Observe: counts.observe, Logger: log.logger()})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		stop := start(t, func(ctx context.Context, _ trigger.Handler) error { return s.Run(ctx) }, nil)
		time.Sleep(time.Hour)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n := len(times); n < 45 || n > 58 {
			t.Errorf("%d calls in an hour, ten minutes of it in one call", n)
		}
		if !times[0].Equal(began) {
			t.Errorf("first call after %v, want at once", times[0].Sub(began))
		}
		same := 0
		for i := 5; i < len(times); i++ {
			gap := times[i].Sub(times[i-1])
			if gap < 54*time.Second || gap > 66*time.Second {
				t.Errorf("call %d after %v, want a minute and a tenth of it more or less", i, gap)
			}
			if gap == times[i-1].Sub(times[i-2]) {
				same++
			}
		}
		if same > len(times)/2 {
			t.Error("the period has no jitter")
		}
		if counts.of(trigger.Retry) != 2 || counts.of(trigger.Handled) != len(times)-2 {
			t.Errorf("%d failures, %d successes of %d calls", counts.of(trigger.Retry), counts.of(trigger.Handled), len(times))
		}
		log.check(t)
	})
}

// TestScheduleGrace: a call under way may finish.
func TestScheduleGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finished := false
		s, err := trigger.NewSchedule(time.Minute, func(ctx context.Context) error {
			time.Sleep(5 * time.Second)
			finished = ctx.Err() == nil
			return nil
		}, trigger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		stop := start(t, func(ctx context.Context, _ trigger.Handler) error { return s.Run(ctx) }, nil)
		synctest.Wait()
		if err := stop(); err != nil || !finished {
			t.Errorf("finished %t, %v", finished, err)
		}
	})
}
