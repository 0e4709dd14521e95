//go:build !nosandbox && linux

package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// BenchmarkSweep compares a sweep beside a million closed jobs with one beside
// none. Both are in memory: what a listing does not ask for costs a real store
// nothing either, and a million objects take MinIO an hour to write.
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
	none, before := sweeps(t, p, server)
	for i := range closed {
		id := fmt.Sprintf("%032x", uint64(i)*0x9E3779B97F4A7C15)
		server.PutRaw(at.Name(), "zdr/records/"+id[30:]+"/"+id, []byte("{}"), nil)
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
