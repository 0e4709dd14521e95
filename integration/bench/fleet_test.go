//go:build !nosandbox && linux

package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

const (
	urlLife  = 60 * time.Second // short, so that the end of a job can be waited for
	schema   = `{"type":"object","properties":{"number":{"type":"string"},"total":{"type":"number"}}}`
	hands    = 32 // jobs moved on at the same time, by the worker and by the bare loop
	apiKey   = "bench-key-of-nobody-000001"
	noEvents = false
)

// round is one measured run of a number of jobs.
type round struct {
	place    *place
	provider *adetest.Server
	signer   *presign.Signer
	client   *ade.Client
	schema   zdr.Schema
	sent     zdr.Tally

	mu        sync.Mutex
	onLanded  func(token string)
	landedAt  map[[32]byte]time.Time
	delays    []time.Duration
	published chan struct{}
}

type depository struct{ guard *zdr.Guard }

func (d *depository) Deposit(ctx context.Context, g zdr.Grant) error { return d.guard.Deposit(ctx, g) }

func newRound(t testing.TB, at *place, work time.Duration) *round {
	r := &round{place: at, landedAt: map[[32]byte]time.Time{}, published: make(chan struct{}, 1<<20), schema: must(zdr.ParseSchema([]byte(schema)))}
	at.requests.published = r.sawPublished
	r.provider = must(adetest.Start(adetest.Options{
		ZDR: true, Keys: []string{apiKey}, Workers: 256, Remember: 1,
		Delay:  adetest.Delay{Processing: work},
		Client: &http.Client{Transport: &outside{next: &http.Transport{MaxIdleConnsPerHost: 256}, landed: r.sawLanded}},
	}))
	t.Cleanup(func() { _ = r.provider.Close() })
	r.boundary(r.provider.URL)
	return r
}

// boundary makes guard, signer and client for a provider at an address.
func (r *round) boundary(provider string) {
	var d depository
	sign := r.place.sign
	sign.Depository = &d
	r.signer = must(presign.New(sign))
	policy := zdr.Policy{Development: true, Hosts: []string{provider}, URLPrefixes: r.signer.URLPrefixes()}
	policy.Approve(r.schema, "bench")
	d.guard = must(zdr.NewGuard(policy, &r.sent))
	r.client = ade.New(d.guard, zdr.NewAPIKey(apiKey))
}

func (r *round) sawLanded(token string, digest [32]byte, at time.Time) {
	r.mu.Lock()
	r.landedAt[digest] = at
	tell := r.onLanded
	r.mu.Unlock()
	if tell != nil {
		tell(token)
	}
}

func (r *round) sawPublished(digest [32]byte, at time.Time) {
	r.mu.Lock()
	if was, ok := r.landedAt[digest]; ok {
		r.delays = append(r.delays, at.Sub(was))
	}
	r.mu.Unlock()
	r.published <- struct{}{}
}

