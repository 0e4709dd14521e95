package zdr_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

const (
	testKey = "Bearer land_test_0123456789"
	testRef = "1b7700aa11bb22cc33dd44ee55ff6677"
	jobs    = "/v1/ade/extract/jobs"

	stagingKey, outboxKey = "s/4f1d.md", "o/9c0e.json"
)

// wire is a real listener. It counts connections and bytes, and keeps the
// requests that arrive.
type wire struct {
	*httptest.Server
	mu       sync.Mutex
	conns    int
	bytes    int
	requests []arrival
}

type arrival struct {
	method, target, proto, host string
	header                      http.Header
	body                        []byte
}

// countingListener counts what net/http has not even parsed yet.
type countingListener struct {
	net.Listener
	w *wire
}

type countingConn struct {
	net.Conn
	w *wire
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.w.count(1, 0)
	return countingConn{c, l.w}, nil
}

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.w.count(0, n)
	return n, err
}

func (w *wire) count(conns, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns += conns
	w.bytes += n
}

// newWire listens on a loopback address; answer may be nil where no request is
// expected.
func newWire(t *testing.T, answer http.HandlerFunc) *wire {
	t.Helper()
	w := &wire{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/probe" {
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		w.requests = append(w.requests, arrival{r.Method, r.RequestURI, r.Proto, r.Host, r.Header.Clone(), body})
		w.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		if answer != nil {
			answer(rw, r)
		}
	}))
	s.Listener = countingListener{s.Listener, w}
	s.Start()
	t.Cleanup(s.Close)
	w.Server = s
	return w
}

// sawNothing proves that no byte came: connections are accepted in the order in
// which they were made, so a probe that is answered comes after all others.
func (w *wire) sawNothing(t *testing.T) {
	t.Helper()
	c, err := net.Dial("tcp", w.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	probe := "GET /probe HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(c, probe); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns != 1 || w.bytes != len(probe) {
		t.Errorf("the listener saw %d connections and %d bytes beside the probe", w.conns-1, w.bytes-len(probe))
	}
}

func (w *wire) arrivals() []arrival {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]arrival(nil), w.requests...)
}

// journal is a recorder that keeps entries and fails on request.
type journal struct {
	mu      sync.Mutex
	entries []zdr.Entry
	fail    map[zdr.Kind]bool
	onEntry func(zdr.Entry)
}

var errJournal = errors.New("the disk is full")

func (j *journal) Record(ctx context.Context, e zdr.Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if j.onEntry != nil {
		j.onEntry(e)
	}
	if j.fail[e.Kind] {
		return errJournal
	}
	j.entries = append(j.entries, e)
	return nil
}

func (j *journal) of(k zdr.Kind) []zdr.Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var of []zdr.Entry
	for _, e := range j.entries {
		if e.Kind == k {
			of = append(of, e)
		}
	}
	return of
}

// bench is a guard in Development over a wire, with a schema approved and both
// URLs of one attempt deposited.
type bench struct {
	t        *testing.T
	wire     *wire
	journal  *journal
	guard    *zdr.Guard
	policy   zdr.Policy
	schema   zdr.Schema
	at       time.Time // when both URLs were signed
	get, put string
}

func newBench(t *testing.T, answer http.HandlerFunc, edits ...func(*zdr.Policy)) *bench {
	t.Helper()
	b := &bench{t: t, wire: newWire(t, answer), journal: &journal{fail: map[zdr.Kind]bool{}}}
	b.schema = mustSchema(t, `{"type":"object","properties":{"total":{"type":"number"}}}`)
	b.at = time.Now().Truncate(time.Second)
	b.get = presigned(b.wire.URL+"/x7k2/"+stagingKey, b.at, time.Hour)
	b.put = presigned(b.wire.URL+"/x7k2/"+outboxKey, b.at, time.Hour)
	b.policy = zdr.Policy{Development: true, Hosts: []string{b.wire.URL}}
	b.policy.Approve(b.schema, "test")
	for _, edit := range edits {
		edit(&b.policy)
	}
	var err error
	if b.guard, err = zdr.NewGuard(b.policy, b.journal); err != nil {
		t.Fatal(err)
	}
	return b
}

func mustSchema(t testing.TB, text string) zdr.Schema {
	t.Helper()
	s, err := zdr.ParseSchema([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustJob(t testing.TB, id string) zdr.JobID {
	t.Helper()
	j, err := zdr.RecordedJobID(id)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func (b *bench) grant(raw string, role zdr.Role, method string) zdr.Grant {
	key := stagingKey
	if role == zdr.Writer {
		key = outboxKey
	}
	return zdr.GrantFor(raw, zdr.Grant{
		Role: role, Method: method, Key: key, Ref: testRef, Attempt: 1,
		AccessKeyID: "AKIDEXAMPLE", SignedAt: b.at, Until: b.at.Add(time.Hour),
	})
}

// deposit deposits both URLs of attempt 1.
func (b *bench) deposit() {
	b.t.Helper()
	for _, g := range []zdr.Grant{b.grant(b.get, zdr.Reader, "GET"), b.grant(b.put, zdr.Writer, "PUT")} {
		if err := b.guard.Deposit(b.t.Context(), g); err != nil {
			b.t.Fatal(err)
		}
	}
}

// fields are those of a create that is let out.
func (b *bench) fields() map[string]string {
	return map[string]string{
		"schema": string(b.schema.Canonical()), "model": "extract-20260314", "strict": "false",
		"markdown_url": b.get, "output_save_url": b.put,
	}
}

func (b *bench) createRequest(fields map[string]string) *http.Request {
	f := zdr.NewForm()
	for name, value := range fields {
		f.Add(name, value)
	}
	contentType, body := f.Encode()
	r := b.request("POST", jobs, body)
	r.Header.Set("Content-Type", contentType)
	return r
}

func (b *bench) request(method, target string, body []byte) *http.Request {
	b.t.Helper()
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.wire.URL+target, r)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", testKey)
	req.Header.Set("Accept", "application/json")
	return req
}

func (b *bench) create() (*zdr.Reply, error) {
	b.deposit()
	return b.guard.Do(b.t.Context(), b.createRequest(b.fields()), createCall())
}

func (b *bench) job(id string) (*zdr.Reply, error) {
	about := zdr.Call{Operation: zdr.ExtractGet, Ref: testRef, Job: mustJob(b.t, id)}
	return b.guard.Do(b.t.Context(), b.request("GET", jobs+"/"+id, nil), about)
}

func (b *bench) list(query string) (*zdr.Reply, error) {
	return b.guard.Do(b.t.Context(), b.request("GET", jobs+query, nil), zdr.Call{Operation: zdr.ExtractList})
}

func createCall() zdr.Call {
	return zdr.Call{Operation: zdr.ExtractCreate, Ref: testRef, Attempt: 1}
}

// says answers with JSON.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// refusedBy reports the rule of a refusal.
func refusedBy(err error) string {
	if r, ok := errors.AsType[*zdr.Refusal](err); ok {
		return r.Rule
	}
	return ""
}

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }
