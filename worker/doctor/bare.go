package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// bare is a client that knows nothing of S3, as the provider's may not: no
// proxy, no redirects, no cookies.
type bare struct{ client *http.Client }

// maxReply bounds what is read of an answer, in bytes.
const maxReply = 1 << 16

func newBare(x *checkup) *bare {
	t := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: x.roots()}}
	return &bare{&http.Client{
		Transport: t, Timeout: x.o.Timeout / 7, // so that one lost answer leaves a check some time
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// roots are the system's and those of ca_bundle.
func (x *checkup) roots() *x509.CertPool {
	if x.c.CABundle == "" {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if pem, err := os.ReadFile(x.c.Beside(x.c.CABundle)); err == nil {
		pool.AppendCertsFromPEM(pem)
	}
	return pool
}

// reply is what came back, without what it said of itself.
type reply struct {
	status int
	body   string
	named  string // a header that tells of the object's owner
	date   time.Time
}

// send sends one request. Its second result says in our words why there was no
// answer: errors of net/http quote the URL, signature and all.
func (b *bare) send(ctx context.Context, method, address, body string) (reply, string) {
	var from io.Reader
	if body != "" {
		from = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, from)
	if err != nil {
		return reply{}, "it makes no request"
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return reply{}, inOurWords(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return reply{}, "the answer was cut off"
	}
	date, _ := http.ParseTime(resp.Header.Get("Date")) // zero where there is none
	return reply{resp.StatusCode, string(text), telling(resp.Header), date}, ""
}

// telling finds headers that hand out what an object's owner wrote.
func telling(h http.Header) string {
	for name := range h {
		if strings.HasPrefix(name, "X-Amz-Meta-") {
			return "x-amz-meta-*"
		}
	}
	for _, name := range []string{"Content-Disposition", "X-Amz-Tagging-Count"} {
		if h.Get(name) != "" {
			return name
		}
	}
	return ""
}

func inOurWords(err error) string {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "its host has no address"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted"
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "no answer in time"
	}
	return "no connection"
}
