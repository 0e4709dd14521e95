//go:build !nosandbox

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// contractMetrics are the names that users' dashboards rely on.
var contractMetrics = strings.Fields(`build_info jobs_total jobs_open jobs_oldest_timestamp_seconds last_progress_timestamp_seconds
 job_duration_seconds result_seal_delay_seconds provider_requests_total provider_request_duration_seconds provider_throttled_total
 guard_refusals_total violations_total credits_total store_requests_total store_conflicts_total url_lifetime_seconds
 credentials_expiry_timestamp_seconds breaker_open paused sweep_duration_seconds sweep_last_success_timestamp_seconds
 staged_objects staged_oldest_timestamp_seconds trigger_messages_total records_unknown_format`)

// emfLine is a line as CloudWatch reads it.
type emfLine struct {
	AWS struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
	members map[string]any
}

// readEMF reads lines and holds them to the format.
func readEMF(t *testing.T, text string) (all []emfLine) {
	t.Helper()
	for one := range strings.Lines(text) {
		var l emfLine
		if json.Unmarshal([]byte(one), &l) != nil || json.Unmarshal([]byte(one), &l.members) != nil || len(l.AWS.CloudWatchMetrics) != 1 {
			t.Fatalf("no embedded metric line: %s", one)
		}
		d := l.AWS.CloudWatchMetrics[0]
		if d.Namespace != "zdrworker" || len(d.Dimensions) != 1 || len(d.Metrics) == 0 || len(d.Metrics) > 100 || l.AWS.Timestamp < 1e12 {
			t.Errorf("directive of %s", one)
		}
		for _, name := range d.Dimensions[0] {
			if s, ok := l.members[name].(string); !ok || s == "" || !slices.Contains(dimensions, name) {
				t.Errorf("dimension %s of %s", name, one)
			}
		}
		for _, m := range d.Metrics {
			if _, ok := l.members[m.Name]; !ok || !slices.Contains([]string{"Count", "Seconds", "None"}, m.Unit) {
				t.Errorf("metric %s of %s", m.Name, one)
			}
		}
		all = append(all, l)
	}
	return all
}

// sums adds up values, or counts the values of arrays, by name and dimensions'
// values.
func sums(all []emfLine) map[string]float64 {
	sum := map[string]float64{}
	for _, l := range all {
		d := l.AWS.CloudWatchMetrics[0]
		var of []string
		for _, name := range d.Dimensions[0] {
			of = append(of, l.members[name].(string))
		}
		for _, m := range d.Metrics {
			key := m.Name + "/" + strings.Join(of, ",")
			switch v := l.members[m.Name].(type) {
			case []any:
				sum[key] += float64(len(v))
			case float64:
				if m.Unit == "Seconds" {
					v = 1
				}
				sum[key] += v
			}
		}
	}
	return sum
}

// metrics holds what was printed to the contract's names and to sums.
func (b *bench) metrics(want map[string]float64) {
	b.t.Helper()
	all := readEMF(b.t, b.out.String())
	for _, l := range all {
		for _, m := range l.AWS.CloudWatchMetrics[0].Metrics {
			if name := strings.TrimPrefix(m.Name, "zdrworker_"); name == m.Name || !slices.Contains(contractMetrics, name) {
				b.t.Errorf("metric %s is not in the contract", m.Name)
			}
		}
	}
	got := sums(all)
	for key, n := range want {
		if got[key] != n {
			b.t.Errorf("%s is %v, want %v; there are\n%s", key, got[key], n, strings.Join(slices.Sorted(maps.Keys(got)), "\n"))
		}
	}
}

func TestEmbedder(t *testing.T) {
	r := prometheus.NewRegistry()
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zdrworker_jobs_total"}, []string{"route", "outcome"})
	open := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "zdrworker_jobs_open"}, []string{"route"})
	when := prometheus.NewGauge(prometheus.GaugeOpts{Name: "zdrworker_last_progress_timestamp_seconds"})
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "zdrworker_build_info"}, []string{"version"})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "zdrworker_sweep_duration_seconds", Buckets: []float64{1, 2, 4}})
	r.MustRegister(count, open, when, info, took)
	info.WithLabelValues("v1").Set(1)
	var out strings.Builder
	e := newEmbedder(&out, r)
	for _, tt := range []struct {
		name string
		do   func()
		want []string
	}{
		{"what never came is not said", func() { open.WithLabelValues("").Set(3) }, []string{"zdrworker_build_info [] 1", "zdrworker_jobs_open [] 3"}},
		{"counters tell what came since", func() { count.WithLabelValues("a", "ok").Add(2); open.Reset() }, []string{"zdrworker_jobs_total [outcome route] 2"}},
		{"and no more", func() { count.WithLabelValues("a", "ok").Inc(); when.Set(5) }, []string{"zdrworker_jobs_total [outcome route] 1", "zdrworker_last_progress_timestamp_seconds [] 5"}},
		{"one observation is told as it is", func() { when.Set(0); took.Observe(1.25) }, []string{"zdrworker_sweep_duration_seconds [] 1.25"}},
		{"several of one bucket by their mean", func() { took.Observe(1.25); took.Observe(1.75) }, []string{"zdrworker_sweep_duration_seconds [] [1.5 1.5]"}},
		{"others by their buckets", func() { took.Observe(0.5); took.Observe(3); took.Observe(9) }, []string{"zdrworker_sweep_duration_seconds [] [1 4 4]"}},
		{"nothing", func() {}, nil},
	} {
		tt.do()
		out.Reset()
		if err := e.emit(time.UnixMilli(1_700_000_000_000)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range readEMF(t, out.String()) {
			for _, m := range l.AWS.CloudWatchMetrics[0].Metrics {
				got = append(got, fmt.Sprint(m.Name, " ", l.AWS.CloudWatchMetrics[0].Dimensions[0], " ", l.members[m.Name]))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestManyValuesTakeMoreLines: a member has a hundred values at most.
func TestManyValuesTakeMoreLines(t *testing.T) {
	r := prometheus.NewRegistry()
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "zdrworker_sweep_duration_seconds", Buckets: []float64{1}})
	r.MustRegister(took)
	for range 250 {
		took.Observe(0.5)
	}
	var out strings.Builder
	if err := newEmbedder(&out, r).emit(time.Now()); err != nil {
		t.Fatal(err)
	}
	all := readEMF(t, out.String())
	if len(all) != 3 || sums(all)["zdrworker_sweep_duration_seconds/"] != 250 {
		t.Errorf("%d lines, %v", len(all), sums(all))
	}
}
