package worker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// A job whose 202 was lost is recognised by the outbox that it names: it is
// adopted, and what it did is known. Without the name it stays unknown.
func TestLostAnswerIsSettledByTheNamedOutbox(t *testing.T) {
	for _, tt := range []struct {
		name   string
		says   adetest.OutputURL
		hold   worker.Code
		adopts bool
	}{
		{"named", adetest.Echo, worker.CodeNotDelivered, true},
		{"named without its query", adetest.EchoBare, worker.CodeNotDelivered, true},
		{"not named", adetest.EchoNever, worker.CodeUncertain, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := adetest.Options{Undocumented: adetest.Undocumented{OutputURL: tt.says}}
			onFloor(t, o, func(t *testing.T, f *floor) {
				p := f.pipeline(worker.Limits{}, nil)
				f.provider.FailNext(adetest.OpCreate, 1, adetest.RequestFault{Drop: adetest.DropAfter})
				f.provider.BreakNext(1, adetest.JobFault{Landing: adetest.Landing{Skip: true}})
				f.server.PutRaw(storeName, "inbox/a.md", []byte("# Invoice\n\nInvoice number: 7\n"), nil)
				if err := p.ClaimAndGo(t.Context(), worker.Document{Key: "inbox/a.md"}); err != nil {
					t.Fatal(err)
				}
				r := f.sweepUntil(p, worker.Held)
				if r.Hold != string(tt.hold) || slices.Contains(r.Events, worker.EventAccept) != tt.adopts {
					t.Errorf("held for %s after %v", r.Hold, r.Events)
				}
				if n := len(f.provider.Account().Jobs); n != 1 {
					t.Errorf("%d jobs at the provider", n)
				}
			})
		})
	}
}

// sweepUntil sweeps now and then until the only job is in a state.
func (f *floor) sweepUntil(p *worker.Pipeline, want worker.State) worker.RecordView {
	f.t.Helper()
	var r worker.RecordView
	for range 40 {
		time.Sleep(10 * time.Minute)
		if _, err := p.Sweep(f.t.Context(), true); err != nil {
			f.t.Fatal(err)
		}
		if r = f.onlyRecord(); r.State == want {
			return r
		}
	}
	f.t.Fatalf("the job is %s after %v", r.State, r.Events)
	return r
}

func (f *floor) onlyRecord() worker.RecordView {
	f.t.Helper()
	vs, _ := f.server.Lookup(storeName).List("zdr/records/", "", 0)
	if len(vs) != 1 {
		f.t.Fatalf("%d records", len(vs))
	}
	r, err := worker.ViewRecord(vs[0].Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}
