package pipeline

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// TestJobClosesAndForgets waits, in simulated time, until every URL of a job
// has ended: the job closes, and of its document nothing but the result says
// the name.
func TestJobClosesAndForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := inMemory(t, options{versioned: true})
		m := markEverything(t, at)
		r := newRig(t, at, worker.Routes{m.route}, adetest.Options{})
		r.put(m.header, m.documents)
		p := r.pipeline()
		if sum, _, err := r.run(p, m.good); err != nil || sum.Sealed != 1 {
			t.Fatalf("got %+v, %v", sum, err)
		}
		rep, err := p.Sweep(t.Context(), true)
		if err != nil || rep.Closed != 0 || rep.Open != 1 {
			t.Errorf("while URLs live: got %+v, %v", rep, err)
		}
		time.Sleep(24 * time.Hour)
		rep, err = p.Sweep(t.Context(), true)
		if err != nil || rep.Closed != 1 {
			t.Errorf("after their end: got %+v, %v", rep, err)
		}
		objects := all(t, r.store)
		if n := len(under(objects, "zdr/open/")); n != 0 {
			t.Errorf("%d markers are left", n)
		}
		if n := len(under(objects, "zdr/drain/")); n != 0 {
			t.Errorf("%d slips are left", n)
		}
		for key, o := range objects {
			if strings.HasPrefix(key, "zdr/records/") {
				m.content.Assert(t, "closed record", o.body)
				for _, h := range m.names.Scan("closed record", o.body) {
					if h.Mark != "store bucket" {
						t.Error(h)
					}
				}
			}
		}
		m.nowhere(t, "log", r.log.Bytes())
		checkExchange(t, r)
		sum, _, err := r.run(p, m.good)
		if err != nil || sum.Unchanged != 1 {
			t.Errorf("again, after a day: got %+v, %v", sum, err)
		}
	})
}
