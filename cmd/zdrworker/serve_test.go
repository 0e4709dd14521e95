//go:build !nosandbox

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

const (
	bearer      = "a-bearer-token-for-the-tests"
	serveConfig = `version: 1
policy:
  schemas: [%s]
routes:
  - {name: invoices, match: {prefix: inbox/}, schema: s.json}
sources:
  - webhook: {address: "127.0.0.1:0", token_file: token}
  - scan: {prefix: inbox/late/, every: 500ms}
  - schedule: {every: 500ms}
serve: {admin: "127.0.0.1:0"}
`
)

// served is a `zdrworker serve` that says where it can be reached.
type served struct {
	*bench
	cmd            *exec.Cmd
	errs           *bytes.Buffer
	Admin, Webhook string
	store          *s3store.Store
}

// serve starts the program and waits until it is up.
func (b *bench) serve() *served {
	b.t.Helper()
	cmd, _, errs := b.command("serve", "--json", "--config", "z.yaml")
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	s := &served{bench: b, cmd: cmd, errs: errs}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, s) != nil {
		_ = cmd.Wait()
		b.t.Fatalf("said %q: %v\n%s", line, err, errs)
	}
	if s.store, err = s3store.Open(b.t.Context(), b.box.AWS(), "s3://"+sandbox.StoreBucket); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bench) serveConfig() {
	digest, _ := b.run(exitOK, "schema", "check", "s.json")
	found := regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindString(digest)
	write(b.t, filepath.Join(b.dir, "z.yaml"), fmt.Sprintf(serveConfig, found))
	write(b.t, filepath.Join(b.dir, "token"), bearer+"\n")
}

func (s *served) put(key, text string) {
	s.t.Helper()
	if _, err := s.store.Put(s.t.Context(), key, strings.NewReader(text), bucket.PutOptions{ContentType: "text/markdown"}); err != nil {
		s.t.Fatal(err)
	}
}

// post sends the event of an object, as S3 words it.
func (s *served) post(bucketName, key, token string) int {
	s.t.Helper()
	body := fmt.Sprintf(`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":%q},"object":{"key":%q,"size":3}}}]}`, bucketName, key)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.Webhook+"/", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer reply.Body.Close()
	return reply.StatusCode
}

// page reads a page of the admin port.
func (s *served) page(path string) (int, string) {
	s.t.Helper()
	reply, err := http.Get("http://" + s.Admin + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply.StatusCode, string(body)
}

// until waits for something to become true.
func (s *served) until(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
			s.t.Fatalf("never: %s\n%s", what, s.errs)
		}
	}
}

func (s *served) sealed(key string) func() bool {
	return func() bool {
		_, err := s.store.Head(s.t.Context(), "results/invoices/"+strings.TrimPrefix(key, "inbox/")+".json", "")
		return err == nil
	}
}

// end asks the program to end and holds it to 143.
func (s *served) end() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	s.ended(s.cmd.Wait(), exitTerminated, []string{"serve"}, &bytes.Buffer{}, s.errs)
}

// TestServe: documents that are put into the bucket become results, by an event
// and by a scan, and neither log nor admin port says what they are called.
func TestServe(t *testing.T) {
	b := newBench(t)
	b.serveConfig()
	mark := zdrtest.New(t)
	s := b.serve()
	event, late := "inbox/"+mark.Mark("event")+".md", "inbox/late/"+mark.Mark("late")+".md"
	s.put(event, "Invoice number: 17\n")
	if got := s.post(sandbox.StoreBucket, event, "not-the-bearer-token"); got != http.StatusUnauthorized {
		t.Errorf("a foreign token got %d", got)
	}
	if got := s.post("another-bucket", event, bearer); got != http.StatusBadRequest {
		t.Errorf("an event of a foreign bucket got %d", got)
	}
	if got := s.post(sandbox.StoreBucket, "results/invoices/x.md", bearer); got != http.StatusNoContent {
		t.Errorf("an event of our own writing got %d", got)
	}
	for range 2 {
		if got := s.post(sandbox.StoreBucket, event, bearer); got != http.StatusNoContent {
			t.Fatalf("the event got %d\n%s", got, s.errs)
		}
	}
	s.until("result by an event", s.sealed(event))
	s.put(late, "Invoice number: 18\n")
	s.until("result by a scan", s.sealed(late))
	if status, said := s.page("/readyz"); status != http.StatusOK || said != "ready\n" {
		t.Errorf("readyz %d %q", status, said)
	}
	if status, said := s.page("/healthz"); status != http.StatusOK || said != "ok\n" {
		t.Errorf("healthz %d %q", status, said)
	}
	if status, _ := s.page("/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("pprof %d", status)
	}
	var metrics string
	for _, want := range []string{ // a job is counted a moment after its result is there
		"\nzdrworker_sweep_last_success_timestamp_seconds ",
		`zdrworker_jobs_total{outcome="ok",route="invoices"} 2`,
		`zdrworker_provider_requests_total{code="202",operation="extract.create"} 2`,
		`zdrworker_trigger_messages_total{outcome="poison",source="webhook"} 1`,
		`zdrworker_paused 0`,
	} {
		s.until("metrics with "+want, func() bool {
			_, metrics = s.page("/metrics")
			return strings.Contains(metrics, want)
		})
	}
	var out string
	s.until("a status with nothing staged", func() bool {
		out, _ = b.run(exitOK, "status", "--config", "z.yaml", "--json")
		return strings.Contains(out, `"states":{"sealed":2}`) && strings.Contains(out, `"staged":0`)
	})
	s.end()
	for place, text := range map[string]string{"metrics": metrics, "log": s.errs.String(), "status": out} {
		mark.Assert(t, place, []byte(text))
	}
	if b.billed() != 2 {
		t.Errorf("%d jobs billed, want 2", b.billed())
	}
}

