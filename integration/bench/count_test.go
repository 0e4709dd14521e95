//go:build !nosandbox && linux

package bench

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// kinds of request, in the order of the table.
var kinds = []string{"PUT", "COPY", "LIST", "GET", "HEAD", "DELETE"}

// counter is the client under the SDK: it counts by kind and notes when a result
// was published.
type counter struct {
	next http.RoundTripper

	mu        sync.Mutex
	n         map[string]int
	published func(digest [32]byte, at time.Time)
}

func newCounter() *counter {
	return &counter{next: &http.Transport{MaxIdleConnsPerHost: 256}, n: map[string]int{}}
}

// kindOf names a request of S3 by what it is billed as.
func kindOf(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "COPY"
	case r.Method == http.MethodPost && q.Has("delete"), r.Method == http.MethodDelete:
		return "DELETE"
	case r.Method == http.MethodGet && (q.Has("list-type") || q.Has("versions") || q.Has("uploads")):
		return "LIST"
	}
	return r.Method
}

// Do is for aws.HTTPClient.
func (c *counter) Do(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.n[kindOf(r)]++
	c.mu.Unlock()
	result := r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/results/")
	var digest [32]byte
	if result {
		digest = digestOf(r)
	}
	resp, err := c.next.RoundTrip(r)
	if result && err == nil && resp.StatusCode == http.StatusOK && c.published != nil {
		c.published(digest, time.Now())
	}
	return resp, err
}

func digestOf(r *http.Request) [32]byte {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return sha256.Sum256(body)
}

// take gives what was counted since the last take.
func (c *counter) take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	c.n = map[string]int{}
	return n
}

// outside carries the provider's own transfers, and tells of each result that
// it has put.
type outside struct {
	next   http.RoundTripper
	landed func(token string, digest [32]byte, at time.Time)
}

// RoundTrip carries one.
func (o *outside) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut {
		return o.next.RoundTrip(r)
	}
	digest := digestOf(r)
	resp, err := o.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusOK {
		_, name, _ := strings.Cut(r.URL.Path, "/o/")
		o.landed(strings.TrimSuffix(name, ".json"), digest, time.Now())
	}
	return resp, err
}
