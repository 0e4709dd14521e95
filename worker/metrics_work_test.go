package worker_test

import (
	"encoding/json"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// counted adds up what a registry shows of a metric, over the series with these
// values of labels: values, of histograms how often something was observed, and
// beside it their sum. shown is how many series there are.
func counted(t *testing.T, registry *prometheus.Registry, name string, labels ...string) (n, sum float64, shown int) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "zdrworker_"+name {
			continue
		}
		for _, m := range family.GetMetric() {
			if !labelled(m, labels) {
				continue
			}
			shown++
			n += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			sum += m.GetHistogram().GetSampleSum()
		}
	}
	return n, sum, shown
}

func labelled(m *dto.Metric, values []string) bool {
	has := map[string]bool{}
	for _, l := range m.GetLabel() {
		has[l.GetValue()] = true
	}
	for _, v := range values {
		if !has[v] {
			return false
		}
	}
	return true
}

// wants holds a metric to a value.
func wants(t *testing.T, registry *prometheus.Registry, want float64, name string, labels ...string) {
	t.Helper()
	if got, _, shown := counted(t, registry, name, labels...); got != want || shown == 0 {
		t.Errorf("%s%v: got %v in %d series, want %v", name, labels, got, shown, want)
	}
}

// What a worker counts is what the provider and the buckets saw.
func TestMetricsOfTheWork(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.pipeline(worker.Limits{}, nil) // the first of a fleet tries the buckets, which nobody counts
		before := f.server.Requests()
		before[memstore.Get]++ // the second looks whether it was done
		registry := prometheus.NewPedanticRegistry()
		s, stop := f.serve(f.pipeline(worker.Limits{}, registry), worker.ServeOptions{})
		f.provider.FailNext(ade.OpCreate, 2, adetest.RequestFault{Status: http.StatusTooManyRequests})
		f.provider.FailNext(ade.OpParseCreate, 1, adetest.RequestFault{Status: http.StatusTooManyRequests})
		f.files(3, s)
		f.arrive("inbox", 2, s)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		stop()
		account, bill := f.provider.Account(), f.provider.Billed()
		wants(t, registry, 2, "provider_throttled_total", "extract")
		wants(t, registry, 1, "provider_throttled_total", "parse")
		wants(t, registry, float64(len(account.Requests)), "provider_request_duration_seconds")
		wants(t, registry, float64(len(account.Requests)), "provider_requests_total")
		wants(t, registry, 2, "provider_requests_total", ade.OpCreate, "429")
		wants(t, registry, 5, "jobs_total", "ok")
		wants(t, registry, 2, "jobs_total", routeName, "ok")
		wants(t, registry, 5, "job_duration_seconds", worker.StepExtract)
		wants(t, registry, 3, "job_duration_seconds", "files", worker.StepParse)
		checkDelays(t, registry, 8)
		extracted, _, _ := counted(t, registry, "credits_total", worker.StepExtract)
		parsed, _, _ := counted(t, registry, "credits_total", "files", worker.StepParse)
		if extracted <= 0 || parsed <= 0 || math.Abs(extracted+parsed-bill.Credits) > .01 {
			t.Errorf("credits: %v of extractions and %v of parses, billed %v", extracted, parsed, bill.Credits)
		}
		checkStoreCalls(t, registry, before, f.server.Requests())
	})
}

// checkDelays: a result waits a moment, dated in whole seconds, until it is
// sealed.
func checkDelays(t *testing.T, registry *prometheus.Registry, results float64) {
	t.Helper()
	if n, sum, _ := counted(t, registry, "result_seal_delay_seconds"); n != results || sum <= 0 || sum > n*600 {
		t.Errorf("result_seal_delay_seconds: %v results waited %v s together, want %v results", n, sum, results)
	}
}

// checkStoreCalls: no call of the buckets goes uncounted.
func checkStoreCalls(t *testing.T, registry *prometheus.Registry, before, after map[memstore.Op]int) {
	t.Helper()
	delete(after, memstore.Remove) // there one for each key
	for op, n := range after {
		wants(t, registry, float64(n-before[op]), "store_requests_total", string(op))
	}
}

