package zdr

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// Guard is the only way to the provider. It refuses by default, and what it
// lets out is a request of its own making. It owns its transport: there is no
// retry, no redirect, no proxy, no kept connection and nobody's
// instrumentation underneath. It is safe for concurrent use.
type Guard struct {
	policy   Policy
	recorder Recorder
	base     http.RoundTripper
	// proves is true where base is our own transport, whose trace proves whether
	// anything was written.
	proves bool
	grants registry

	mu  sync.RWMutex
	url string
}

// Call says what a request is about. The guard compares the request with it.
type Call struct {
	Operation string // one of the constants, e.g. ExtractCreate or ParseGet
	Ref       string // the job's 128 random bits, 1 to 64 of A-Z a-z 0-9 _ -; required for a create
	Attempt   int    // 1 and up for a create
	Job       JobID  // for a get
}

// NewGuard makes a guard for a policy. Every verdict goes to r first. It records
// the policy that is in force, and each approved schema, before it returns. A
// *PolicyError or a *RecordError otherwise.
func NewGuard(p Policy, r Recorder) (*Guard, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return newGuard(newTransport(p), true, p, r)
}

// NewGuardOver makes a guard over another transport. It is for tests alone and
// fails outside of them. A base that proves that nothing was written returns an
// error that wraps ErrNotSent; every other error of it counts as sent.
func NewGuardOver(base http.RoundTripper, p Policy, r Recorder) (*Guard, error) {
	if !testing.Testing() {
		return nil, errors.New("zdr: another transport can be put under the guard in tests only")
	}
	if base == nil {
		return nil, errors.New("zdr: no transport")
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return newGuard(base, false, p, r)
}

func newGuard(base http.RoundTripper, proves bool, p Policy, r Recorder) (*Guard, error) {
	p.Hosts, p.Schemas, p.Prompts = slices.Clone(p.Hosts), slices.Clone(p.Schemas), slices.Clone(p.Prompts)
	p.URLPrefixes, p.approved = slices.Clone(p.URLPrefixes), slices.Clone(p.approved)
	p.StagingPrefixes = slices.Clone(p.StagingPrefixes)
	g := &Guard{policy: p, recorder: r, base: base, proves: proves}
	if err := g.UseBaseURL(""); err != nil {
		return nil, err
	}
	return g, g.recordSchemas()
}

func (g *Guard) recordSchemas() error {
	how := map[string]string{}
	for _, a := range g.policy.approved {
		how[a.digest] = a.how
	}
	for _, digest := range g.policy.Schemas {
		e := g.entry(KindPolicy, Call{})
		e.Schema, e.Rule = digest, "schema-"+cmp.Or(how[digest], "policy")
		if err := g.record(context.Background(), e); err != nil {
			return err
		}
	}
	for _, digest := range g.policy.Prompts {
		e := g.entry(KindPolicy, Call{})
		e.Prompts, e.Rule = digest, "prompts-"+cmp.Or(how[digest], "policy")
		if err := g.record(context.Background(), e); err != nil {
			return err
		}
	}
	return nil
}

// BaseURL is the base URL in force, "https://host[:port]" without a trailing
// slash.
func (g *Guard) BaseURL() string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.url
}

// UseBaseURL puts another base URL in force, as Policy.BaseURL selects it, and
// records it first. A *PolicyError or a *RecordError otherwise.
func (g *Guard) UseBaseURL(choice string) error {
	base, err := g.policy.BaseURL(choice)
	if err != nil {
		return err
	}
	e := g.entry(KindPolicy, Call{})
	e.Rule, e.Host = "base-url", hostOf(base)
	if err := g.record(context.Background(), e); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.url = base
	return nil
}

// Do checks a request, records the intent and sends a request of its own that
// says the same. It closes req.Body. The order is fixed: no byte is written
// before the recorder has the intent, and a refusal or violation is recorded
// before it is returned. Errors: *Refusal and *RecordError (nothing went out),
// *TransportError (its Sent says), *Violation. A reply of any status but 3xx is
// no error. No request is ever sent twice, and a create that was let out has
// used its URLs, whatever became of it: sign again.
func (g *Guard) Do(ctx context.Context, req *http.Request, about Call) (*Reply, error) {
	return g.exchange(ctx, req, about, nil)
}

