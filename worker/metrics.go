package worker

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics have one prefix, base units and closed sets of labels: names of
// routes, states, codes and reasons, never a document's name or a ref.
const metricsPrefix = "zdrworker_"

// meter counts what one pipeline does. A nil meter counts nothing.
type meter struct {
	jobs        *prometheus.CounterVec   // route, outcome
	credits     *prometheus.CounterVec   // route, step
	duration    *prometheus.HistogramVec // route, step
	sealDelay   prometheus.Histogram
	progress    prometheus.Gauge
	requests    prometheus.Histogram
	throttled   *prometheus.CounterVec // pool
	store       *prometheus.CounterVec // operation, code
	conflicts   prometheus.Counter
	urlLifetime *prometheus.HistogramVec // kind
	messages    *prometheus.CounterVec   // source, outcome
	sweeps      prometheus.Histogram
	fleet       *fleetGauges

	mu     sync.Mutex
	landed map[ID]time.Time // when a result that is not sealed yet was written
}

// maxLanded bounds what a meter remembers of results that are being sealed.
const maxLanded = 4096

var (
	jobBuckets     = []float64{5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400}
	delayBuckets   = []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800}
	requestBuckets = []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	sweepBuckets   = []float64{.1, .5, 1, 5, 10, 30, 60, 300, 900, 3600}
	lifeBuckets    = []float64{900, 1800, 3600, 7200, 21600, 43200}
)

func counterOf(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Name: metricsPrefix + name, Help: help}
}

func gaugeOf(name, help string) prometheus.GaugeOpts {
	return prometheus.GaugeOpts{Name: metricsPrefix + name, Help: help}
}

func histogramOf(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Name: metricsPrefix + name, Help: help, Buckets: buckets}
}

// measure registers the pipeline's metrics and puts counters around what it
// works with.
func (p *Pipeline) measure(to prometheus.Registerer) error {
	if to == nil {
		return nil
	}
	m := &meter{
		landed: map[ID]time.Time{}, fleet: &fleetGauges{},
		jobs:        prometheus.NewCounterVec(counterOf("jobs_total", "Jobs that this process brought to an outcome."), []string{"route", "outcome"}),
		credits:     prometheus.NewCounterVec(counterOf("credits_total", "Credits on the receipts of jobs that this process sealed."), []string{"route", "step"}),
		duration:    prometheus.NewHistogramVec(histogramOf("job_duration_seconds", "From claim to sealed result.", jobBuckets), []string{"route", "step"}),
		sealDelay:   prometheus.NewHistogram(histogramOf("result_seal_delay_seconds", "From a result's arrival in the exchange bucket, which is dated in whole seconds, to its sealing.", delayBuckets)),
		progress:    prometheus.NewGauge(gaugeOf("last_progress_timestamp_seconds", "When this process last moved a job on.")),
		requests:    prometheus.NewHistogram(histogramOf("provider_request_duration_seconds", "Requests to the provider.", requestBuckets)),
		throttled:   prometheus.NewCounterVec(counterOf("provider_throttled_total", "Submissions that the provider answered with 429."), []string{"pool"}),
		store:       prometheus.NewCounterVec(counterOf("store_requests_total", "Calls of the buckets; a listing counts once in a thousand objects."), []string{"operation", "code"}),
		conflicts:   prometheus.NewCounter(counterOf("store_conflicts_total", "Conditional writes that somebody else was faster than.")),
		urlLifetime: prometheus.NewHistogramVec(histogramOf("url_lifetime_seconds", "How long presigned URLs live.", lifeBuckets), []string{"kind"}),
		messages:    prometheus.NewCounterVec(counterOf("trigger_messages_total", "Messages of triggers by what became of them."), []string{"source", "outcome"}),
		sweeps:      prometheus.NewHistogram(histogramOf("sweep_duration_seconds", "Sweeps of this process.", sweepBuckets)),
	}
	if err := register(to, m.all()...); err != nil {
		return fmt.Errorf("worker: metrics: %w", err)
	}
	m.throttled.WithLabelValues(poolExtract)
	m.throttled.WithLabelValues(poolParse)
	p.meter = m
	p.store, p.exchange = &countedStore{p.store, m}, &countedStore{p.exchange, m}
	p.provider, p.signer = &timedProvider{p.provider, m}, &timedSigner{p.signer, m}
	return nil
}

func (m *meter) all() []prometheus.Collector {
	return []prometheus.Collector{
		buildInfo(), m.jobs, m.credits, m.duration, m.sealDelay, m.progress, m.requests, m.throttled,
		m.store, m.conflicts, m.urlLifetime, m.messages, m.sweeps, m.fleet,
	}
}

func register(to prometheus.Registerer, all ...prometheus.Collector) error {
	var errs []error
	for _, c := range all {
		errs = append(errs, to.Register(c))
	}
	return errors.Join(errs...)
}

// buildInfo says which program this is.
func buildInfo() prometheus.Collector {
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	g := prometheus.NewGaugeVec(gaugeOf("build_info", "The program, with the value 1."), []string{"version", "revision", "go_version"})
	g.WithLabelValues(version, revision, runtime.Version()).Set(1)
	return g
}

// event books a transition that was written down.
func (m *meter) event(j *job, e Event) {
	if m == nil {
		return
	}
	r := j.rec
	m.progress.Set(float64(time.Now().UnixMilli()) / 1000)
	switch e {
	case EventSeal:
		if r.Step == StepExtract { // documents are counted, once each
			m.jobs.WithLabelValues(r.Route.Name, r.Result.Status).Inc()
		}
		m.duration.WithLabelValues(r.Route.Name, r.Step).Observe(j.now.Sub(r.ClaimedAt).Seconds())
		if r.Receipt != nil {
			m.credits.WithLabelValues(r.Route.Name, r.Step).Add(max(0, r.Receipt.Credits))
		}
		m.sealed(j)
	case EventFail:
		if r.Step == StepExtract {
			m.jobs.WithLabelValues(r.Route.Name, "failed").Inc()
		}
	case EventHold:
		m.jobs.WithLabelValues(r.Route.Name, "held").Inc()
	}
}

// noticed remembers when a result arrived, until it is sealed.
func (m *meter) noticed(id ID, arrived time.Time) {
	if m == nil || arrived.IsZero() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.landed[id] = arrived
	for old := range m.landed {
		if len(m.landed) <= maxLanded {
			return
		}
		if old != id { // one that another worker sealed, most likely
			delete(m.landed, old)
		}
	}
}

func (m *meter) sealed(j *job) {
	m.mu.Lock()
	arrived, ok := m.landed[j.id]
	delete(m.landed, j.id)
	m.mu.Unlock()
	if ok {
		m.sealDelay.Observe(max(0, j.now.Sub(arrived).Seconds()))
	}
}

// message counts what became of a trigger's message.
func (m *meter) message(source, outcome string) {
	if m != nil {
		m.messages.WithLabelValues(source, outcome).Inc()
	}
}
