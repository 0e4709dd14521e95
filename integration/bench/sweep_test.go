//go:build !nosandbox && linux

package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// BenchmarkSweep compares a sweep beside a million closed jobs with one beside
// none. Both are in memory, with a few milliseconds for each request, as a store
// has them: a million objects take MinIO an hour to write. (Without that the
// store in memory shows itself: its writes move a list of all keys.)
func BenchmarkSweep(b *testing.B) { sweeping(b, 1_000_000) }

// TestSweep is a small one: records of closed jobs are never listed.
func TestSweep(t *testing.T) { sweeping(t, 1000) }

func sweeping(t testing.TB, closed int) {
	r := newRound(t, embedded(t), time.Hour)
	server := memstore.NewServer()
	at := server.Bucket(r.place.store.Name())
	p := must(worker.New(t.Context(), worker.Config{
		Store: at, Exchange: server.Bucket(r.place.exchange.Name()), Provider: r.client, Signer: r.signer, Development: true,
		Routes: worker.Routes{{Name: "invoices", Prefix: "inbox/", Schema: r.schema}},
	}))
	for i := range 500 {
		key := fmt.Sprintf("inbox/%04d.md", i)
		server.PutRaw(at.Name(), key, []byte("# Invoice\n"), nil)
		must(p.Put(t.Context(), worker.Document{Key: key}))
	}
	server.Intercept(func(_ context.Context, _ memstore.Call, do func() error) error {
		time.Sleep(5 * time.Millisecond)
		return do()
	})
	none, before := sweeps(t, p, server)
	for i := range closed {
		id := fmt.Sprintf("%02x%030x", i*256/closed, i) // in order: the store in memory sorts as it inserts
		server.PutRaw(at.Name(), "zdr/records/"+id[:2]+"/"+id, []byte("{}"), nil)
	}
	all, after := sweeps(t, p, server)
	t.Logf("| sweep of 500 open jobs | beside none closed %v | beside %d closed %v | ratio %.2f | requests %d and %d |",
		none, closed, all, float64(all)/float64(none), before, after)
	if before != after {
		t.Errorf("a sweep made %d requests beside none closed and %d beside %d", before, after, closed)
	}
}

// sweeps gives the time of the quickest of some sweeps, and what one asks for.
func sweeps(t testing.TB, p *worker.Pipeline, server *memstore.Server) (best time.Duration, requests int) {
	for i := range 30 {
		counted := 0
		for _, n := range server.Requests() {
			counted -= n
		}
		began := time.Now()
		must(p.Sweep(t.Context(), false))
		if took := time.Since(began); i == 0 || took < best {
			best = took
		}
		for _, n := range server.Requests() {
			counted += n
		}
		requests = counted
	}
	return best, requests
}
