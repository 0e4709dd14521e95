package account_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// liar stands between the worker and MinIO, and changes what MinIO cannot be
// made to say.
type liar struct {
	// answer replaces the answer to a request; nil lets it through.
	answer func(*http.Request) *http.Response
	// change edits an answer.
	change func(*http.Response)
}

// through points the account at a liar.
func (a *account) through(l liar) {
	a.t.Helper()
	target, err := url.Parse(a.w.minio.Endpoint)
	a.must(err)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }, // the host is signed
		Transport: l,
	}
	s := httptest.NewServer(proxy)
	a.t.Cleanup(s.Close)
	a.vars["AWS_ENDPOINT_URL_S3"] = s.URL
}

func (l liar) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.answer != nil {
		if resp := l.answer(r); resp != nil {
			return resp, nil
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && l.change != nil {
		l.change(resp)
	}
	return resp, err
}

// ahead is a store whose clock is ahead.
func ahead(d time.Duration) liar {
	return liar{change: func(r *http.Response) { r.Header.Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat)) }}
}

// replicating says that the bucket is copied elsewhere.
func replicating() liar {
	return liar{answer: func(r *http.Request) *http.Response {
		if !r.URL.Query().Has("replication") {
			return nil
		}
		return said(r, `<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::b</Bucket></Destination></Rule></ReplicationConfiguration>`)
	}}
}

// everybodyWins tells those who lost a race that they won.
func everybodyWins() liar {
	return liar{change: func(r *http.Response) {
		if r.StatusCode == http.StatusPreconditionFailed && r.Request.Method == http.MethodPut {
			r.StatusCode, r.Status = http.StatusOK, "200 OK"
			r.Header.Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
			r.Header.Del("Content-Length")
			r.ContentLength, r.Body = 0, http.NoBody
		}
	}}
}

func said(r *http.Request, text string) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/xml"}}, Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)),
	}
}
