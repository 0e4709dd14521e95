package zdr_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// The request that goes out is the guard's own, to the letter.
func TestRequestIsRebuilt(t *testing.T) {
	x := newTrial(t)
	x.req.Header.Set("User-Agent", "content/1")
	x.req.Header.Set("Accept", "content/plain")
	x.req.ContentLength = 7
	x.req.GetBody = func() (io.ReadCloser, error) { t.Error("GetBody was called"); return http.NoBody, nil }
	x.req.Form = map[string][]string{"markdown": {"content"}}
	x.req.Close = false
	reply, err := x.guard.Do(t.Context(), x.req, x.about)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Created.String() != "job-1" || reply.Status != 202 || reply.Unrecorded {
		t.Errorf("got job %q, status %d, want job-1, 202", reply.Created, reply.Status)
	}
	got := x.wire.arrivals()[0]
	want := map[string]string{
		"Accept": "application/json", "Authorization": testKey, "User-Agent": "zdrworker/1",
		"Content-Type": "multipart/form-data; boundary=zdrworker-form-7d1f0c3e5b9a4826", "Connection": "close",
	}
	for name := range got.header {
		if name != "Content-Length" && got.header.Get(name) != want[name] {
			t.Errorf("header %s is %q, want %q", name, got.header.Get(name), want[name])
		}
	}
	if len(got.header) != len(want)+1 {
		t.Errorf("headers %v, want those of %v and Content-Length", slices.Collect(maps.Keys(got.header)), want)
	}
	if got.proto != "HTTP/1.1" || got.method != "POST" || got.target != jobs {
		t.Errorf("got %s %s %s", got.method, got.target, got.proto)
	}
	f := zdr.NewForm()
	for name, value := range x.fields {
		f.Add(name, value)
	}
	if _, body := f.Encode(); string(body) != string(got.body) {
		t.Errorf("the body is not the canonical form")
	}
}

// Values of the caller's context could hold a trace that sees the key.
func TestCallersTraceSeesNothing(t *testing.T) {
	x := newTrial(t)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteHeaderField: func(string, []string) { t.Error("a trace of the caller saw a header") },
	})
	if _, err := x.guard.Do(ctx, x.req.WithContext(ctx), x.about); err != nil {
		t.Fatal(err)
	}
}

// closer is a server that answers the first request of a connection and keeps
// the connection, then reads the next request whole and closes: net/http sends
// again what it may. With answers 0 it closes after the first request.
type closer struct {
	mu    sync.Mutex
	posts int
}

func (c *closer) serve(t *testing.T, answers int) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.handle(conn, answers)
		}
	}()
	return "http://" + l.Addr().String()
}

func (c *closer) handle(conn net.Conn, answers int) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for range answers + 1 {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		c.mu.Lock()
		c.posts++
		c.mu.Unlock()
		if answers > 0 {
			answers--
			const body = `{"job_id":"job-1"}`
			_, _ = io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"+body)
		}
	}
}

func (c *closer) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.posts
}

// A create whose connection dies is sent once, and its outcome is unknown.
func TestCreateIsSentOnce(t *testing.T) {
	for name, answers := range map[string]int{"fresh connection": 0, "reused connection": 1} {
		t.Run(name, func(t *testing.T) {
			c := &closer{}
			base := c.serve(t, answers)
			b := newBench(t, nil, func(p *zdr.Policy) { p.Hosts = []string{base} })
			b.wire.URL = base
			sent := 0
			for range answers {
				if _, err := b.create(); err != nil {
					t.Fatal(err)
				}
				sent++
			}
			if answers > 0 {
				// Were the connection kept, the second create would go over it.
				if _, err := b.create(); err != nil {
					t.Fatal(err)
				}
				sent++
			} else {
				_, err := b.create()
				if e, ok := errors.AsType[*zdr.TransportError](err); !ok || !e.Sent || e.Class != zdr.ClassCut {
					t.Errorf("got %v, want a cut request that may have arrived", err)
				}
				sent++
			}
			if got := c.count(); got != sent {
				t.Errorf("%d creates arrived, %d were sent", got, sent)
			}
		})
	}
}

func TestNotSent(t *testing.T) {
	b := newBench(t, nil)
	b.deposit()
	b.wire.Close()
	_, err := b.guard.Do(t.Context(), b.createRequest(b.fields()), createCall())
	e, ok := errors.AsType[*zdr.TransportError](err)
	if !ok || e.Sent || e.Class != zdr.ClassDial || e.Ref != testRef {
		t.Errorf("got %v, want a dial that failed with nothing sent", err)
	}
	if strings.Contains(err.Error(), "127.0.0.1") {
		t.Error("the error names the address")
	}
	answered := b.journal.of(zdr.KindAnswered)
	if len(answered) != 1 || answered[0].Rule != zdr.ClassDial {
		t.Errorf("recorded %v, want the class of the failure", answered)
	}
}

// A caller that gave up before the request sends nothing; one that gives up
// while it waits has sent it.
func TestCanceled(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan struct{})
	b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-gone
	})
	defer close(gone)
	b.deposit()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err := b.guard.Do(ctx, b.createRequest(b.fields()), createCall())
	e, ok := errors.AsType[*zdr.TransportError](err)
	if !ok || !e.Sent || e.Class != zdr.ClassCanceled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a canceled request that may have arrived", err)
	}
	if n := len(b.journal.of(zdr.KindAnswered)); n != 1 {
		t.Errorf("recorded %d ends of a canceled request, want 1", n)
	}
}

