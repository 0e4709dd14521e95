//go:build unix

package chaos

import (
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/integration/miniotest"
)

func TestMain(m *testing.M) { miniotest.Main(m) }

func TestChaos(t *testing.T) {
	miniotest.Start(t)
	w := newWorld(t, newPlan(t))
	began := time.Now()
	w.storm()
	storm := time.Since(began)
	w.settle()
	settled := time.Since(began) - storm
	w.drain()
	if w.retry() {
		w.settle()
		w.drain()
	}
	f := w.look()
	t.Run("every document has its own result, once", f.results)
	t.Run("every document was billed once", f.bill)
	t.Run("every job is closed and its history is a path of the table", f.histories)
	t.Run("nothing is left staged", f.staged)
	t.Run("content was where it belongs", f.content)
	t.Run("processes ended as they may", f.exits)
	t.Run("SIGTERM lets the step in hand finish", f.leavings)
	f.report(storm, settled, time.Since(began))
}

// settle lets one process after the other bring home what the storm left, until
// one says that all is done. What is uncertain is decided when the URLs have
// ended, at the latest; what is held then may still be proven by another look,
// but not for ever.
func (w *world) settle() {
	patience := time.Now().Add(2*w.plan.life + drainMargin + listWait + 4*time.Minute + time.Duration(w.plan.docs)*50*time.Millisecond)
	for looks := 10; looks > 0 && time.Now().Before(patience); {
		p, err := w.start("run", "s3://"+w.store+"/"+inbox)
		if err != nil {
			w.t.Fatal(err)
		}
		if !p.await(time.Until(patience)) {
			p.signal(killed)
			<-p.over
			break
		}
		w.book.note("settling: exit %d", p.exit())
		w.book.ended(p.exit())
		switch p.exit() {
		case exitOK, exitFailed:
			return
		case exitHeld:
			if looks--; looks == 0 {
				return
			}
		}
	}
	w.t.Error("after the storm no run came to its end")
}

// retry does what a person does about documents that failed unbilled, because
// all of their attempts met a fault: it tries them again. It reports whether
// there were any; the account says how many.
func (w *world) retry() (any bool) {
	for ref, r := range w.records() {
		if r.Failure == nil || r.Failure.Billed != "no" {
			continue
		}
		p, err := w.start("jobs", "retry", ref)
		if err != nil {
			w.t.Fatal(err)
		}
		if !p.await(4*time.Minute) || p.exit() != exitOK {
			w.t.Errorf("job %s cannot be tried again: %s", ref[:8], r.path())
			continue
		}
		w.book.count("retried " + r.Failure.Code)
		any = true
	}
	return any
}

// drain waits until every URL has ended and sweeps: what closes then is closed,
// and what a late PUT or copy brought back goes.
func (w *world) drain() {
	last := time.Now()
	for _, r := range w.records() {
		for _, a := range r.Attempts {
			if end := a.until(); end.After(last) {
				last = end
			}
		}
	}
	// A second, because times are cut to it, and one for the end of the margin.
	select {
	case <-time.After(time.Until(last.Add(drainMargin + 2*time.Second))):
	case <-w.t.Context().Done():
		w.t.Fatal("the time of the test is over")
	}
	// The first sweep closes, the second finds what the first one's work left.
	for range 2 {
		w.sweep()
	}
}
