//go:build !nosandbox

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

// bootstrap builds the program once, as it is deployed.
var bootstrap = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "bootstrap")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "bootstrap")
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	build := exec.Command("go", "build", "-tags", "nosandbox", "-o", file, ".")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := bootstrap(); err == nil {
		_ = os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

// answer is what the function said to one call.
type answer struct {
	failed bool // to the error address
	body   []byte
}

// call is one call of the function.
type call struct {
	id, event string
	left      time.Duration
}

// lambdaAPI is Lambda's side of the Runtime API.
type lambdaAPI struct {
	calls   chan call
	answers chan answer
}

func (l *lambdaAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/2018-06-01/runtime/invocation/")
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if path == "next" {
		l.next(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusAccepted)
	l.answers <- answer{strings.HasSuffix(path, "/error"), body}
}

func (l *lambdaAPI) next(w http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case c := <-l.calls:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", c.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(c.left).UnixMilli()))
		w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a87bd80c:3")
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-2:111122223333:function:zdr")
		_, _ = io.WriteString(w, c.event)
	}
}

// bench is a sandbox in the test's process, and the function as another.
type bench struct {
	t     *testing.T
	box   *sandbox.Sandbox
	api   *lambdaAPI
	dir   string
	store *s3store.Store
	out   file // embedded metric lines
	errs  file // log
	said  bytes.Buffer
	n     int
	mark  *zdrtest.Sentinels
}

// file is what the process writes to: no copying goes on after its answer.
type file struct{ *os.File }

func newFile(t *testing.T) file {
	f, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return file{f}
}

func (f file) String() string {
	b, err := os.ReadFile(f.Name())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// schema is what is extracted; its digest is approved in every configuration.
const schema = `{"type":"object","properties":{"invoice_number":{"type":"string"}}}`

func newBench(t *testing.T) *bench {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Delay: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{t: t, box: box, dir: t.TempDir(), api: &lambdaAPI{make(chan call), make(chan answer, 1)}, mark: zdrtest.New(t), out: newFile(t), errs: newFile(t)}
	b.store = b.bucket(sandbox.StoreBucket)
	write(t, filepath.Join(b.dir, "s.json"), schema)
	return b
}

func (b *bench) bucket(name string) *s3store.Store {
	s, err := s3store.Open(b.t.Context(), b.box.AWS(), "s3://"+name)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// start starts the function in an environment like Lambda's: nothing of this
// machine's own.
func (b *bench) start(environ ...string) {
	b.t.Helper()
	program, err := bootstrap()
	if err != nil {
		b.t.Fatal(err)
	}
	host := httptest.NewServer(b.api)
	b.t.Cleanup(host.Close)
	tmp := b.t.TempDir()
	ctx, stop := context.WithCancel(b.t.Context())
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.dir, b.out.File, b.errs.File
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(host.URL, "http://"), "TMPDIR=" + tmp, "TMP=" + tmp, "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"), "AWS_LAMBDA_FUNCTION_NAME=zdr"}
	for name, value := range b.box.Env() {
		cmd.Env = append(cmd.Env, name+"="+value)
		if strings.HasSuffix(name, "SECRET_ACCESS_KEY") || name == "VISION_AGENT_API_KEY" {
			b.mark.Known(name, value)
		}
	}
	cmd.Env = append(cmd.Env, environ...)
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		b.mark.Assert(b.t, "log", []byte(b.errs.String()))
		b.mark.Assert(b.t, "metrics", []byte(b.out.String()))
		b.mark.Assert(b.t, "answers", b.said.Bytes())
		b.mark.AssertDir(b.t, tmp)
		b.fields()
	})
}

// fields holds every line of the log to the closed set.
func (b *bench) fields() {
	closed := strings.Fields("time level msg ref route step state attempt event code http_status duration_ms bytes credits worker trace_id")
	for text := range strings.Lines(b.errs.String()) {
		line := map[string]any{}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			b.t.Errorf("log line %q: %v", text, err)
		}
		for _, name := range closed {
			delete(line, name)
		}
		if len(line) > 0 {
			b.t.Errorf("log line %q has other fields", text)
		}
	}
}

// enough is a call's time in which everything can be begun.
const enough = 10 * time.Minute

// call calls the function.
func (b *bench) call(event string, left time.Duration) answer {
	b.t.Helper()
	b.n++
	select {
	case b.api.calls <- call{fmt.Sprintf("call-%d", b.n), event, left}:
	case <-time.After(2 * time.Minute):
		b.t.Fatalf("the function takes no call\n%s", b.errs.String())
	}
	select {
	case a := <-b.api.answers:
		b.said.Write(a.body)
		return a
	case <-time.After(2 * time.Minute):
		b.t.Fatalf("the function does not answer\n%s", b.errs.String())
	}
	return answer{}
}