// documents writes n documents that nobody has seen.
func (r *round) documents(t testing.TB, n int) []string {
	keys := make([]string, n)
	var all sync.WaitGroup
	turns := make(chan struct{}, hands)
	for i := range keys {
		keys[i] = fmt.Sprintf("inbox/%06d.md", i)
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			body := fmt.Appendf(nil, "# Invoice\n\nInvoice number: %s-%d\n\nTotal: %d\n", randomName(), i, i)
			if _, err := r.place.owner.Put(t.Context(), keys[i], bytes.NewReader(body), bucket.PutOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return keys
}

func (r *round) pipeline(t testing.TB) *worker.Pipeline {
	return must(r.newPipeline(t.Context(), worker.Settings{Workers: hands, JobTime: time.Second, DrainMargin: time.Second}))
}

func (r *round) newPipeline(ctx context.Context, set worker.Settings) (*worker.Pipeline, error) {
	return worker.New(ctx, worker.Config{
		Store: r.place.store, Exchange: r.place.exchange, Provider: r.client, Signer: r.signer, Development: true,
		Routes:   worker.Routes{{Name: "invoices", Prefix: "inbox/", Schema: r.schema}},
		Settings: set,
	})
}

// measured is what a round came to.
type measured struct {
	jobs       int
	took, cpu  time.Duration
	requests   map[string]int
	atProvider int
	delays     []time.Duration
}

// fleet runs jobs through a worker that serves, with so many in flight, until
// every one is closed.
func (r *round) fleet(t testing.TB, jobs, inFlight int, events bool) measured {
	keys := r.documents(t, jobs)
	p := r.pipeline(t)
	s := must(p.Serve(worker.ServeOptions{Sweep: 5 * time.Second}))
	if events {
		r.listen(s)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	r.place.requests.take()
	go func() { ended <- s.Run(ctx) }()
	m := measured{jobs: jobs}
	m.took, m.cpu = clocked(func() {
		r.feed(keys, inFlight, func(key string) error { return s.Arrived(ctx, worker.Document{Key: key}) })
	})
	r.waitClosed(t)
	stop()
	<-ended
	m.requests = r.place.requests.take()
	m.atProvider = r.sent.Snapshot().RequestCount()
	m.delays = r.delays
	return m
}

// listen tells a worker of each result in the moment it has landed.
func (r *round) listen(s *worker.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onLanded = func(token string) { _ = s.Landed(token) }
}

// feed starts jobs so that no more than so many are out, and waits for all.
func (r *round) feed(keys []string, inFlight int, start func(string) error) {
	next, slots := make(chan string), make(chan struct{}, inFlight)
	var all sync.WaitGroup
	for range min(hands, inFlight) {
		all.Go(func() {
			for key := range next {
				again(func() error { return start(key) })
			}
		})
	}
	go func() {
		for range keys {
			<-r.published
			<-slots
		}
		all.Done()
	}()
	all.Add(1)
	for _, key := range keys {
		slots <- struct{}{}
		next <- key
	}
	close(next)
	all.Wait()
}

// again does what a queue does with a message that was not taken: it comes once
// more.
func again(do func() error) {
	for try := 1; ; try++ {
		err := do()
		if err == nil {
			return
		}
		if try == 5 {
			panic(err)
		}
		time.Sleep(time.Second)
	}
}

// waitClosed waits until nothing is open and nothing drains.
func (r *round) waitClosed(t testing.TB) {
	for end := time.Now().Add(20 * time.Minute); ; time.Sleep(time.Second) {
		n := 0
		for _, prefix := range []string{"zdr/open/", "zdr/drain/"} {
			for _, err := range r.place.owner.List(t.Context(), bucket.Page{Prefix: prefix, Limit: 1}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
		}
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the jobs do not close")
		}
	}
}

// bare makes only the requests that cannot be done without, and keeps nothing.
func (r *round) bare(t testing.TB, jobs, inFlight int) measured {
	keys := r.documents(t, jobs)
	ctx := t.Context()
	var mu sync.Mutex
	waiting := map[string]string{} // token → document
	crew := make(chan struct{}, hands)
	finish := func(token string) {
		crew <- struct{}{}
		defer func() { <-crew }()
		mu.Lock()
		key := waiting[token]
		mu.Unlock()
		r.bareEnd(ctx, token, key)
	}
	var ends sync.WaitGroup
	ends.Add(jobs)
	r.onLanded = func(token string) {
		go func() {
			defer ends.Done()
			finish(token)
		}()
	}
	r.place.requests.take()
	m := measured{jobs: jobs}
	m.took, m.cpu = clocked(func() {
		r.feed(keys, inFlight, func(key string) error {
			token := randomName()
			mu.Lock()
			waiting[token] = key
			mu.Unlock()
			return r.bareBegin(ctx, token, key)
		})
		ends.Wait()
	})
	m.requests = r.place.requests.take()
	m.atProvider = r.sent.Snapshot().RequestCount()
	return m
}

func (r *round) bareBegin(ctx context.Context, token, key string) error {
	at := must(r.place.owner.Head(ctx, key, "")) // not counted: an event would have said it
	must(r.place.exchange.Copy(ctx, "s/"+token+".md", bucket.Source{Bucket: r.place.store.Name(), Key: key, ETag: at.ETag}, bucket.PutOptions{ContentType: "text/markdown"}))
	ref := "00112233445566778899aabbccddeeff0011"
	pair := must(r.signer.Sign(ctx, presign.Ask{StagingKey: "s/" + token + ".md", OutboxKey: "o/" + token + ".json", Ref: ref, Attempt: 1, Need: time.Second}))
	_, err := r.client.CreateExtractJob(ctx, ade.ExtractJob{Ref: ref, Attempt: 1, Schema: r.schema, Markdown: pair.Get, OutputSave: pair.Put})
	return err
}

func (r *round) bareEnd(ctx context.Context, token, key string) {
	obj := must(r.place.exchange.Get(ctx, "o/"+token+".json", bucket.GetOptions{}))
	must(r.place.store.Put(ctx, "results/"+key+".json", obj.Body, bucket.PutOptions{ContentType: "application/json"}))
	obj.Body.Close()
	for _, k := range []string{"s/" + token + ".md", "o/" + token + ".json"} {
		must(r.place.exchange.Client().DeleteObject(ctx, deleteInput(r.place.exchange.Name(), k)))
	}
}

// per is a number a job.
func (m measured) per(n int) float64 { return float64(n) / float64(m.jobs) }

func (m measured) all() (n int) {
	for _, one := range m.requests {
		n += one
	}
	return n
}

// at is a quantile of the delays between landing and publication.
func (m measured) at(q float64) time.Duration {
	if len(m.delays) == 0 {
		return 0
	}
	d := slices.Sorted(slices.Values(m.delays))
	return d[min(len(d)-1, int(q*float64(len(d))))]
}