// exchange hands content to where it belongs, and to nowhere where to is nil.
func (g *Guard) exchange(ctx context.Context, req *http.Request, about Call, to *sink) (*Reply, error) {
	if req != nil && req.Body != nil {
		defer func() { _ = req.Body.Close() }()
	}
	out, rule := g.vet(req, about, to)
	if rule != "" {
		return nil, g.refuse(ctx, about, out.op.method, rule)
	}
	e := g.entry(KindIntent, about)
	e.Method, e.Fields, e.Bytes = out.op.method, out.fields, int64(len(out.body)-out.hidden)
	e.Schema, e.Prompts, e.Until, e.Host = out.schema, out.prompts, out.until, hostOf(out.base)
	if err := g.record(ctx, e); err != nil {
		return nil, err
	}
	reply, err := g.send(ctx, out)
	if err != nil {
		return nil, g.failed(ctx, out, err)
	}
	g.answered(ctx, out, reply)
	return reply, nil
}

// entry fills in what every entry has. What a caller says about itself is kept
// only where it has the right shape.
func (g *Guard) entry(k Kind, about Call) Entry {
	e := Entry{At: time.Now().UTC(), Kind: k, Development: g.policy.Development, Attempt: about.Attempt}
	if _, known := operations[about.Operation]; known || about.Operation == opPresign {
		e.Operation = about.Operation
	}
	if isRef(about.Ref) {
		e.Ref = about.Ref
	}
	e.Job = about.Job.String()
	return e
}

func (g *Guard) record(ctx context.Context, e Entry) error {
	err := errNoRecorder
	if g.recorder != nil {
		err = g.recorder.Record(ctx, e)
	}
	if err != nil {
		return &RecordError{Kind: e.Kind, Operation: e.Operation, Ref: e.Ref, cause: err}
	}
	return nil
}

// refuse records a refusal, even of a caller that has given up, and makes its
// error.
func (g *Guard) refuse(ctx context.Context, about Call, method, rule string) error {
	e := g.entry(KindRefused, about)
	e.Rule, e.Method = rule, method
	e.Host = hostOf(g.BaseURL())
	err := g.record(context.WithoutCancel(ctx), e)
	return &Refusal{Rule: rule, Operation: e.Operation, Ref: e.Ref, Attempt: e.Attempt, Unrecorded: err != nil}
}

// failed records how a request ended that has no reply, and hands the error on.
func (g *Guard) failed(ctx context.Context, out outgoing, err error) error {
	ctx = context.WithoutCancel(ctx)
	if _, ok := errors.AsType[*Refusal](err); ok {
		return g.refuse(ctx, out.about, out.op.method, RuleAddress)
	}
	e := g.entry(KindAnswered, out.about)
	e.Method, e.Host = out.op.method, hostOf(out.base)
	if v, ok := errors.AsType[*Violation](err); ok {
		e.Kind, e.Rule, e.Status = KindViolation, v.Kind, v.Status
		v.Unrecorded = g.record(ctx, e) != nil
		return v
	}
	if t, ok := errors.AsType[*TransportError](err); ok {
		e.Rule, e.Status = t.Class, t.Status
	}
	_ = g.record(ctx, e) // the intent is kept; the caller must learn how it ended all the same
	return err
}

// answered records a reply. A recorder that fails now must not lose it.
func (g *Guard) answered(ctx context.Context, out outgoing, reply *Reply) {
	e := g.entry(KindAnswered, out.about)
	e.Method, e.Host, e.Status, e.Bytes = out.op.method, hostOf(out.base), reply.Status, reply.size
	if !reply.Created.IsZero() {
		e.Job = reply.Created.String()
	}
	reply.Unrecorded = g.record(context.WithoutCancel(ctx), e) != nil
}