// answers holds a call to its answer.
func (b *bench) answers(event string, left time.Duration, want string) {
	b.t.Helper()
	if a := b.call(event, left); a.failed || string(a.body) != want {
		b.t.Fatalf("said %q (an error: %t), want %q\n%s", a.body, a.failed, want, b.errs.String())
	}
}

// fails holds a call to a code.
func (b *bench) fails(event string, left time.Duration, code string) {
	b.t.Helper()
	a := b.call(event, left)
	var said struct{ ErrorType, ErrorMessage string }
	if err := json.Unmarshal(a.body, &said); err != nil || !a.failed || said.ErrorType != code || said.ErrorMessage != "zdrworker: "+code {
		b.t.Fatalf("said %q (an error: %t), want %s\n%s", a.body, a.failed, code, b.errs.String())
	}
}

func (b *bench) put(key, text string) {
	b.t.Helper()
	if _, err := b.store.Put(b.t.Context(), key, strings.NewReader(text), bucket.PutOptions{ContentType: "text/markdown"}); err != nil {
		b.t.Fatal(err)
	}
}

// document puts a document whose name and text are marked.
func (b *bench) document(label string) (key string) {
	b.t.Helper()
	key = "inbox/" + b.mark.Mark("name of "+label) + ".md"
	b.put(key, "Invoice number: "+b.mark.Mark("number of "+label)+"\n")
	return key
}

func (b *bench) sealed(key string) bool {
	_, err := b.store.Head(b.t.Context(), "results/invoices/"+strings.TrimPrefix(key, "inbox/")+".json", "")
	return err == nil
}

// hold keeps the next n jobs at the stand-in until they are let go: no call finds
// the result of the one before it.
func (b *bench) hold(n int) (letGo func()) {
	letGo = b.box.Provider().HoldNext(n)
	b.t.Cleanup(letGo)
	return letGo
}

// landed waits for so many results of the stand-in's and gives their keys. A job
// is said to be completed a moment after its result is there.
func (b *bench) landed(n int) (keys []string) {
	b.t.Helper()
	exchange := b.bucket(sandbox.ExchangeBucket)
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		keys = nil
		for o, err := range exchange.List(b.t.Context(), bucket.Page{Prefix: "o/"}) {
			if err != nil {
				b.t.Fatal(err)
			}
			keys = append(keys, o.Key)
		}
		if len(keys) >= n && !slices.ContainsFunc(b.box.Provider().Account().Jobs, isOpen) {
			return keys
		}
	}
	b.t.Fatalf("%d results in the outbox, want %d\n%s", len(keys), n, b.errs.String())
	return nil
}

func isOpen(j adetest.Job) bool { return j.Status != adetest.StatusCompleted }

func (b *bench) billed() int { return b.box.Provider().Billed().Jobs }

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// s3Event is what S3 sends about an object.
func s3Event(name, key string) string {
	return fmt.Sprintf(`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":%q},"object":{"key":%q,"size":3}}}]}`, name, key)
}

// bridgeEvent is what EventBridge sends about an object.
func bridgeEvent(name, key string) string {
	return fmt.Sprintf(`{"version":"0","detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":%q},"object":{"key":%q,"size":3}}}`, name, key)
}

const scheduled = `{"version":"0","id":"i","detail-type":"Scheduled Event","source":"aws.scheduler","account":"111122223333","time":"2026-11-23T18:00:00Z","region":"us-east-2","resources":[],"detail":"{}"}`

// batchOf is a batch of an SQS queue; the ids are a, b, c and so on.
func batchOf(bodies ...string) string {
	var records []map[string]any
	for i, body := range bodies {
		records = append(records, map[string]any{
			"messageId": string(rune('a' + i)), "receiptHandle": "h", "body": body, "eventSource": "aws:sqs",
			"attributes": map[string]string{"ApproximateReceiveCount": "1"}, "messageAttributes": map[string]any{},
		})
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// again is the answer that names messages which have to come again.
func again(ids ...string) string {
	failures := []string{}
	for _, id := range ids {
		failures = append(failures, fmt.Sprintf(`{"itemIdentifier":%q}`, id))
	}
	return `{"batchItemFailures":[` + strings.Join(failures, ",") + `]}`
}