func TestCanceledBefore(t *testing.T) {
	x := newTrial(t)
	ctx, cancel := context.WithCancel(t.Context())
	// The recorder takes the intent, then the caller gives up.
	x.journal.onEntry = func(e zdr.Entry) {
		if e.Kind == zdr.KindIntent {
			cancel()
		}
	}
	_, err := x.guard.Do(ctx, x.req, x.about)
	e, ok := errors.AsType[*zdr.TransportError](err)
	if !ok || e.Sent || e.Class != zdr.ClassCanceled {
		t.Errorf("got %v, want a canceled request that was not sent", err)
	}
	x.wire.sawNothing(t)
}

// base is a transport of tests.
type base func(*http.Request) (*http.Response, error)

func (b base) RoundTrip(r *http.Request) (*http.Response, error) { return b(r) }

// Over another transport only its own word proves that nothing was sent.
func TestSentOverAnotherTransport(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		sent bool
	}{
		"lost":     {errors.New("connection reset, secret"), true},
		"not sent": {errors.Join(errors.New("secret"), zdr.ErrNotSent), false},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := zdr.NewGuardOver(base(func(*http.Request) (*http.Response, error) { return nil, test.err }), zdr.Policy{}, &zdr.Tally{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = g.Do(t.Context(), listRequest(t, g), zdr.Call{Operation: zdr.ExtractList})
			e, ok := errors.AsType[*zdr.TransportError](err)
			if !ok || e.Sent != test.sent || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want sent %v", err, test.sent)
			}
		})
	}
}

// A request that is never answered ends by itself.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := base(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		g, err := zdr.NewGuardOver(silent, zdr.Policy{}, &zdr.Tally{})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = g.Do(t.Context(), listRequest(t, g), zdr.Call{Operation: zdr.ExtractList})
		e, ok := errors.AsType[*zdr.TransportError](err)
		if !ok || e.Class != zdr.ClassTimeout || time.Since(start) != 2*time.Minute {
			t.Errorf("got %v after %v, want a timeout after 2 minutes", err, time.Since(start))
		}
	})
}

func listRequest(t *testing.T, g *zdr.Guard) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", g.BaseURL()+jobs, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", testKey)
	return r
}

// A peer that cannot be verified gets no byte of the request.
func TestUnverifiedPeer(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request arrived at a peer that was not verified")
	}))
	s.Config.ErrorLog = discardLog()
	s.StartTLS()
	defer s.Close()
	err := zdr.RoundTripForTest(zdr.Policy{Development: true}, s.URL)
	if !zdr.IsTLSForTest(err) {
		t.Errorf("got %T, want a failed verification", err)
	}
}

// A root of the policy is trusted, and HTTP/1.1 is spoken to a server that
// offers HTTP/2.
func TestCABundle(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Proto != "HTTP/1.1" {
			t.Errorf("got %s, want HTTP/1.1", r.Proto)
		}
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	p := zdr.Policy{Development: true, CABundle: pemOf(s.Certificate())}
	if err := zdr.RoundTripForTest(p, s.URL); err != nil {
		t.Error(err)
	}
}

// Each mode dials its own kind of address only, whatever a name resolves to.
func TestDialAddresses(t *testing.T) {
	for _, test := range []struct {
		address     string
		development bool
		allowed     bool
	}{
		{"127.0.0.1:80", true, true},
		{"127.9.9.9:80", true, true},
		{"[::1]:80", true, true},
		{"[::ffff:127.0.0.1]:80", true, true},
		{"10.0.0.1:80", true, false},
		{"93.184.216.34:443", true, false},
		{"0.0.0.0:80", true, false},
		{"[::]:80", true, false},
		{"nonsense", true, false},
		{"93.184.216.34:443", false, true},
		{"127.0.0.1:443", false, false},
		{"[::1]:443", false, false},
		{"[::ffff:127.0.0.1]:443", false, false},
		{"0.0.0.0:443", false, false},
	} {
		if got := zdr.DialsForTest(zdr.Policy{Development: test.development}, test.address); got != test.allowed {
			t.Errorf("%s, development %v: allowed %v, want %v", test.address, test.development, got, test.allowed)
		}
	}
}

// The transport itself dials no loopback outside of Development.
func TestTransportDialsNoLoopback(t *testing.T) {
	w := newWire(t, nil)
	if err := zdr.RoundTripForTest(zdr.Policy{}, w.URL); !zdr.IsAddressForTest(err) {
		t.Errorf("got %v, want a refused dial", err)
	}
	w.sawNothing(t)
}

// A host of the policy whose name leads to this machine: the dial is refused,
// and the listener sees nothing.
func TestNameThatLeadsHere(t *testing.T) {
	w := newWire(t, nil)
	journal := &journal{}
	_, port, _ := net.SplitHostPort(w.Listener.Addr().String())
	p := zdr.Policy{Hosts: []string{"https://provider.example:" + port}}
	g, err := zdr.GuardResolvingForTest(p, journal, w.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.UseBaseURL("https://provider.example:" + port); err != nil {
		t.Fatal(err)
	}
	_, err = g.Do(t.Context(), listRequest(t, g), zdr.Call{Operation: zdr.ExtractList})
	if refusedBy(err) != zdr.RuleAddress {
		t.Errorf("got %v, want a refusal of the address", err)
	}
	if refused := journal.of(zdr.KindRefused); len(refused) != 1 || refused[0].Rule != zdr.RuleAddress {
		t.Errorf("recorded %v, want the refusal", refused)
	}
	w.sawNothing(t)
}