// The sweeper tells how old the oldest of everything is.
func TestMetricsOfTheFleet(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		registry := prometheus.NewPedanticRegistry()
		p := f.pipeline(worker.Limits{}, registry)
		s, stop := f.serve(p, worker.ServeOptions{})
		defer stop()
		time.Sleep(2 * time.Minute)
		wants(t, registry, 0, "jobs_open")
		if _, _, shown := counted(t, registry, "jobs_oldest_timestamp_seconds"); shown != 0 {
			t.Error("there is no open job, and the oldest has a date")
		}
		f.provider.BreakNext(2, adetest.JobFault{End: adetest.EndNever})
		opened := time.Now()
		f.arrive("inbox", 1, s)
		time.Sleep(5 * time.Minute)
		f.arrive("other", 1, s)
		time.Sleep(5 * time.Minute)
		wants(t, registry, 2, "jobs_open")
		wants(t, registry, 2, "staged_objects")
		for _, name := range []string{"jobs_oldest_timestamp_seconds", "staged_oldest_timestamp_seconds"} {
			if at, _, _ := counted(t, registry, name); math.Abs(at-float64(opened.Unix())) > 60 {
				t.Errorf("%s: got %v, want about %d", name, at, opened.Unix())
			}
		}
		if at, _, _ := counted(t, registry, "sweep_last_success_timestamp_seconds"); float64(time.Now().Unix())-at > 180 {
			t.Errorf("the last sweep: got %v, want about %d", at, time.Now().Unix())
		}
		if n, _, _ := counted(t, registry, "sweep_duration_seconds"); n < 5 {
			t.Errorf("%v sweeps in twelve minutes", n)
		}
	})
}

// A breaker that opened says why; a violation is counted.
func TestMetricsOfTheBreaker(t *testing.T) {
	for reason, breaks := range map[string]func(p *adetest.Provider){
		worker.BreakerKey:       refuses(http.StatusUnauthorized),
		worker.BreakerCredits:   refuses(http.StatusPaymentRequired),
		worker.BreakerForbidden: refuses(http.StatusForbidden),
		worker.BreakerViolation: func(p *adetest.Provider) {
			p.BreakNext(1, adetest.JobFault{Leak: true, Landing: adetest.Landing{Skip: true}})
		},
	} {
		t.Run(reason, func(t *testing.T) {
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				registry := prometheus.NewPedanticRegistry()
				s, stop := f.serve(f.pipeline(worker.Limits{}, registry), worker.ServeOptions{})
				defer stop()
				time.Sleep(2 * time.Minute)
				wants(t, registry, 0, "breaker_open")
				breaks(f.provider)
				f.arrive("inbox", 1, s)
				time.Sleep(time.Hour)
				wants(t, registry, 1, "breaker_open", reason)
				wants(t, registry, 1, "breaker_open")
				if n, _, _ := counted(t, registry, "violations_total"); (n > 0) != (reason == worker.BreakerViolation) {
					t.Errorf("%v violations", n)
				}
			})
		})
	}
}

func refuses(status int) func(p *adetest.Provider) {
	return func(p *adetest.Provider) {
		for _, op := range []string{ade.OpCreate, ade.OpGet, ade.OpList} {
			p.FailNext(op, 1000, adetest.RequestFault{Status: status})
		}
	}
}

// What the boundary refuses is counted by its rule, and nothing has left.
func TestMetricsOfRefusals(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		registry := prometheus.NewPedanticRegistry()
		p := f.make(worker.Limits{}, registry, worker.Routes{{Name: routeName, Prefix: "inbox/", Schema: simSchema, Model: "not a model"}})
		s, stop := f.serve(p, worker.ServeOptions{})
		defer stop()
		f.arrive("inbox", 1, s)
		time.Sleep(5 * time.Minute)
		if n, _, _ := counted(t, registry, "guard_refusals_total", "model"); n < 1 || len(f.accepts()) != 0 {
			t.Errorf("%v refusals by the rule, %d jobs at the provider", n, len(f.accepts()))
		}
	})
}

// Records of a newer program count for as long as they stay so.
func TestMetricsOfNewerRecords(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		registry := prometheus.NewPedanticRegistry()
		p := f.pipeline(worker.Limits{}, registry)
		f.provider.BreakNext(2, adetest.JobFault{End: adetest.EndNever})
		s, stop := f.serve(p, worker.ServeOptions{})
		defer stop()
		f.arrive("inbox", 2, s)
		time.Sleep(2 * time.Minute)
		wants(t, registry, 0, "records_unknown_format")
		key, was := f.oneRecord()
		newer := map[string]json.RawMessage{}
		if err := json.Unmarshal(was, &newer); err != nil {
			t.Fatal(err)
		}
		newer["format"] = json.RawMessage("2")
		body, _ := json.Marshal(newer)
		f.server.PutRaw(storeName, key, body, nil)
		for range 3 {
			time.Sleep(2 * time.Hour)
			wants(t, registry, 1, "records_unknown_format")
		}
		f.server.PutRaw(storeName, key, was, nil)
		time.Sleep(26 * time.Hour)
		wants(t, registry, 0, "records_unknown_format")
	})
}

// oneRecord is some record, with its key.
func (f *floor) oneRecord() (key string, body []byte) {
	all, _ := f.server.Lookup(storeName).List("zdr/records/", "", 1<<20)
	for _, v := range all {
		body, _, _ := f.server.GetRaw(storeName, v.Key)
		return v.Key, body
	}
	f.t.Fatal("no record")
	return "", nil
}
