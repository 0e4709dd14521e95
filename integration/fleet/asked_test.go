//go:build unix

package fleet

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
)

// counter stands between the processes and the store and counts what they ask.
type counter struct {
	*httptest.Server
	mu sync.Mutex
	n  map[string]int // by method and what it is about
}

// countStore makes one before a store. Signatures stay good: the store is told
// the host that the request was made for.
func countStore(t *testing.T, endpoint string) *counter {
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{n: map[string]int{}}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
		Transport:    &http.Transport{MaxIdleConnsPerHost: 256},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }, // a process was killed in between
	}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.n[about(r)]++
		c.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

// about names a request by its method and the part of a bucket that it is about.
func about(r *http.Request) string {
	path := r.URL.Path
	if p := r.URL.Query().Get("prefix"); p != "" {
		path += "/" + p
	}
	part := strings.Split(strings.Trim(path, "/"), "/")
	what, depth := r.Method, 2
	if len(part) > 1 && part[1] == "zdr" {
		depth = 3
	}
	if p := part[min(1, len(part)):min(depth, len(part))]; len(p) > 0 {
		what += " " + strings.Join(p, "/")
	}
	if r.URL.Query().Has("prefix") {
		what += ", a list"
	}
	if r.Header.Get("X-Amz-Copy-Source") != "" {
		what += ", a copy"
	}
	return what
}

func (c *counter) sum() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.n {
		n += one
	}
	return n
}

// table gives the numbers, the largest first.
func (c *counter) table() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return table(c.n)
}

func table(n map[string]int) string {
	var b strings.Builder
	for _, what := range slices.SortedFunc(maps.Keys(n), func(a, b string) int { return n[b] - n[a] }) {
		fmt.Fprintf(&b, "\n%7d %s", n[what], what)
	}
	return b.String()
}

// checkAsked holds what all processes asked, store and provider, to a bound that
// is counted and not timed, but for what each looks at while time goes by.
func (w *world) checkAsked(strikes int, took time.Duration) {
	n, jobs := w.provider.Account().Counts, float64(*docsFlag)
	asked := 0
	for _, one := range n {
		asked += one
	}
	w.t.Logf("%.2f requests to the provider a job:%s", float64(asked)/jobs, table(n))
	w.t.Logf("%.2f requests to the store a job:%s", float64(w.asked.sum())/jobs, w.asked.table())
	// A process that dies has up to 16 jobs in hand, which another looks at, and
	// some whose answers are lost: those need two looks at the whole list, which is
	// half as long on average as it is in the end. Where many die at once one's
	// jobs are in the way of another's proof, which is tried again.
	perStrike := 80 + 2*(1+*docsFlag/ade.MaxPageSize)
	if most := *docsFlag*21/10 + strikes*perStrike; asked > most {
		w.t.Errorf("%d requests to the provider for %d jobs and %d processes that died, want at most %d", asked, *docsFlag, strikes, most)
	}
	// The store bucket is versioned: each marker and slip costs two listings more
	// before it goes, and pods that help look at what others have drawn.
	looks := int(took.Seconds()) * (pods + servers) * looksPerSecond
	if most := *docsFlag*25 + strikes*1000 + looks; w.asked.sum() > most {
		w.t.Errorf("%d requests to the store for %d jobs, %d processes that died and %s, want at most %d", w.asked.sum(), *docsFlag, strikes, took.Round(time.Second), most)
	}
}

// looksPerSecond is what a process may ask of the store though it does nothing:
// its outbox every quarter of a second while results arrive, its lanes and the
// fleet's control objects.
const looksPerSecond = 5
