package adetest_test

import (
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adetest.Options{Delay: adetest.Delay{Pending: time.Minute, Processing: time.Hour}})
		received := time.Now().Unix()
		id := r.post(jobs, text("schema", schema), file(invoice, "document.md", "text/markdown")).fields["job_id"].(string)
		for _, step := range []struct {
			after    time.Duration
			status   string
			progress string
		}{
			{0, "pending", "0.0"},
			{time.Minute, "processing", "0.0"},
			{time.Hour, "completed", "1.0"},
			{time.Hour, "completed", "1.0"},
		} {
			time.Sleep(step.after)
			synctest.Wait()
			a := r.job(id)
			if a.status != http.StatusOK || a.fields["status"] != step.status || !strings.Contains(string(a.body), `"progress":`+step.progress) {
				t.Errorf("after %v: got %d %s, want %s with progress %s", step.after, a.status, a.body, step.status, step.progress)
			}
			if int64(a.fields["received_at"].(float64)) != received || int64(a.fields["created_at"].(float64)) != received {
				t.Errorf("received_at, created_at: got %v, %v, want %d", a.fields["received_at"], a.fields["created_at"], received)
			}
		}
	})
}

func TestInlineResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adetest.Options{OrgID: "org123456789"})
		id := r.post(jobs, text("schema", schema), file(invoice, "document.md", "text/markdown")).fields["job_id"].(string)
		synctest.Wait()
		var got struct {
			Data struct {
				Extraction         map[string]any
				ExtractionMetadata map[string]struct {
					Value      any
					References []string
				} `json:"extraction_metadata"`
				Metadata map[string]any
			}
			OutputURL any `json:"output_url"`
			Metadata  map[string]any
			Version   string
			OrgID     string `json:"org_id"`
		}
		if err := json.Unmarshal(r.job(id).body, &got); err != nil {
			t.Fatal(err)
		}
		if e := got.Data.Extraction; e["invoice_number"] != "INV-7" || e["total"] != 12.5 {
			t.Errorf("extraction: got %v", e)
		}
		if m := got.Data.ExtractionMetadata["total"]; m.Value != 12.5 || len(m.References) != 1 || m.References[0] != "c-1" {
			t.Errorf("extraction_metadata: got %v", m)
		}
		if got.OutputURL != nil || got.Version != adetest.DefaultVersion || got.OrgID != "org123456789" {
			t.Errorf("got output_url %v, version %s, org %s", got.OutputURL, got.Version, got.OrgID)
		}
		for name, want := range map[string]any{"job_id": id, "filename": "document.md", "org_id": "org123456789", "credit_usage": 0.1, "schema_violation_error": nil} {
			if got.Metadata[name] != want || got.Data.Metadata[name] != want {
				t.Errorf("metadata %s: got %v and %v, want %v", name, got.Metadata[name], got.Data.Metadata[name], want)
			}
		}
	})
}

func TestSavedResult(t *testing.T) {
	bare, _, _ := strings.Cut(sink, "?")
	for _, tt := range []struct {
		name string
		u    adetest.Undocumented
		want any
	}{
		{"echo", adetest.Undocumented{}, sink},
		{"bare", adetest.Undocumented{OutputURL: adetest.EchoBare}, bare},
		{"never", adetest.Undocumented{OutputURL: adetest.EchoNever, Fetch: adetest.AtRun}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, adetest.Options{ZDR: true, Undocumented: tt.u})
				id := r.submit()
				synctest.Wait()
				a := r.job(id)
				if a.fields["data"] != nil || a.fields["output_url"] != tt.want || a.fields["metadata"] == nil {
					t.Errorf("got %s", a.body)
				}
				var saved struct {
					Extraction map[string]any
					Metadata   map[string]any
				}
				if err := json.Unmarshal(r.bucket.object("/o/out.json"), &saved); err != nil || saved.Extraction["total"] != 12.5 || saved.Metadata["job_id"] != id {
					t.Errorf("saved: %v: %v", err, saved)
				}
				account := r.p.Account()
				if account.HeldBytes != 0 || account.ContentBytes != 0 || account.Bill.Jobs != 1 || account.Bill.Credits != 0.1 {
					t.Errorf("account: held %d, told %d, bill %+v", account.HeldBytes, account.ContentBytes, account.Bill)
				}
				if strings.Contains(string(r.p.Heard()), "INV-7") {
					t.Error("the provider heard content outside of its fetch")
				}
				if len(account.JobsOf("/s/in.md")) != 1 || len(account.Fetches) != 1 || account.Fetches[0].Header.Get("Content-Type") != "text/markdown" {
					t.Errorf("account: %+v", account)
				}
			})
		})
	}
}

