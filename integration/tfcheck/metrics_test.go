package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	maker    = regexp.MustCompile(`\b(counterOf|gaugeOf|histogramOf|fleetDesc)\("([a-z_]+)"`)
	literal  = regexp.MustCompile(`NewDesc\("zdrworker_([a-z_]+)"`)
	mention  = regexp.MustCompile(`zdrworker_[a-z_]+`)
	grouping = regexp.MustCompile(`by \(([a-z_, ]+)\)`)
)

// metricsOfTheWorker are the names that the code registers, and what makes each.
func metricsOfTheWorker(t *testing.T) map[string]string {
	t.Helper()
	made := map[string]string{}
	for _, dir := range []string{"../../worker", "../../worker/config"} {
		files, _ := filepath.Glob(dir + "/*.go")
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range maker.FindAllStringSubmatch(string(raw), -1) {
				made["zdrworker_"+m[2]] = m[1]
			}
			for _, m := range literal.FindAllStringSubmatch(string(raw), -1) {
				made["zdrworker_"+m[1]] = "NewDesc"
			}
		}
	}
	if len(made) < 20 {
		t.Fatalf("only %d metrics were found in the code", len(made))
	}
	return made
}

// wrongMetrics says which of the names in a text the code does not make. Of a
// histogram Prometheus has _bucket, _sum and _count, CloudWatch the name alone.
func wrongMetrics(text string, made map[string]string, prometheus bool) []string {
	var wrong []string
	for _, name := range mention.FindAllString(text, -1) {
		base := name
		if prometheus {
			base = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		}
		isHistogram := made[base] == "histogramOf"
		if made[base] == "" || prometheus && isHistogram != (base != name) {
			wrong = append(wrong, name)
		}
	}
	return wrong
}

type grafana struct {
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
}

func TestGrafanaShowsRealMetrics(t *testing.T) {
	raw, err := os.ReadFile(root + "/modules/observability/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var g grafana
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	made, shown := metricsOfTheWorker(t), 0
	for _, p := range g.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			shown += len(mention.FindAllString(target.Expr, -1))
			for _, w := range wrongMetrics(target.Expr, made, true) {
				t.Errorf("panel %q: %s is no metric of the worker, or no such series of it", p.Title, w)
			}
		}
	}
	if shown < len(g.Panels) {
		t.Errorf("%d metrics in %d panels", shown, len(g.Panels))
	}
	for name := range made {
		if !strings.Contains(string(raw), name) {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// TestGrafanaGroupsByRealLabels: the closed sets of labels, in one list.
func TestGrafanaGroupsByRealLabels(t *testing.T) {
	labels := strings.Fields("route outcome step operation code pool rule kind source reason waiting_for version revision le")
	raw, err := os.ReadFile(root + "/modules/observability/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	all := grouping.FindAllStringSubmatch(string(raw), -1)
	if len(all) == 0 {
		t.Fatal("nothing is grouped")
	}
	for _, m := range all {
		for label := range strings.SplitSeq(m[1], ",") {
			if !slices.Contains(labels, strings.TrimSpace(label)) {
				t.Errorf("grouped by %q, which no metric has", label)
			}
		}
	}
}

func TestAlarmsWatchRealMetrics(t *testing.T) {
	made := metricsOfTheWorker(t)
	for _, file := range []string{"main.tf", "dashboard.tf"} {
		raw, err := os.ReadFile(root + "/modules/observability/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if !mention.Match(raw) {
			t.Errorf("%s names no metric", file)
		}
		for _, w := range wrongMetrics(string(raw), made, false) {
			t.Errorf("%s: %s is no metric of the worker", file, w)
		}
	}
}

func TestWrongMetrics(t *testing.T) {
	made := map[string]string{"zdrworker_a_total": "counterOf", "zdrworker_b_seconds": "histogramOf"}
	for text, want := range map[string]int{
		"zdrworker_a_total": 0, "zdrworker_a_totals": 1, "zdrworker_b_seconds_bucket": 0, "zdrworker_b_seconds": 1, "zdrworker_a_total_sum": 1,
	} {
		if got := wrongMetrics(text, made, true); len(got) != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
