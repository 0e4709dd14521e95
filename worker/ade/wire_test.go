package ade

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// peer is a server of bare TCP that reads whole requests and answers with
// whatever bytes a test wants, so that it can do what no HTTP server does.
type peer struct {
	listener net.Listener
	answer   func(*http.Request) string // ends with hangUp to close the connection
	got      chan struct{}              // one for each request that was read

	mu       sync.Mutex
	requests []string // method and target
}

// hangUp at the end of an answer closes the connection; it is not sent.
const hangUp = "\x00hang up"

func newPeer(t *testing.T, answer func(*http.Request) string) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{listener: l, answer: answer, got: make(chan struct{}, 16)}
	var running sync.WaitGroup
	running.Go(func() { p.accept(&running) })
	t.Cleanup(func() { _ = l.Close(); running.Wait() })
	return p
}

func (p *peer) accept(running *sync.WaitGroup) {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		running.Go(func() { p.serve(conn) })
	}
}

func (p *peer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		p.mu.Lock()
		p.requests = append(p.requests, req.Method+" "+req.RequestURI)
		p.mu.Unlock()
		p.got <- struct{}{}
		answer, hangUp := strings.CutSuffix(p.answer(req), hangUp)
		if _, err := io.WriteString(conn, answer); err != nil || hangUp {
			return
		}
	}
}

func (p *peer) count(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, r := range p.requests {
		if strings.HasPrefix(r, method+" ") {
			n++
		}
	}
	return n
}

// says is an answer that keeps the connection open.
func says(status, body string, headers ...string) string {
	return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + strings.Join(append(headers, ""), "\r\n") +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// guarded makes a real guard and a client for a peer's address.
func guarded(t testing.TB, address string) (*Client, ExtractJob) {
	t.Helper()
	schema := schemaOf(t, testSchema)
	policy := zdr.Policy{Development: true, Hosts: []string{"http://" + address}}
	policy.Approve(schema, "test")
	guard, err := zdr.NewGuard(policy, &zdr.Tally{})
	if err != nil {
		t.Fatal(err)
	}
	pair := signedPair(t, guard, testRef)
	return New(guard, zdr.NewAPIKey("key-1")), ExtractJob{
		Ref: testRef, Attempt: 1, Schema: schema, Model: "extract-20260314", Markdown: pair.Get, OutputSave: pair.Put,
	}
}

const accepted = `{"job_id":"job-1"}`

func TestJobOverTheWire(t *testing.T) {
	p := newPeer(t, func(r *http.Request) string {
		switch {
		case r.Method == http.MethodPost:
			return says("202 Accepted", accepted)
		case r.URL.Path == jobsPath:
			return says("200 OK", `{"jobs":[{"job_id":"job-1","status":"processing","received_at":1767225600,"progress":0,"news":1}],"has_more":true}`)
		}
		return says("206 Partial Content", `{"job_id":"job-1","status":"completed","received_at":1767225600,"progress":1,"data":null}`)
	})
	c, ask := guarded(t, p.listener.Addr().String())
	id, err := c.CreateExtractJob(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.ExtractJobs(t.Context(), ListOptions{Status: StatusProcessing})
	if err != nil || len(list.Jobs) != 1 || list.Jobs[0].ID != id || !list.HasMore {
		t.Errorf("got %+v, %v", list, err)
	}
	job, err := c.ExtractJob(t.Context(), id, testRef)
	if err != nil || !job.Partial || job.ID != id || job.Status != StatusCompleted {
		t.Errorf("got %+v, %v", job, err)
	}
}

// TestCreateArrivesOnce is the promise that matters most: a server takes a
// create on a connection that has served before, reads all of it and hangs up.
// HTTP libraries like to send again then.
func TestCreateArrivesOnce(t *testing.T) {
	p := newPeer(t, func(r *http.Request) string {
		if r.Method == http.MethodPost {
			return hangUp
		}
		return says("200 OK", `{"jobs":[]}`)
	})
	c, ask := guarded(t, p.listener.Addr().String())
	for range 3 {
		if _, err := c.ExtractJobs(t.Context(), ListOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.CreateExtractJob(t.Context(), ask)
	if !errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("got %v, want %v", err, ErrUnknownOutcome)
	}
	if _, err := c.ExtractJobs(t.Context(), ListOptions{}); err != nil {
		t.Fatal(err)
	}
	if posts, gets := p.count("POST"), p.count("GET"); posts != 1 || gets != 4 {
		t.Errorf("the server saw %d creates and %d lists, want 1 and 4", posts, gets)
	}
}

func TestNoDefiniteAnswer(t *testing.T) {
	tests := map[string]string{
		"hangs up":         hangUp,
		"cut header":       "HTTP/1.1 202 Acc" + hangUp,
		"cut body":         "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{\"job_id\":" + hangUp,
		"no HTTP":          "220 mail.example ESMTP\r\n\r\n" + hangUp,
		"no JSON":          says("202 Accepted", "<html>"),
		"no id":            says("202 Accepted", `{}`),
		"an id of a name":  says("202 Accepted", `{"job_id":"../../Jane Doe"}`),
		"ok, not accepted": says("200 OK", accepted),
		"redirect":         says("307 Temporary Redirect", "", "Location: /v1/ade/extract/jobs"),
		"server error":     says("500 Internal Server Error", `{"message":"Failed to process the document"}`),
		"gateway":          says("504 Gateway Timeout", ``),
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, func(*http.Request) string { return answer })
			c, ask := guarded(t, p.listener.Addr().String())
			id, err := c.CreateExtractJob(t.Context(), ask)
			if !errors.Is(err, ErrUnknownOutcome) || !id.IsZero() {
				t.Errorf("got %v, %v, want %v", id, err, ErrUnknownOutcome)
			}
			if posts := p.count("POST"); posts != 1 {
				t.Errorf("the server saw %d creates, want 1", posts)
			}
		})
	}
}

