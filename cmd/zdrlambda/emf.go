package main

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// namespace is where CloudWatch shows the metrics.
const namespace = "zdrworker"

// dimensions are the labels whose sets of values are closed, so that each makes
// a few metrics and never many. Any other label is a mere member of its line.
var dimensions = []string{
	"route", "outcome", "step", "operation", "code", "pool", "rule", "kind", "source", "reason", "waiting_for",
}

// maxValues is how many values one member of a line may have (CloudWatch user
// guide, "Specification: Embedded metric format").
const maxValues = 100

// embedder prints what a registry gathered as CloudWatch embedded metric lines.
// Of counters and histograms it prints what came since the last time.
type embedder struct {
	w      io.Writer
	from   prometheus.Gatherer
	before map[string]*dto.Metric
}

func newEmbedder(w io.Writer, from prometheus.Gatherer) *embedder {
	return &embedder{w, from, map[string]*dto.Metric{}}
}

// emit prints one line for each set of dimensions.
func (e *embedder) emit(now time.Time) error {
	families, err := e.from.Gather()
	if err != nil {
		return err
	}
	var page page
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, values := range e.values(f, m) {
				page.add(f.GetName(), m.GetLabel(), values)
			}
		}
	}
	out := json.NewEncoder(e.w)
	out.SetEscapeHTML(false)
	for _, l := range page {
		if err := out.Encode(l.members(now)); err != nil {
			return err
		}
	}
	return nil
}

// values is what is to be said of one metric; none where nothing came.
func (e *embedder) values(f *dto.MetricFamily, m *dto.Metric) [][]float64 {
	key := f.GetName() + labelsOf(m)
	was, known := e.before[key]
	e.before[key] = m
	var all []float64
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		if v := m.GetCounter().GetValue() - was.GetCounter().GetValue(); v > 0 {
			all = []float64{v}
		}
	case dto.MetricType_GAUGE:
		if said(f.GetName(), m.GetGauge().GetValue(), known) {
			all = []float64{m.GetGauge().GetValue()}
		}
	case dto.MetricType_HISTOGRAM:
		all = observed(was.GetHistogram(), m.GetHistogram())
	}
	return slices.Collect(slices.Chunk(all, maxValues))
}

// said: a time that never came is no value, and what the program is called is
// said once.
func said(name string, v float64, known bool) bool {
	return !(strings.HasSuffix(name, "_timestamp_seconds") && v == 0) && !(known && strings.HasSuffix(name, "_info"))
}

// labelsOf tells the metrics of one name apart.
func labelsOf(m *dto.Metric) string {
	var b strings.Builder
	for _, l := range m.GetLabel() {
		b.WriteString("\x00" + l.GetName() + "\x00" + l.GetValue())
	}
	return b.String()
}

// observed gives a value for each observation since: the mean where all fell
// into one bucket, else the upper end of each one's bucket, and the lower one of
// the last. CloudWatch makes its percentiles of them.
func observed(was, is *dto.Histogram) []float64 {
	n := is.GetSampleCount() - was.GetSampleCount()
	if n == 0 {
		return nil
	}
	mean := (is.GetSampleSum() - was.GetSampleSum()) / float64(n)
	var all []float64
	last, seen, filled := 0.0, uint64(0), 0
	for i, b := range is.GetBucket() {
		upTo := b.GetCumulativeCount()
		if i < len(was.GetBucket()) {
			upTo -= was.GetBucket()[i].GetCumulativeCount()
		}
		if upTo > seen {
			filled++
		}
		last = b.GetUpperBound()
		all = append(all, slices.Repeat([]float64{last}, int(upTo-seen))...)
		seen = upTo
	}
	if n > seen {
		filled++
		all = append(all, slices.Repeat([]float64{last}, int(n-seen))...)
	}
	if filled == 1 {
		return slices.Repeat([]float64{mean}, int(n))
	}
	return all
}

// page is the lines of one emission.
type page []*line

// line is metrics that share their labels.
type line struct {
	labels  map[string]string
	metrics map[string][]float64
}

// add puts values into the line of their labels. A name stands once in a line.
func (p *page) add(name string, labels []*dto.LabelPair, values []float64) {
	of := map[string]string{}
	for _, l := range labels {
		if l.GetValue() != "" { // CloudWatch refuses an empty dimension
			of[l.GetName()] = l.GetValue()
		}
	}
	for _, l := range *p {
		if _, taken := l.metrics[name]; !taken && maps.Equal(l.labels, of) {
			l.metrics[name] = values
			return
		}
	}
	*p = append(*p, &line{of, map[string][]float64{name: values}})
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metricName
}

type metricName struct{ Name, Unit string }

// members is a line as CloudWatch reads it.
func (l *line) members(now time.Time) map[string]any {
	d := directive{Namespace: namespace, Dimensions: [][]string{{}}}
	all := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(l.labels)) {
		all[name] = l.labels[name]
		if slices.Contains(dimensions, name) {
			d.Dimensions[0] = append(d.Dimensions[0], name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.metrics)) {
		d.Metrics = append(d.Metrics, metricName{name, unit(name)})
		all[name] = l.metrics[name]
		if one := l.metrics[name]; len(one) == 1 {
			all[name] = one[0]
		}
	}
	all["_aws"] = map[string]any{"Timestamp": now.UnixMilli(), "CloudWatchMetrics": []directive{d}}
	return all
}

// unit is CloudWatch's word for the base unit in a metric's name.
func unit(name string) string {
	switch {
	case strings.HasSuffix(name, "_timestamp_seconds"):
		return "None"
	case strings.HasSuffix(name, "_seconds"):
		return "Seconds"
	case strings.HasSuffix(name, "_total"), strings.HasSuffix(name, "_objects"), strings.HasSuffix(name, "_open"):
		return "Count"
	}
	return "None"
}
