package worker_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
	"github.com/zdrworker/zdrworker/zdr"
)

// floor is a fleet that serves, on buckets and a provider in memory, within a
// bubble of time.
type floor struct {
	t        *testing.T
	server   *memstore.Server
	provider *adetest.Provider
	log      lockedBuffer
	budget   worker.Budget
	settings worker.Settings
	began    time.Time
}

// onFloor runs a test within a bubble.
func onFloor(t *testing.T, o adetest.Options, test func(t *testing.T, f *floor)) {
	synctest.Test(t, func(t *testing.T) {
		f := &floor{t: t, server: memstore.NewServer(), began: time.Now()}
		f.server.Bucket(storeName)
		f.server.Bucket(exchangeName)
		o.ZDR, o.Client = true, &http.Client{Transport: plainStorage{f.server}}
		if o.Delay == (adetest.Delay{}) {
			o.Delay = adetest.Delay{Pending: 2 * time.Second, Processing: 8 * time.Second}
		}
		f.provider = adetest.New(o)
		defer func() {
			if err := f.provider.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(t, f)
	})
}

// plainStorage is what presigned URLs lead to, without a check.
type plainStorage struct{ server *memstore.Server }

// RoundTrip serves one GET or PUT.
func (s plainStorage) RoundTrip(req *http.Request) (*http.Response, error) {
	key := strings.TrimPrefix(req.URL.Path, "/")
	if req.Method == http.MethodPut {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		s.server.PutRaw(exchangeName, key, body, req.Header)
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: req}, nil
	}
	body, header, err := s.server.GetRaw(exchangeName, key)
	if err != nil {
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Header: http.Header{}, Request: req}, nil
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body)), Header: header, ContentLength: int64(len(body)), Request: req}, nil
}

// pipeline is one worker.
func (f *floor) pipeline(l worker.Limits, to prometheus.Registerer) *worker.Pipeline {
	f.t.Helper()
	return f.make(l, to, worker.Routes{
		{Name: routeName, Prefix: "inbox/", Schema: simSchema},
		{Name: "other", Prefix: "other/", Schema: simSchema},
		{Name: "files", Prefix: "files/", Suffixes: []string{".txt"}, Schema: simSchema},
	})
}

// pipelineWith is a worker with routes of its own.
func (f *floor) pipelineWith(routes worker.Routes) *worker.Pipeline {
	f.t.Helper()
	return f.make(worker.Limits{}, nil, routes)
}

func (f *floor) make(l worker.Limits, to prometheus.Registerer, routes worker.Routes) *worker.Pipeline {
	f.t.Helper()
	p, err := f.tryMake(l, to, routes)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (f *floor) tryMake(l worker.Limits, to prometheus.Registerer, routes worker.Routes) (*worker.Pipeline, error) {
	f.t.Helper()
	var d depository
	signer, err := presign.New(presign.Config{
		Bucket: exchangeName, Region: region, Depository: &d,
		Reader: identity(readerKey), Writer: identity(writerKey), Lifetime: presign.Limits{Asked: 4 * time.Hour},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	policy := zdr.Policy{URLPrefixes: signer.URLPrefixes()}
	policy.Approve(simSchema, "test")
	var recorder zdr.Recorder = &zdr.Tally{}
	if to != nil {
		meter, err := worker.NewRequestMeter(to)
		if err != nil {
			f.t.Fatal(err)
		}
		recorder = zdr.Multi(recorder, meter)
	}
	if d.guard, err = zdr.NewGuardOver(f.provider.RoundTripper(), policy, recorder); err != nil {
		f.t.Fatal(err)
	}
	return worker.New(f.t.Context(), worker.Config{
		Store: f.server.Bucket(storeName), Exchange: f.server.Bucket(exchangeName),
		Provider: ade.New(d.guard, zdr.NewAPIKey("sim-key-000001")), Signer: signer,
		Routes: routes,
		Limits: l, Settings: f.settings, Budget: f.budget, Registerer: to,
		Logger: slog.New(slog.NewJSONHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

// serve starts a server; stop ends it and waits.
func (f *floor) serve(p *worker.Pipeline, o worker.ServeOptions) (s *worker.Server, stop func()) {
	f.t.Helper()
	s, err := p.Serve(o)
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(f.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return s, func() {
		cancel()
		if err := <-ended; err == nil {
			f.t.Error("Run returned nil, want why it ended")
		}
	}
}

// document puts one into the bucket.
func (f *floor) document(prefix string, i int) worker.Document {
	key := fmt.Sprintf("%s/%04d.md", prefix, i)
	f.server.PutRaw(storeName, key, fmt.Appendf(nil, "Invoice number: %d\n\nTotal amount due: %d\n", i, i), nil)
	return worker.Document{Key: key}
}

// arrive takes in n documents, by turns.
func (f *floor) arrive(prefix string, n int, to ...*worker.Server) {
	f.t.Helper()
	for i := range n {
		if err := to[i%len(to)].Arrived(f.t.Context(), f.document(prefix, i)); err != nil {
			f.t.Fatal(err)
		}
	}
}

// results counts what is sealed.
func (f *floor) results() int { return f.count(storeName, "results/") }

func (f *floor) count(bucketName, prefix string) int {
	all, _ := f.server.Lookup(bucketName).List(prefix, "", 1<<20)
	return len(all)
}

// accepts are the times at which the provider accepted jobs.
func (f *floor) accepts() []time.Time {
	var out []time.Time
	for _, r := range f.provider.Account().Requests {
		if r.Method == http.MethodPost && r.Status == http.StatusAccepted {
			out = append(out, r.At)
		}
	}
	return out
}