func TestPutHeader(t *testing.T) {
	for _, want := range []string{"", "application/json", "application/octet-stream"} {
		synctest.Test(t, func(t *testing.T) {
			o := adetest.Options{}
			if want != "" {
				o.Undocumented.PutHeader = http.Header{"Content-Type": {want}}
			}
			r := newRig(t, o)
			r.submit()
			synctest.Wait()
			if got := r.bucket.header.Get("Content-Type"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestPartial(t *testing.T) {
	violating := `{"type":"object","properties":{"invoice_number":{"type":"number"}}}`
	pruned := `{"type":"object","properties":{"total":{"type":"number","minimum":0}}}`
	for _, tt := range []struct {
		name, schema, model string
		saved               bool
		u                   adetest.Undocumented
		status              int
		warning             any
		violation           bool
	}{
		{"output", violating, "", false, adetest.Undocumented{}, 206, "nonconformant_output", true},
		{"schema", pruned, "", false, adetest.Undocumented{}, 206, "nonconformant_schema", false},
		{"older model", pruned, "extract-20251024", false, adetest.Undocumented{}, 200, nil, false},
		{"saved", violating, "", true, adetest.Undocumented{}, 206, "nonconformant_output", true},
		{"saved, 200", violating, "", true, adetest.Undocumented{SavedPartialIs200: true}, 200, "nonconformant_output", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, adetest.Options{Undocumented: tt.u})
				fields := []field{text("schema", tt.schema), text("markdown_url", source), text("model", tt.model)}
				if tt.saved {
					fields = append(fields, text("output_save_url", sink))
				}
				id := r.post(jobs, fields...).fields["job_id"].(string)
				synctest.Wait()
				a := r.job(id)
				receipt := a.fields["metadata"].(map[string]any)
				var warning any
				if list, _ := receipt["warnings"].([]any); len(list) > 0 {
					warning = list[0].(map[string]any)["code"]
				}
				if a.status != tt.status || a.fields["status"] != "completed" || warning != tt.warning || (receipt["schema_violation_error"] != nil) != tt.violation {
					t.Errorf("got %d, warning %v: %s", a.status, warning, a.body)
				}
				if r.p.Billed().Jobs != 1 {
					t.Errorf("billed %+v", r.p.Billed())
				}
			})
		})
	}
}

func TestLargeResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adetest.Options{ResultURLThreshold: 10})
		id := r.post(jobs, text("schema", schema), file(invoice, "d.md", "text/markdown")).fields["job_id"].(string)
		synctest.Wait()
		first, _ := r.job(id).fields["output_url"].(string)
		time.Sleep(30 * time.Minute)
		second, _ := r.job(id).fields["output_url"].(string)
		if first == "" || first == second || r.job(id).fields["data"] != nil {
			t.Fatalf("output_url: first %q, second %q", first, second)
		}
		download := func(url string) int {
			resp, err := (&http.Client{Transport: r.p.RoundTripper()}).Do(newRequest(t, http.MethodGet, url, nil, ""))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			return resp.StatusCode
		}
		if got := download(first); got != http.StatusOK {
			t.Errorf("first, at 30 min: got %d", got)
		}
		if got := download(strings.Replace(first, "Signature=", "Signature=0", 1)); got != http.StatusForbidden {
			t.Errorf("other signature: got %d", got)
		}
		if got := download(strings.Replace(first, "Expires=3600", "Expires=9999", 1)); got != http.StatusForbidden {
			t.Errorf("other expiry: got %d", got)
		}
		if a := r.get(strings.TrimPrefix(first, r.base)); a.status != http.StatusBadRequest {
			t.Errorf("with a key: got %d", a.status)
		}
		time.Sleep(30 * time.Minute)
		if got := download(first); got != http.StatusForbidden {
			t.Errorf("first, at 60 min: got %d", got)
		}
		if got := download(second); got != http.StatusOK {
			t.Errorf("second, at 30 min: got %d", got)
		}
	})
}

func TestTenThousandJobsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		r := newRig(t, adetest.Options{Delay: adetest.Delay{Pending: time.Hour, Processing: time.Hour}, Workers: 4})
		r.client = &http.Client{Transport: r.p.RoundTripper()}
		for range n {
			r.submit()
		}
		synctest.Wait()
		if got := runtime.NumGoroutine(); got > 200 {
			t.Errorf("%d jobs wait in %d goroutines", n, got)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := r.p.Billed().Jobs; got != n {
			t.Errorf("completed %d of %d", got, n)
		}
	})
}
