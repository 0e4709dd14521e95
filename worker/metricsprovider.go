package worker

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/zdr"
)

// The provider's limits that submissions fall under.
const (
	poolExtract = "extract"
	poolParse   = "parse"
)

// timedProvider times requests to the provider.
type timedProvider struct {
	Provider
	m *meter
}

// CreateExtractJob times and asks.
func (t *timedProvider) CreateExtractJob(ctx context.Context, job ade.ExtractJob) (zdr.JobID, error) {
	defer t.since(time.Now())
	id, err := t.Provider.CreateExtractJob(ctx, job)
	if errors.Is(err, ade.ErrThrottled) {
		t.m.throttled.WithLabelValues(poolExtract).Inc()
	}
	return id, err
}

// ExtractJob times and asks.
func (t *timedProvider) ExtractJob(ctx context.Context, id zdr.JobID, ref string) (ade.Job, error) {
	defer t.since(time.Now())
	return t.Provider.ExtractJob(ctx, id, ref)
}

// ExtractJobs times and asks.
func (t *timedProvider) ExtractJobs(ctx context.Context, o ade.ListOptions) (ade.JobList, error) {
	defer t.since(time.Now())
	return t.Provider.ExtractJobs(ctx, o)
}

// CreateParseJob times and asks.
func (t *timedProvider) CreateParseJob(ctx context.Context, job ade.ParseJob) (zdr.JobID, error) {
	defer t.since(time.Now())
	id, err := t.Provider.CreateParseJob(ctx, job)
	if errors.Is(err, ade.ErrThrottled) {
		t.m.throttled.WithLabelValues(poolParse).Inc()
	}
	return id, err
}

// ParseJob times and asks.
func (t *timedProvider) ParseJob(ctx context.Context, id zdr.JobID, ref string) (ade.Job, error) {
	defer t.since(time.Now())
	return t.Provider.ParseJob(ctx, id, ref)
}

// ParseJobs times and asks.
func (t *timedProvider) ParseJobs(ctx context.Context, o ade.ListOptions) (ade.JobList, error) {
	defer t.since(time.Now())
	return t.Provider.ParseJobs(ctx, o)
}

func (t *timedProvider) since(began time.Time) { t.m.requests.Observe(time.Since(began).Seconds()) }

// timedSigner notes how long URLs live.
type timedSigner struct {
	Signer
	m *meter
}

// Sign notes and signs.
func (t *timedSigner) Sign(ctx context.Context, ask presign.Ask) (presign.Pair, error) {
	pair, err := t.Signer.Sign(ctx, ask)
	if err == nil {
		life := pair.Until.Sub(pair.SignedAt).Seconds()
		t.m.urlLifetime.WithLabelValues("get").Observe(life)
		t.m.urlLifetime.WithLabelValues("put").Observe(life)
	}
	return pair, err
}

// NewRequestMeter gives a recorder for the boundary that counts what it lets
// out, refuses and finds: requests to the provider by operation and outcome,
// refusals by rule, violations by kind. It keeps nothing, so put it behind a
// recorder that does.
func NewRequestMeter(to prometheus.Registerer) (zdr.Recorder, error) {
	m := &requestMeter{
		requests:   prometheus.NewCounterVec(counterOf("provider_requests_total", "Requests to the provider by HTTP status or class of failure."), []string{"operation", "code"}),
		refusals:   prometheus.NewCounterVec(counterOf("guard_refusals_total", "Requests that the boundary refused; nothing left."), []string{"rule"}),
		violations: prometheus.NewCounterVec(counterOf("violations_total", "Replies that carried what they must not."), []string{"kind"}),
	}
	return m, register(to, m.requests, m.refusals, m.violations)
}

type requestMeter struct {
	requests, refusals, violations *prometheus.CounterVec
}

// Record counts an entry.
func (m *requestMeter) Record(_ context.Context, e zdr.Entry) error {
	switch e.Kind {
	case zdr.KindRefused:
		m.refusals.WithLabelValues(e.Rule).Inc()
	case zdr.KindViolation:
		m.violations.WithLabelValues(e.Rule).Inc()
		m.requests.WithLabelValues(e.Operation, "violation").Inc()
	case zdr.KindAnswered:
		code := e.Rule
		if code == "" {
			code = strconv.Itoa(e.Status)
		}
		m.requests.WithLabelValues(e.Operation, code).Inc()
	}
	return nil
}
