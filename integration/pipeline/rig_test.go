package pipeline

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/zdr"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

const apiKey = "test-key-of-nobody-1a2b3c"

// rig is a place with a provider beside it and all that a run emits.
type rig struct {
	place
	t        *testing.T
	provider *adetest.Provider
	base     string // the provider's base URL
	routes   worker.Routes
	settings worker.Settings
	log      zdrtest.Buffer
	evidence evidence
	anywhere bool // the guard is not told where outboxes lie
	// watch, when set, sees every create before it goes out.
	watch func(context.Context, ade.ExtractJob)
	// answered, when set, is called when a create has had its answer, or none.
	answered func()
}

func newRig(t *testing.T, at place, routes worker.Routes, o adetest.Options) *rig {
	t.Helper()
	o.ZDR, o.Keys, o.Client = true, []string{apiKey}, &http.Client{Transport: at.outside}
	r := &rig{place: at, t: t, routes: routes, settings: worker.Settings{
		Poll: 5 * time.Millisecond, PollMax: 50 * time.Millisecond, Ask: 100 * time.Millisecond,
	}}
	if at.inProcess {
		r.provider, r.base = adetest.New(o), nowhere
		t.Cleanup(func() { _ = r.provider.Close() })
		return r
	}
	server, err := adetest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	r.provider, r.base = server.Provider, server.URL
	return r
}

// pipeline makes a new pipeline, as a new process would. Its errors end the
// test.
func (r *rig) pipeline() *worker.Pipeline {
	r.t.Helper()
	p, err := r.open()
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func (r *rig) open() (*worker.Pipeline, error) {
	guard, signer, err := r.boundary()
	if err != nil {
		return nil, err
	}
	return worker.New(r.t.Context(), worker.Config{
		Store: r.store, Exchange: r.exchange, Signer: signer, Routes: r.routes, Settings: r.settings, Development: true,
		Recorder: &r.evidence,
		Provider: watched{ade.New(guard, zdr.NewAPIKey(apiKey)), r},
		Logger:   slog.New(slog.NewJSONHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})),
	})
}

// boundary makes guard and signer. The guard must know where outboxes lie, or
// it takes a URL that another worker signed, in a reply, for a stranger's; the
// signer must know the guard.
func (r *rig) boundary() (*zdr.Guard, *presign.Signer, error) {
	var late depository
	sign := r.sign
	sign.Depository = &late
	signer, err := presign.New(sign)
	if err != nil {
		return nil, nil, err
	}
	var outboxes []string
	if !r.anywhere {
		outboxes = signer.URLPrefixes()
	}
	late.Guard, err = r.guard(outboxes)
	return late.Guard, signer, err
}

type depository struct{ *zdr.Guard }

func (r *rig) guard(outboxes []string) (*zdr.Guard, error) {
	policy := zdr.Policy{Development: true, Hosts: []string{r.base}, URLPrefixes: outboxes}
	for _, route := range r.routes {
		policy.Approve(route.Schema, "test")
	}
	if r.inProcess {
		return zdr.NewGuardOver(r.provider.RoundTripper(), policy, &r.evidence)
	}
	return zdr.NewGuard(policy, &r.evidence)
}

// watched lets a test look at what is submitted, at the moment when it is.
type watched struct {
	*ade.Client
	r *rig
}

func (w watched) CreateExtractJob(ctx context.Context, job ade.ExtractJob) (zdr.JobID, error) {
	if w.r.watch != nil {
		w.r.watch(ctx, job)
	}
	if w.r.answered != nil {
		defer w.r.answered()
	}
	return w.Client.CreateExtractJob(ctx, job)
}

// put writes documents as their owner does.
func (r *rig) put(h http.Header, documents map[string][]byte) {
	r.t.Helper()
	for key, body := range documents {
		if err := r.putWith(r.t.Context(), key, body, h); err != nil {
			r.t.Fatalf("the owner cannot write a document: %v", err)
		}
	}
}

// run brings documents to their end and gives what was said of each, by key.
func (r *rig) run(p *worker.Pipeline, keys ...string) (worker.Summary, map[string]worker.Outcome, error) {
	r.t.Helper()
	outcomes := map[string]worker.Outcome{}
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Minute)
	defer cancel()
	sum, err := p.Run(ctx, worker.RunOptions{
		Documents: documents(keys),
		Notify:    func(o worker.Outcome) { outcomes[o.Document.Reveal()] = o },
	})
	return sum, outcomes, err
}

func documents(keys []string) iter.Seq2[worker.Document, error] {
	return func(yield func(worker.Document, error) bool) {
		for _, key := range keys {
			if !yield(worker.Document{Key: key}, nil) {
				return
			}
		}
	}
}

// evidence keeps what the guard recorded.
type evidence struct {
	zdr.Tally
	mu      sync.Mutex
	entries []zdr.Entry
}

func (e *evidence) Record(ctx context.Context, entry zdr.Entry) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.entries = append(e.entries, entry)
	return e.Tally.Record(ctx, entry)
}

// JSON is all of it as text.
func (e *evidence) JSON(t *testing.T) []byte {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	b, err := json.Marshal(e.entries)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
