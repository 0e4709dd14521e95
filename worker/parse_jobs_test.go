package worker_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// settle moves a job on, hour by hour, until its outcome is known or somebody
// must decide.
func settle(t *testing.T, p *worker.Pipeline, id worker.ID) worker.Job {
	t.Helper()
	for range 20 {
		j, err := p.Advance(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if j.State.Settled() || j.Parse != nil && j.Parse.State == worker.Held {
			return j
		}
		time.Sleep(time.Hour)
	}
	t.Fatal("the job does not settle")
	return worker.Job{}
}

func putFile(t *testing.T, f *floor, p *worker.Pipeline) worker.Job {
	t.Helper()
	j, err := p.Put(t.Context(), f.file(1))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// A document whose parse failed fails with the parse's own code, and a retry
// parses again.
func TestRetryOfAFailedParse(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		f.provider.FailNext(adetest.OpParseCreate, 1, adetest.RequestFault{Status: 422})
		j := settle(t, p, putFile(t, f, p).ID)
		var said struct{ Ref, Code, Step, Billed string }
		body, _, err := f.server.GetRaw(storeName, "failures/files/0001.txt.json")
		if err != nil || json.Unmarshal(body, &said) != nil {
			t.Fatalf("no failure object: %v", err)
		}
		if j.Code != worker.CodeProviderReject || said.Code != string(j.Code) || said.Step != worker.StepParse || said.Billed != "no" || said.Ref != j.Ref {
			t.Errorf("got %s and %+v", j.Code, said)
		}
		if _, err := p.Retry(t.Context(), j.ID); err != nil {
			t.Fatal(err)
		}
		j = settle(t, p, j.ID)
		if !j.Sealed() || j.Gen != 2 || j.Parse.Reused || f.provider.Billed().Jobs != 2 {
			t.Errorf("got %s in generation %d, parse %+v, %d billed", j.Status, j.Gen, j.Parse, f.provider.Billed().Jobs)
		}
		if f.count(storeName, "failures/") != 0 {
			t.Error("the failure object is still there")
		}
	})
}

// A parse result that is gone is not parsed again before somebody says so: that
// bills again.
func TestParseResultGone(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		first := settle(t, p, putFile(t, f, p).ID)
		if !first.Sealed() {
			t.Fatalf("got %s", first.State)
		}
		all, _ := f.server.Lookup(storeName).List("zdr/parsed/", "", 1)
		if _, err := f.server.Lookup(storeName).Delete(all[0].Key, "", time.Now()); err != nil {
			t.Fatal(err)
		}
		next := f.pipelineWith(worker.Routes{{Name: "files", Prefix: "files/", Suffixes: []string{".txt"}, Schema: simSchema, Revision: 2, OnChange: worker.OnChangeAll}})
		j := settle(t, next, putFileAgain(t, next).ID)
		if j.Code != worker.CodeParseGone || j.Billed != "yes" || !j.Retry || f.provider.Billed().Jobs != 2 {
			t.Fatalf("got %s, billed %s, %d billed in all", j.Code, j.Billed, f.provider.Billed().Jobs)
		}
		if _, err := next.Retry(t.Context(), j.ID); err != nil {
			t.Fatal(err)
		}
		if j = settle(t, next, j.ID); !j.Sealed() || f.provider.Billed().Jobs != 4 {
			t.Errorf("got %s %s, %d billed, want 4", j.Status, j.Code, f.provider.Billed().Jobs)
		}
	})
}

func putFileAgain(t *testing.T, p *worker.Pipeline) worker.Job {
	t.Helper()
	j, err := p.Put(t.Context(), worker.Document{Key: "files/0001.txt"})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// A parse that is held holds its document: what must be decided is the parse,
// and everything that is asked about the document names it.
func TestHeldParse(t *testing.T) {
	onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: time.Minute}}, func(t *testing.T, f *floor) {
		f.provider.BreakNext(1, adetest.JobFault{Landing: adetest.Landing{Skip: true}})
		p := f.pipeline(worker.Limits{}, nil)
		j := settle(t, p, putFile(t, f, p).ID)
		if j.State != worker.Claimed || j.Parse.Code != worker.CodeNotDelivered {
			t.Fatalf("got %s, parse %+v", j.State, j.Parse)
		}
		var fault *worker.Fault
		if _, err := p.Retry(t.Context(), j.ID); !errors.As(err, &fault) || fault.Code != worker.CodeWrongState || fault.Ref != j.Parse.Ref {
			t.Errorf("retry of the document: got %v, want the ref of its parse", err)
		}
		if _, err := p.Wait(t.Context(), j.Ref); !errors.As(err, &fault) || fault.Code != worker.CodeNotDelivered || fault.Ref != j.Parse.Ref {
			t.Errorf("wait: got %v", err)
		}
		d, err := p.Explain(t.Context(), j.ID)
		if err != nil || d.Parse.State != worker.Held || d.Parse.Ref != j.Parse.Ref {
			t.Errorf("explain: got %+v, %v", d.Parse, err)
		}
		if _, err := p.Retry(t.Context(), j.Parse.ID); err != nil {
			t.Fatal(err)
		}
		if j = settle(t, p, j.ID); !j.Sealed() {
			t.Errorf("after the parse was retried: got %s %s", j.State, j.Code)
		}
	})
}