func TestTimeoutIsAnUnknownOutcome(t *testing.T) {
	hold := make(chan struct{})
	p := newPeer(t, func(*http.Request) string { <-hold; return hangUp })
	t.Cleanup(func() { close(hold) })
	c, ask := guarded(t, p.listener.Addr().String())
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-p.got; cancel() }()
	_, err := c.CreateExtractJob(ctx, ask)
	if !errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, ErrUnknownOutcome)
	}
}

func TestNobodyThereIsNotSent(t *testing.T) {
	p := newPeer(t, func(*http.Request) string { return hangUp })
	c, ask := guarded(t, p.listener.Addr().String())
	_ = p.listener.Close()
	if _, err := c.CreateExtractJob(t.Context(), ask); !errors.Is(err, ErrNotSent) {
		t.Errorf("got %v, want %v", err, ErrNotSent)
	}
}

func TestGuardSpeaksThroughTheClient(t *testing.T) {
	p := newPeer(t, func(r *http.Request) string {
		if r.Method == http.MethodPost {
			return says("429 Too Many Requests", ``, "Retry-After: 7")
		}
		return says("200 OK", `{"job_id":"job-1","status":"completed","received_at":1,"progress":1,"data":{"extraction":{}}}`)
	})
	c, ask := guarded(t, p.listener.Addr().String())

	other := ask
	other.Schema = schemaOf(t, `{"type":"object","properties":{"other":{"type":"string"}}}`)
	if _, err := c.CreateExtractJob(t.Context(), other); !errors.Is(err, ErrRefused) || p.count("POST") != 0 {
		t.Errorf("unapproved schema: got %v and %d creates", err, p.count("POST"))
	}
	_, err := c.CreateExtractJob(t.Context(), ask)
	if e, ok := errors.AsType[*Error](err); !ok || e.Class != ErrThrottled || e.RetryAfter != 7*time.Second {
		t.Errorf("throttled: got %v", err)
	}
	if _, err := c.CreateExtractJob(t.Context(), ask); !errors.Is(err, ErrRefused) || p.count("POST") != 1 {
		t.Errorf("used URLs: got %v and %d creates", err, p.count("POST"))
	}
	if _, err := c.ExtractJob(t.Context(), jobID(t, "job-1"), testRef); !errors.Is(err, ErrViolation) {
		t.Errorf("content in a reply: got %v", err)
	}
}
