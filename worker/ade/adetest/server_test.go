package adetest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// newServed is a rig over sockets: provider and bucket both listen.
func newServed(t *testing.T, o adetest.Options) (*rig, *httptest.Server, *adetest.Server) {
	t.Helper()
	b := newBucket()
	storage := httptest.NewServer(b)
	t.Cleanup(storage.Close)
	s, err := adetest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	return &rig{t: t, p: s.Provider, bucket: b, base: s.URL, key: "key-1", client: &http.Client{Transport: checked{t, readSpec(t), base}}}, storage, s
}

// finished asks for a job until it has ended.
func (r *rig) finished(id string) answer {
	r.t.Helper()
	for r.t.Context().Err() == nil {
		if a := r.job(id); a.fields["status"] != "pending" && a.fields["status"] != "processing" {
			return a
		}
	}
	r.t.Fatal("the job did not end")
	return answer{}
}

func TestOverHTTP(t *testing.T) {
	r, storage, _ := newServed(t, adetest.Options{ZDR: true})
	a := r.post(jobs, text("schema", schema), text("markdown_url", storage.URL+"/s/in.md"), text("output_save_url", storage.URL+"/o/out.json?sig=1"))
	a = r.finished(a.fields["job_id"].(string))
	if a.status != http.StatusOK || a.fields["output_url"] != storage.URL+"/o/out.json?sig=1" || a.fields["data"] != nil {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if !strings.Contains(string(r.bucket.object("/o/out.json")), "INV-7") {
		t.Error("no result was saved")
	}
	if a := r.get(jobs + "?status=completed"); len(listed(a)) != 1 {
		t.Errorf("list: %s", a.body)
	}
	if a := r.post("/v1/ade/extract", text("schema", schema), file(invoice, "upload.md", "text/markdown")); a.status != http.StatusOK {
		t.Errorf("sync: got %d %s", a.status, a.body)
	}
}

func TestDropsOverHTTP(t *testing.T) {
	for _, tt := range []struct {
		drop adetest.Drop
		jobs int
	}{{adetest.DropDial, 0}, {adetest.DropBefore, 0}, {adetest.DropAfter, 1}, {adetest.DropWithin, 1}} {
		r, _, s := newServed(t, adetest.Options{})
		s.FailNext(adetest.OpCreate, 1, adetest.RequestFault{Drop: tt.drop})
		a, err := r.do(r.form(jobs, text("schema", schema), file(invoice, "d.md", "text/markdown")))
		if err == nil {
			t.Errorf("drop %d: got %d %s", tt.drop, a.status, a.body)
		}
		if got := len(s.Account().Jobs); got != tt.jobs {
			t.Errorf("drop %d: %d jobs", tt.drop, got)
		}
	}
}

func TestPrivateAddressIsNotDialled(t *testing.T) {
	r, storage, _ := newServed(t, adetest.Options{RefusePrivateHosts: true})
	_, port, _ := strings.Cut(strings.TrimPrefix(storage.URL, "http://"), ":")
	a := r.post(jobs, text("schema", schema), text("markdown_url", "http://ip6-localhost:"+port+"/s/in.md"))
	if a.status != http.StatusBadRequest {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	r, storage, s := newServed(t, adetest.Options{Delay: adetest.Delay{Pending: time.Hour}})
	r.post(jobs, text("schema", schema), text("markdown_url", storage.URL+"/s/in.md"))
	s.FailNext(adetest.OpGet, 1, adetest.RequestFault{Delay: time.Hour})
	waiting := make(chan error, 1)
	go func() {
		_, err := r.do(newRequest(t, http.MethodGet, r.base+jobs+"/x", nil, ""))
		waiting <- err
	}()
	for s.Account().Counts[adetest.OpGet] == 0 && !strings.Contains(stacks(), "adetest.(*Provider).wait") {
		runtime.Gosched()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; err == nil {
		t.Error("a waiting request was answered")
	}
	for ranNothing := false; !ranNothing; {
		// A goroutine that Close has waited for is still seen on its way out,
		// one that it forgot is seen until the test times out.
		all := stacks()
		ranNothing = !strings.Contains(all, "adetest.(*") && !strings.Contains(all, "adetest.New")
		runtime.Gosched()
	}
	req := newRequest(t, http.MethodGet, "http://provider.test"+jobs, nil, "")
	if _, err := s.RoundTripper().RoundTrip(req); err == nil {
		t.Error("a closed provider answers")
	}
}

func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

func TestAddressInUse(t *testing.T) {
	_, _, s := newServed(t, adetest.Options{})
	if second, err := adetest.Start(adetest.Options{Addr: strings.TrimPrefix(s.URL, "http://")}); err == nil {
		second.Close()
		t.Error("two servers at one address")
	} else if errors.Unwrap(err) == nil {
		t.Errorf("no cause: %v", err)
	}
}
