package adetest

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"syscall"
)

// RoundTripper serves requests in the process, without a socket, so that a
// test in a testing/synctest bubble can hang the provider under a client. The
// host of a request does not matter. Hooks of net/http/httptrace are called as
// far as a request gets. A lost reply is a connection that was reset.
func (p *Provider) RoundTripper() http.RoundTripper { return roundTripper{p} }

type roundTripper struct{ p *Provider }

type answered struct {
	reply reply
	drop  Drop
}

func (t roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := takeBody(req)
	if err != nil {
		return nil, err
	}
	c := t.p.newCall(asServed(req), body)
	fault := t.p.requestFault(c.about)
	if fault.Drop == DropDial || !t.p.begin() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	traceWritten(req)
	done := make(chan answered, 1)
	go func() {
		defer t.p.wg.Done()
		a, drop := t.p.answer(c, fault)
		done <- answered{a, drop}
	}()
	select {
	case a := <-done:
		return a.response(req)
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

func takeBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// asServed is the request as a server sees it.
func asServed(req *http.Request) *http.Request {
	r := req.Clone(req.Context())
	r.Body, r.RequestURI = http.NoBody, req.URL.RequestURI()
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	r.RemoteAddr = "127.0.0.1:1"
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	return r
}

// traceWritten tells a trace that the request has left.
func traceWritten(req *http.Request) {
	trace := httptrace.ContextClientTrace(req.Context())
	if trace == nil {
		return
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
}

func (a answered) response(req *http.Request) (*http.Response, error) {
	if a.drop == DropBefore || a.drop == DropAfter {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	body := a.reply.body()
	var r io.Reader = bytes.NewReader(body)
	if a.drop == DropWithin {
		r = io.MultiReader(bytes.NewReader(body[:len(body)/2]), cutReader{})
	}
	header := http.Header{}
	maps.Copy(header, a.reply.header)
	return &http.Response{
		Status: strconv.Itoa(a.reply.status) + " " + http.StatusText(a.reply.status), StatusCode: a.reply.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(r), ContentLength: int64(len(body)), Request: req,
	}, nil
}

// cutReader is the end of a reply that ends too early.
type cutReader struct{}

func (cutReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
