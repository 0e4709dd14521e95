package worker

import (
	"encoding/json"
	"reflect"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// submitted is a job that waits for its result.
func submitted(t testing.TB, n int, provider string) *job {
	t.Helper()
	secret, err := newFleetSecret(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	id := ID{byte(n), byte(n >> 8), 1}
	at := time.Now().UTC()
	r := &record{
		Ref: newRef(id), Gen: 1, Step: StepExtract, State: Claimed, ClaimedAt: at,
		Source:   source{Bucket: "documents", Key: "inbox/000001.md", ETag: newNonce(), Size: 77, Modified: at},
		Route:    routeRef{Name: "invoices", Revision: 1, Schema: "sha256:" + newNonce() + newNonce(), Result: "results/inbox/000001.md.json", Failure: "failures/inbox/000001.md.json"},
		Attempts: []attempt{{N: 1, Gen: 1, Token: secret.token(id, 1), SignedAt: at, ExpiresS: 14400, PostDeadline: at, IntendedAt: at, Tries: 1, ProviderJob: provider}},
		History:  []entry{{At: at, Event: EventClaim, State: Claimed}},
	}
	for _, e := range []Event{EventIntend, EventAccept} {
		if err := r.apply(e, at, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.encode(); err != nil {
		t.Fatal(err)
	}
	return &job{id: id, rec: r, etag: newNonce(), now: at}
}

// A record that is kept comes back as it was written, once.
func TestOutstandingKeepsRecords(t *testing.T) {
	o, j := newOutstanding(10), submitted(t, 1, "job-1")
	o.add(j)
	got := o.take(j.id)
	if got == nil || got.etag != j.etag || !reflect.DeepEqual(got.rec, j.rec) {
		t.Fatalf("got %+v, want %+v", got, j)
	}
	if err := got.rec.check(); err != nil {
		t.Error(err)
	}
	if o.take(j.id) != nil {
		t.Error("the record was given twice: the second would lose its race for sure")
	}
	if !o.has(j.id) {
		t.Error("a job whose record was taken is forgotten")
	}
	o.drop(j.id)
	if o.has(j.id) {
		t.Error("a job that was dropped is remembered")
	}
}

// Of 10,000 jobs that wait 32 bytes each are held, and the packed records of
// some.
func TestOutstandingIsSmall(t *testing.T) {
	const jobs, most = 10_000, 10_000*100 + keptRecords*800
	held := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	j, o := submitted(t, 1, "job-1"), newOutstanding(jobs)
	before := held()
	for i := range 2 * jobs {
		one := *j
		one.id = ID{byte(i), byte(i >> 8), byte(i >> 16)}
		o.add(&one)
	}
	if len(o.jobs) != jobs || len(o.kept) != keptRecords {
		t.Errorf("%d jobs and %d records are held, want %d and %d", len(o.jobs), len(o.kept), jobs, keptRecords)
	}
	if after := held(); after > before+most {
		t.Errorf("%d bytes are held for %d jobs, want at most %d", after-before, jobs, most)
	}
	runtime.KeepAlive(o)
}

// Only what has been out for a while is asked for, step by step, and what only a
// sweep can help is forgotten.
func TestOutstandingIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutstanding(10)
		o.add(submitted(t, 1, "old"))
		parse := submitted(t, 2, "parse")
		parse.rec.Step = StepParse
		o.add(parse)
		time.Sleep(time.Minute)
		o.add(submitted(t, 3, "young"))
		want := map[uint64]ID{o.hash("old"): {1, 0, 1}}
		if got := o.silent(StepExtract, 30*time.Second); !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		time.Sleep(forgetAfter)
		if got := o.silent(StepParse, 30*time.Second); len(got) != 0 || o.has(ID{1, 0, 1}) {
			t.Errorf("got %v after %v, want nothing", got, forgetAfter)
		}
	})
}

// Whatever a record is, it comes out of its packing.
func FuzzPack(f *testing.F) {
	text, err := json.Marshal(submitted(f, 1, "job-1").rec)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{text, wording, {}, make([]byte, 70_000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := unpack(pack(text))
		if err != nil || string(got) != string(text) {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
	})
}
