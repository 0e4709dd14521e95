//go:build !nosandbox

package s3serve

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const exchange = "x7k2-9fq4"

var (
	owner  = Key{ID: "OWNER", Secret: "owner-secret"}
	reader = Key{ID: "READER", Secret: "reader-secret", Scope: Reader(exchange)}
	writer = Key{ID: "WRITER", Secret: "writer-secret", Scope: Writer(exchange)}
)

func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start(t.Context(), Options{Keys: []Key{owner, reader, writer}, Buckets: []Bucket{{Name: exchange}, {Name: "acme-docs"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for bucketName, key := range map[string]string{exchange: "s/1.md", "acme-docs": "s/secret.md"} {
		if got, _ := send(t, signed(t, s, owner, http.MethodPut, "/"+bucketName+"/"+key, "content")); got != http.StatusOK {
			t.Fatalf("put: HTTP %d", got)
		}
	}
	return s
}

// presigned makes a URL by the SDK's own signer, signed at a time and for host
// alone.
func presigned(t *testing.T, s *Server, k Key, method, path string, at time.Time, expires string) string {
	t.Helper()
	req, err := http.NewRequest(method, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	q := req.URL.Query()
	q.Set("X-Amz-Expires", expires)
	req.URL.RawQuery = q.Encode()
	u, _, err := v4.NewSigner().PresignHTTP(context.Background(), aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret},
		req, "UNSIGNED-PAYLOAD", "s3", Region, at, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// signed makes a request with an Authorization header.
func signed(t *testing.T, s *Server, k Key, method, path, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	digest := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", digest)
	err = v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret},
		req, digest, "s3", Region, time.Now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func send(t *testing.T, req *http.Request) (int, http.Header) {
	t.Helper()
	tr := &http.Transport{DisableKeepAlives: true}
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header
}

func bare(t *testing.T, method, url, body string, h http.Header) (int, http.Header) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name := range h {
		req.Header.Set(name, h.Get(name))
	}
	return send(t, req)
}

// otherDigit is another hexadecimal digit than the one given.
func otherDigit(r rune) rune {
	if r == '0' {
		return '1'
	}
	return '0'
}

func TestPresignedURLs(t *testing.T) {
	s := start(t)
	now := time.Now()
	get := presigned(t, s, reader, http.MethodGet, "/"+exchange+"/s/1.md", now, "600")
	put := presigned(t, s, writer, http.MethodPut, "/"+exchange+"/o/1.json", now, "600")
	for _, c := range []struct {
		name, method, url string
		header            http.Header
		want              int
	}{
		{"get", "GET", get, nil, 200},
		{"put", "PUT", put, http.Header{"Content-Type": {"application/json"}}, 200},
		{"head with a get's URL", "HEAD", get, nil, 403},
		{"put with a get's URL", "PUT", get, nil, 403},
		{"another key", "GET", strings.Replace(get, "s/1.md", "s/2.md", 1), nil, 403},
		{"another bucket", "GET", strings.Replace(get, exchange, "acme-docs", 1), nil, 403},
		{"a longer life", "GET", strings.Replace(get, "X-Amz-Expires=600", "X-Amz-Expires=6000", 1), nil, 403},
		{"no signature", "GET", s.URL() + "/" + exchange + "/s/1.md", nil, 403},
		{"another signature", "GET", get[:len(get)-4] + strings.Map(otherDigit, get[len(get)-4:]), nil, 403},
		{"expired", "GET", presigned(t, s, reader, "GET", "/"+exchange+"/s/1.md", now.Add(-time.Hour), "60"), nil, 403},
		{"not yet valid", "GET", presigned(t, s, reader, "GET", "/"+exchange+"/s/1.md", now.Add(time.Hour), "60"), nil, 403},
		{"over a week", "GET", presigned(t, s, reader, "GET", "/"+exchange+"/s/1.md", now, "604801"), nil, 403}, // AWS: 400
		{"an unknown key id", "GET", presigned(t, s, Key{ID: "NOBODY", Secret: "x"}, "GET", "/"+exchange+"/s/1.md", now, "60"), nil, 403},
		{"a copy smuggled in", "PUT", put, http.Header{"X-Amz-Copy-Source": {"acme-docs/s/secret.md"}}, 403},
		{"a copy smuggled in for one who may read", "PUT", presigned(t, s, owner, "PUT", "/"+exchange+"/o/1.json", now, "60"), http.Header{"X-Amz-Copy-Source": {"acme-docs/s/secret.md"}}, 403},
		{"an ACL smuggled in", "PUT", put, http.Header{"X-Amz-Acl": {"public-read"}}, 403},
		{"tags smuggled in", "PUT", put, http.Header{"X-Amz-Tagging": {"a=b"}}, 403},
		{"a lock smuggled in", "PUT", put, http.Header{"X-Amz-Object-Lock-Mode": {"COMPLIANCE"}}, 403},
		{"a subresource smuggled in", "PUT", put + "&tagging", nil, 403},
	} {
		if got, h := bare(t, c.method, c.url, "{}", c.header); got != c.want || h.Get("Date") == "" {
			t.Errorf("%s: HTTP %d, Date %q, want %d", c.name, got, h.Get("Date"), c.want)
		}
	}
}

func TestScopes(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name         string
		key          Key
		method, path string
		want         int
	}{
		{"reader reads what is staged", reader, "GET", "/" + exchange + "/s/1.md", 200},
		{"reader sees what is absent", reader, "GET", "/" + exchange + "/s/none.md", 404},
		{"reader reads results", reader, "GET", "/" + exchange + "/o/1.json", 403},
		{"reader reads elsewhere", reader, "GET", "/acme-docs/s/secret.md", 403},
		{"reader lists", reader, "GET", "/" + exchange + "?list-type=2", 403},
		{"reader lists versions", reader, "GET", "/" + exchange + "?versions=", 403},
		{"reader reads tags", reader, "GET", "/" + exchange + "/s/1.md?tagging=", 403},
		{"reader writes", reader, "PUT", "/" + exchange + "/s/1.md", 403},
		{"reader deletes", reader, "DELETE", "/" + exchange + "/s/1.md", 403},
		{"writer writes a result", writer, "PUT", "/" + exchange + "/o/1.json", 200},
		{"writer writes elsewhere", writer, "PUT", "/" + exchange + "/s/1.md", 403},
		{"writer writes another bucket", writer, "PUT", "/acme-docs/o/1.json", 403},
		{"writer reads", writer, "GET", "/" + exchange + "/o/1.json", 403},
		{"writer begins an upload", writer, "POST", "/" + exchange + "/o/1.json?uploads=", 403},
		{"writer makes a bucket", writer, "PUT", "/o", 403},
		{"slashes in front", reader, "GET", "//acme-docs/s/secret.md", 403},
		{"owner does anything", owner, "GET", "/acme-docs/s/secret.md", 200},
	} {
		if got, _ := send(t, signed(t, s, c.key, c.method, c.path, "")); got != c.want {
			t.Errorf("%s: HTTP %d, want %d", c.name, got, c.want)
		}
	}
	req := signed(t, s, writer, "PUT", "/"+exchange+"/o/2.json", "")
	req.Header.Set("X-Amz-Copy-Source", "acme-docs/s/secret.md")
	sign(t, writer, req)
	if got, _ := send(t, req); got != http.StatusForbidden {
		t.Errorf("writer copies with a signed header: HTTP %d", got)
	}
}

// sign signs a request again, with the headers that it has now.
func sign(t *testing.T, k Key, req *http.Request) {
	t.Helper()
	req.Header.Del("Authorization")
	err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret},
		req, req.Header.Get("X-Amz-Content-Sha256"), "s3", Region, time.Now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	s := start(t)
	other := signed(t, s, owner, "PUT", "/acme-docs/a", "signed body")
	other.Body = io.NopCloser(strings.NewReader("anotherbody"))
	if got, _ := send(t, other); got != http.StatusBadRequest {
		t.Errorf("another body than was signed: HTTP %d", got)
	}
	if _, err := s.Lookup("acme-docs").Get("a", ""); err == nil {
		t.Error("another body than was signed: it was kept")
	}
	chunked := signed(t, s, owner, "PUT", "/acme-docs/a", "")
	chunked.Body, chunked.ContentLength = io.NopCloser(bytes.NewReader(nil)), -1
	if got, _ := send(t, chunked); got != http.StatusLengthRequired {
		t.Errorf("no length: HTTP %d", got)
	}
	for name, value := range map[string]string{
		"X-Amz-Object-Lock-Mode": "COMPLIANCE",
		"If-None-Match":          `"d41d8cd98f00b204e9800998ecf8427e"`,
	} {
		req := signed(t, s, owner, "PUT", "/acme-docs/a", "x")
		req.Header.Set(name, value)
		sign(t, owner, req)
		if got, _ := send(t, req); got != http.StatusBadRequest && got != http.StatusNotImplemented {
			t.Errorf("%s: HTTP %d", name, got)
		}
	}
	for path, want := range map[string]int{
		"/acme-docs?versions=&delimiter=%2F": http.StatusNotImplemented,
		"/acme-docs?policy=":                 http.StatusNotFound,
		"/acme-docs?object-lock=":            http.StatusNotFound,
		"/acme-docs?encryption=":             http.StatusNotImplemented,
		"/acme-docs?lifecycle=":              http.StatusNotImplemented,
		"/acme-docs?publicAccessBlock=":      http.StatusNotImplemented,
		"/none?versions=":                    http.StatusNotFound,
		"/none?uploads=":                     http.StatusNotFound,
	} {
		if got, _ := send(t, signed(t, s, owner, "GET", path, "")); got != want {
			t.Errorf("%s: HTTP %d, want %d", path, got, want)
		}
	}
}

func TestConditionalDelete(t *testing.T) {
	s := start(t)
	req := signed(t, s, owner, "DELETE", "/acme-docs/s/secret.md", "")
	req.Header.Set("If-Match", `"d41d8cd98f00b204e9800998ecf8427e"`)
	if got, _ := send(t, req); got != http.StatusPreconditionFailed {
		t.Errorf("another ETag: HTTP %d", got)
	}
	v, err := s.Lookup("acme-docs").Get("s/secret.md", "")
	if err != nil {
		t.Fatal(err)
	}
	req = signed(t, s, owner, "DELETE", "/acme-docs/s/secret.md", "")
	req.Header.Set("If-Match", `"`+v.ETag+`"`)
	if got, _ := send(t, req); got != http.StatusNoContent || s.Lookup("acme-docs").Len() != 0 {
		t.Errorf("its ETag: HTTP %d", got)
	}
}

func TestOnlyLoopback(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "localhost:0", "192.0.2.1:0", "127.0.0.1", "[::]:0"} {
		if s, err := Start(t.Context(), Options{Addr: addr}); err == nil {
			s.Close()
			t.Errorf("%s: got no error", addr)
		}
	}
	for _, k := range []Key{{}, {ID: "ab", Secret: "x"}, {ID: "abc"}, {ID: "a/b/c", Secret: "x"}} {
		if s, err := Start(t.Context(), Options{Keys: []Key{k}}); err == nil {
			s.Close()
			t.Errorf("a key of %d letters: got no error", len(k.ID))
		}
	}
}

func TestRequestsAreCounted(t *testing.T) {
	s := start(t)
	before := s.Requests()["GET"]
	bare(t, "GET", s.URL()+"/acme-docs/s/secret.md", "", nil)
	if got := s.Requests()["GET"] - before; got != 1 {
		t.Errorf("got %d", got)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		s, err := Start(t.Context(), Options{Buckets: []Bucket{{Name: exchange}}})
		if err != nil {
			t.Fatal(err)
		}
		// A connection that is kept open, and one that never says anything.
		tr := &http.Transport{}
		req := signed(t, s, s.Keys()[0], "PUT", "/"+exchange+"/a", "x")
		res, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("again: %v", err)
		}
		tr.CloseIdleConnections()
		if _, err := tr.RoundTrip(signed(t, s, s.Keys()[0], "GET", "/"+exchange+"/a", "")); err == nil {
			t.Error("it still answers")
		}
	}
	// The runtime ends goroutines a moment after their last statement.
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines more than before:\n%s", runtime.NumGoroutine()-before, buf[:runtime.Stack(buf, true)])
		}
	}
}