// TestServeIsEndedAtWork: SIGTERM in the middle loses nothing and bills nothing
// twice; the next one goes on.
func TestServeIsEndedAtWork(t *testing.T) {
	b := newBench(t)
	b.serveConfig()
	s := b.serve()
	const docs = 24
	key := func(i int) string { return fmt.Sprintf("inbox/%02d.md", i) }
	for i := range docs {
		s.put(key(i), fmt.Sprintf("Invoice number: %d\n", i))
		if got := s.post(sandbox.StoreBucket, key(i), bearer); got != http.StatusNoContent {
			t.Fatalf("event %d got %d\n%s", i, got, s.errs)
		}
	}
	s.end()
	s = b.serve()
	for i := range docs {
		s.until("result "+key(i), s.sealed(key(i)))
	}
	s.end()
	if b.billed() != docs {
		t.Errorf("%d jobs billed, want %d", b.billed(), docs)
	}
}

// TestServePaused: what a person paused waits, and is said to.
func TestServePaused(t *testing.T) {
	b := newBench(t)
	b.serveConfig()
	b.run(exitOK, "pause", "--config", "z.yaml")
	s := b.serve()
	s.put("inbox/a.md", "Invoice number: 17\n")
	if got := s.post(sandbox.StoreBucket, "inbox/a.md", bearer); got != http.StatusNoContent {
		t.Fatalf("the event got %d\n%s", got, s.errs)
	}
	s.until("pause in metrics", func() bool {
		_, metrics := s.page("/metrics")
		return strings.Contains(metrics, "\nzdrworker_paused 1\n") && strings.Contains(metrics, "\nzdrworker_jobs_open{route=\"\",waiting_for=\"\"} 1\n")
	})
	out, _ := b.run(exitOK, "status", "--config", "z.yaml")
	if !strings.Contains(out, "paused since") || !strings.Contains(out, "claimed 1") || b.billed() != 0 {
		t.Errorf("%d billed; status:\n%s", b.billed(), out)
	}
	b.run(exitOK, "resume", "--config", "z.yaml")
	s.until("result", s.sealed("inbox/a.md"))
	s.end()
}

// TestServeIsNotReady: the admin port says why, and health goes on: a restart
// would mend neither a breaker nor a bucket.
func TestServeIsNotReady(t *testing.T) {
	b := newBench(t)
	b.serveConfig()
	s := b.serve()
	s.until("ready", func() bool { status, _ := s.page("/readyz"); return status == http.StatusOK })
	s.put("zdr/control/breaker.json", `{"format":1,"open":true,"reason":"credits","probe":"2100-01-01T00:00:00Z"}`)
	says := func(word string) func() bool {
		return func() bool {
			status, said := s.page("/readyz")
			return status == http.StatusServiceUnavailable && said == word+"\n"
		}
	}
	s.until("not ready for the breaker", says("breaker_open"))
	if status, _ := s.page("/healthz"); status != http.StatusOK {
		t.Errorf("healthz %d", status)
	}
	b.run(exitOK, "breaker", "release", "--config", "z.yaml")
	s.until("ready again", func() bool { status, _ := s.page("/readyz"); return status == http.StatusOK })
	if err := b.box.Close(); err != nil {
		t.Fatal(err)
	}
	s.until("not ready for the store", says("store_unavailable"))
	if status, _ := s.page("/healthz"); status != http.StatusOK {
		t.Errorf("healthz %d", status)
	}
	s.end()
}
