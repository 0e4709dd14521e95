package worker_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// Names, types and labels are in dashboards: they are never renamed.
func TestMetricsGolden(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		registry := prometheus.NewPedanticRegistry()
		s, stop := f.serve(f.pipeline(worker.Limits{}, registry), worker.ServeOptions{})
		f.provider.FailNext(ade.OpCreate, 1, adetest.RequestFault{Status: 429})
		f.provider.BreakNext(1, adetest.JobFault{Leak: true})
		f.server.PutRaw(storeName, "inbox/Qx7vNamE.md", []byte("Invoice number: Zk3wTexT\n"), nil)
		if err := s.Arrived(t.Context(), worker.Document{Key: "inbox/Qx7vNamE.md"}); err != nil {
			t.Fatal(err)
		}
		f.arrive("other", 2, s)
		s.Observe("sqs", "handled")
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, "metrics.txt", names(registry))
		text, err := testutil.GatherAndLint(registry)
		if err != nil || len(text) > 0 {
			t.Errorf("lint: %v %v", text, err)
		}
		for _, family := range families {
			for _, mark := range []string{nameMark, textMark} {
				if strings.Contains(family.String(), mark) {
					t.Errorf("%s says %s", family.GetName(), mark)
				}
			}
		}
		stop()
		if n, _ := testutil.GatherAndCount(registry, "zdrworker_jobs_open", "zdrworker_paused", "zdrworker_staged_objects"); n != 0 {
			t.Errorf("%d gauges of the fleet from a worker that does not sweep any more", n)
		}
	})
}

// names gives what a registry can show: "name{labels}" lines.
func names(registry *prometheus.Registry) string {
	descs := make(chan *prometheus.Desc)
	go func() { registry.Describe(descs); close(descs) }()
	var lines []string
	for d := range descs {
		m := described.FindStringSubmatch(d.String())
		lines = append(lines, m[1]+"{"+m[2]+"}")
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n") + "\n"
}

var described = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A conditional write that loses is a conflict; calls are told apart by code.
func TestMetricsOfTheStore(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		registry := prometheus.NewRegistry()
		p := f.pipeline(worker.Limits{}, registry)
		first := true
		f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if c.Op == memstore.Put && c.Condition != (bucket.Condition{}) && first {
				first = false
				return bucket.ErrConflict
			}
			return do()
		})
		if _, err := p.Pause(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		want := strings.NewReader("# HELP zdrworker_store_conflicts_total Conditional writes that somebody else was faster than.\n" +
			"# TYPE zdrworker_store_conflicts_total counter\nzdrworker_store_conflicts_total 1\n")
		if err := testutil.GatherAndCompare(registry, want, "zdrworker_store_conflicts_total"); err != nil {
			t.Error(err)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, family := range families {
			got += family.String()
		}
		for _, code := range []string{"conflict", "not_found", "ok"} {
			if !strings.Contains(got, `value:"`+code+`"`) {
				t.Errorf("no call with the code %s", code)
			}
		}
	})
}

// Two pipelines cannot speak for one registry.
func TestMetricsTwice(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := worker.NewRequestMeter(registry); err != nil {
		t.Fatal(err)
	}
	if _, err := worker.NewRequestMeter(registry); err == nil {
		t.Error("the same metrics were registered twice")
	}
}
