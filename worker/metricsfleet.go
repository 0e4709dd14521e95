package worker

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// fleetState is what a sweep knows of the whole fleet.
type fleetState struct {
	open    int       // jobs that have a marker
	oldest  time.Time // of their markers
	staged  int
	stagedO time.Time // the oldest staged object
	breaker Breaker
	paused  bool
	swept   time.Time
	unknown int // open jobs whose records are of a newer format
}

// fleetGauges speak for the whole fleet. Only the worker that sweeps has them:
// it alone lists the buckets, and two that tell the same would be added up. One
// that is not on duty any more says nothing, so that no number goes stale.
type fleetGauges struct {
	mu    sync.Mutex
	state *fleetState
}

func (f *fleetGauges) show(s *fleetState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = s
}

func fleetDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(metricsPrefix+name, help, labels, nil)
}

var (
	descOpen = fleetDesc("jobs_open", "Open jobs of the whole fleet. Both labels are empty: a sweep lists markers and reads no job.", "route", "waiting_for")
	descOld  = fleetDesc("jobs_oldest_timestamp_seconds", "When the oldest open job of the fleet was opened; absent when there is none.")
	descBrk  = fleetDesc("breaker_open", "1 for the reason that nothing is submitted.", "reason")
	descPau  = fleetDesc("paused", "1 while a person has paused all routes or some.")
	descSwe  = fleetDesc("sweep_last_success_timestamp_seconds", "When the last whole sweep ended.")
	descSta  = fleetDesc("staged_objects", "Documents and results of the fleet in the exchange bucket.")
	descStO  = fleetDesc("staged_oldest_timestamp_seconds", "When the oldest of them was written; absent when there is none.")
	descUnk  = fleetDesc("records_unknown_format", "Open jobs whose records a newer program wrote, as far as this worker has read them; they are left alone.")
)

// Describe lists the gauges.
func (f *fleetGauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descOpen, descOld, descBrk, descPau, descSwe, descSta, descStO, descUnk} {
		to <- d
	}
}

// Collect gives them, if this worker sweeps.
func (f *fleetGauges) Collect(to chan<- prometheus.Metric) {
	f.mu.Lock()
	s := f.state
	f.mu.Unlock()
	if s == nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	stamp := func(d *prometheus.Desc, t time.Time) {
		if !t.IsZero() {
			gauge(d, float64(t.UnixMilli())/1000)
		}
	}
	gauge(descOpen, float64(s.open), "", "")
	stamp(descOld, s.oldest)
	for _, reason := range []string{BreakerKey, BreakerCredits, BreakerForbidden, BreakerViolation} {
		gauge(descBrk, one(s.breaker.Open && s.breaker.Reason == reason), reason)
	}
	gauge(descPau, one(s.paused))
	stamp(descSwe, s.swept)
	gauge(descSta, float64(s.staged))
	stamp(descStO, s.stagedO)
	gauge(descUnk, float64(s.unknown))
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// tell shows what a sweep came to know; nil takes everything back.
func (m *meter) tell(s *fleetState) {
	if m != nil {
		m.fleet.show(s)
	}
}

// swept counts a sweep.
func (m *meter) swept(took time.Duration) {
	if m != nil {
		m.sweeps.Observe(took.Seconds())
	}
}
