package zdr

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	userAgent = "zdrworker/1"
	// callTimeout ends a request that nobody else ends. A create answers at
	// once: the provider works in the background.
	callTimeout = 2 * time.Minute
	dialTimeout = 15 * time.Second
)

// ErrNotSent is for a test's transport: it proves that no byte of the request
// was written.
var ErrNotSent = errors.New("nothing was sent")

// errAddress ends a dial to an address that the policy's mode does not allow.
var errAddress = errors.New("address not allowed")

// newTransport makes the guard's own transport. Every request has a connection
// of its own: net/http re-sends only over a connection that was used before,
// and only idle connections print what a server says unasked.
func newTransport(p Policy) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            newDialer(p).DialContext,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		TLSHandshakeTimeout:    dialTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              protocols,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: p.roots()},
	}
}

func newDialer(p Policy) *net.Dialer {
	return &net.Dialer{Timeout: dialTimeout, ControlContext: p.control}
}

func (p Policy) roots() *x509.CertPool {
	if len(p.CABundle) == 0 {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(p.CABundle)
	return pool
}

// control sees the address itself, after names are resolved: a name that leads
// to this machine is caught here, and in Development everything else is.
func (p Policy) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return errAddress
	}
	ip := a.Addr().Unmap()
	if p.Development != ip.IsLoopback() || ip.IsUnspecified() {
		return errAddress
	}
	return nil
}

// send makes a new request from the parts and reads the reply. Its errors are
// *TransportError, *Violation, and *Refusal where the dial was not allowed.
func (g *Guard) send(ctx context.Context, out outgoing) (*Reply, error) {
	// Only the end of the caller's context is taken over: its values could hold
	// traces that see the key.
	own, cancel := context.WithTimeout(context.Background(), cmp.Or(out.op.timeout, callTimeout))
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()

	var connected atomic.Bool
	own = httptrace.WithClientTrace(own, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	resp, err := g.roundTrip(ctx, own, out)
	if err != nil {
		return nil, g.classify(ctx, own, out, err, connected.Load())
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := g.read(out, resp)
	if err == errCut {
		return nil, &TransportError{
			Op: out.about.Operation, Ref: out.about.Ref, Sent: true,
			Class: classOf(ctx, own, ClassCut), Status: resp.StatusCode, cause: ctx.Err(),
		}
	}
	return reply, err
}

func (g *Guard) roundTrip(ctx, own context.Context, out outgoing) (*http.Response, error) {
	if ctx.Err() != nil {
		return nil, ErrNotSent
	}
	req, err := http.NewRequestWithContext(own, out.op.method, out.base+out.target, nil)
	if err != nil {
		return nil, ErrNotSent
	}
	req.Header = http.Header{
		"Accept":        {"application/json"},
		"Authorization": {out.auth},
		"User-Agent":    {userAgent},
	}
	if len(out.body) > 0 {
		req.Header.Set("Content-Type", formContentType)
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(out.body)), int64(len(out.body))
	}
	// net/http re-sends other bytes through GetBody where a caller gives one.
	req.GetBody = nil
	return g.base.RoundTrip(req)
}

// classify turns an error of the transport into one of ours. Nothing of its
// text is kept: net/http quotes what a server sent.
func (g *Guard) classify(ctx, own context.Context, out outgoing, err error, connected bool) error {
	if errors.Is(err, errAddress) && !connected {
		return &Refusal{Rule: RuleAddress}
	}
	sent := connected || !g.proves
	if errors.Is(err, ErrNotSent) {
		sent = false
	}
	class := ClassCut
	if !sent {
		class = ClassDial
	}
	if isTLS(err) {
		class = ClassTLS
	}
	return &TransportError{
		Op: out.about.Operation, Ref: out.about.Ref, Sent: sent,
		Class: classOf(ctx, own, class), cause: ctx.Err(),
	}
}

func isTLS(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}

// classOf prefers to say that the caller or the clock ended it.
func classOf(ctx, own context.Context, class string) string {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ClassCanceled
	case ctx.Err() != nil, errors.Is(own.Err(), context.DeadlineExceeded):
		return ClassTimeout
	}
	return class
}

func hostOf(base string) string {
	_, host, _ := strings.Cut(base, "://")
	return host
}
