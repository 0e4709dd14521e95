package adetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

func TestRequestFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		f      adetest.RequestFault
		status int   // 0 for an error
		err    error // nil for any
		jobs   int
		heard  bool
	}{
		{"none", adetest.RequestFault{}, 202, nil, 1, true},
		{"dial", adetest.RequestFault{Drop: adetest.DropDial}, 0, syscall.ECONNREFUSED, 0, false},
		{"before", adetest.RequestFault{Drop: adetest.DropBefore}, 0, syscall.ECONNRESET, 0, true},
		{"after: the 202 is lost", adetest.RequestFault{Drop: adetest.DropAfter}, 0, syscall.ECONNRESET, 1, true},
		{"within", adetest.RequestFault{Drop: adetest.DropWithin}, 0, io.ErrUnexpectedEOF, 1, true},
		{"500 before the accept", adetest.RequestFault{Status: 500}, 500, nil, 0, true},
		{"500 after the accept", adetest.RequestFault{Status: 500, Accept: true}, 500, nil, 1, true},
		{"403", adetest.RequestFault{Status: 403}, 403, nil, 0, true},
		{"a page of a gateway", adetest.RequestFault{Status: 502, Body: []byte("<html>")}, 502, nil, 0, true},
		{"late", adetest.RequestFault{Delay: time.Hour}, 0, context.DeadlineExceeded, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, adetest.Options{})
				r.p.FailNext(adetest.OpCreate, 1, tt.f)
				wrote := false
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote = true }})
				a, err := r.do(r.form(jobs, text("schema", schema), text("markdown_url", source)).WithContext(ctx))
				if tt.status != 0 && (err != nil || a.status != tt.status) || tt.status == 0 && (err == nil || !errors.Is(err, tt.err)) {
					t.Errorf("got %d, %v", a.status, err)
				}
				time.Sleep(2 * time.Hour)
				account := r.p.Account()
				if len(account.Jobs) != tt.jobs || len(account.Requests) == 1 != tt.heard || wrote != tt.heard {
					t.Errorf("%d jobs, %d requests, wrote %v", len(account.Jobs), len(account.Requests), wrote)
				}
				if a := r.post(jobs, text("schema", schema), text("markdown_url", source)); a.status != http.StatusAccepted {
					t.Errorf("next: got %d", a.status)
				}
			})
		})
	}
}

func TestFaultHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(time.Hour)
		r := newRig(t, adetest.Options{Faults: adetest.Faults{Request: func(q adetest.Request) adetest.RequestFault {
			if q.MarkdownPath == "/s/in.md" && q.OutputPath == "/o/out.json" && q.At.Before(until) {
				return adetest.RequestFault{Status: 429, RetryAfter: 90 * time.Second, Header: http.Header{"X-Should-Retry": {"true"}}}
			}
			return adetest.RequestFault{Extra: map[string]any{"brand_new": 1}}
		}}})
		a := r.post(jobs, text("schema", schema), text("markdown_url", source), text("output_save_url", sink))
		if a.status != 429 || a.header.Get("Retry-After") != "90" || a.header.Get("X-Should-Retry") != "true" || a.fields["error"] != "Rate limit exceeded" {
			t.Errorf("within the window: got %d %v %s", a.status, a.header, a.body)
		}
		time.Sleep(time.Hour)
		id := r.submit()
		if a := r.job(id); a.fields["brand_new"] != 1.0 {
			t.Errorf("got %s", a.body)
		}
	})
}

func TestJobEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		f      adetest.JobFault
		status string
		reason any
		billed int
	}{
		{"failed", adetest.JobFault{End: adetest.EndFailed}, "failed", "Failed to process the document", 0},
		{"failed for a reason", adetest.JobFault{End: adetest.EndFailed, Reason: "Request timed out after 475 seconds"}, "failed", "Request timed out after 475 seconds", 0},
		{"cancelled", adetest.JobFault{End: adetest.EndCancelled}, "cancelled", nil, 0},
		{"never", adetest.JobFault{End: adetest.EndNever}, "processing", nil, 0},
		{"unheard of", adetest.JobFault{StatusWord: "archived"}, "archived", nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, adetest.Options{Faults: adetest.Faults{Job: func(j adetest.Job) adetest.JobFault { return tt.f }}})
				id := r.submit()
				synctest.Wait()
				a := r.job(id)
				if a.status != http.StatusOK || a.fields["status"] != tt.status || a.fields["failure_reason"] != tt.reason || r.p.Billed().Jobs != tt.billed {
					t.Errorf("got %d %s, billed %+v", a.status, a.body, r.p.Billed())
				}
				if tt.billed == 0 && r.bucket.putCount() > 0 {
					t.Error("a result was put")
				}
			})
		})
	}
}

func TestUnreachableAtRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adetest.Options{Undocumented: adetest.Undocumented{Fetch: adetest.AtRun}})
		a := r.post(jobs, text("schema", schema), text("markdown_url", "http://bucket.test/none.md"))
		synctest.Wait()
		a = r.job(a.fields["job_id"].(string))
		if a.status != 200 || a.fields["status"] != "failed" || a.fields["failure_reason"] != "Failed to download document from URL" || r.p.Billed().Jobs != 0 {
			t.Errorf("got %d %s", a.status, a.body)
		}
	})
}

func TestHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adetest.Options{})
		r.p.BreakNext(1, adetest.JobFault{Hidden: time.Minute})
		id := r.submit()
		if a := r.job(id); a.status != http.StatusNotFound || a.fields["message"] != "Job "+id+" not found" {
			t.Errorf("at once: got %d %s", a.status, a.body)
		}
		time.Sleep(time.Minute)
		if a := r.job(id); a.status != http.StatusOK {
			t.Errorf("later: got %d", a.status)
		}
	})
}

func TestLandings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		f      adetest.Landing
		u      adetest.Undocumented
		status string
		puts   int
		isJSON bool
	}{
		{"well", adetest.Landing{}, adetest.Undocumented{}, "completed", 1, true},
		{"fails", adetest.Landing{Fails: true}, adetest.Undocumented{}, "failed", 0, false},
		{"fails, completes", adetest.Landing{Fails: true}, adetest.Undocumented{UndeliveredCompletes: true}, "completed", 0, false},
		{"skipped", adetest.Landing{Skip: true}, adetest.Undocumented{}, "completed", 0, false},
		{"twice", adetest.Landing{Twice: true}, adetest.Undocumented{}, "completed", 2, true},
		{"again", adetest.Landing{Again: time.Hour}, adetest.Undocumented{}, "completed", 2, true},
		{"cut", adetest.Landing{Alter: adetest.Truncate}, adetest.Undocumented{}, "completed", 1, false},
		{"garbage", adetest.Landing{Alter: adetest.Garbage}, adetest.Undocumented{}, "completed", 1, false},
		{"huge", adetest.Landing{Alter: adetest.Pad(3 << 20)}, adetest.Undocumented{}, "completed", 1, true},
		{"of another job", adetest.Landing{Alter: adetest.OfAnotherJob}, adetest.Undocumented{}, "completed", 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, adetest.Options{ZDR: true, Undocumented: tt.u})
				r.p.BreakNext(1, adetest.JobFault{Landing: tt.f})
				id := r.submit()
				synctest.Wait()
				if held := r.p.Account().HeldBytes; held > 0 != (tt.f.Again > 0) {
					t.Errorf("holds %d bytes", held)
				}
				time.Sleep(2 * time.Hour)
				if a := r.job(id); a.fields["status"] != tt.status || r.bucket.putCount() != tt.puts || r.p.Account().HeldBytes != 0 {
					t.Errorf("got %v, %d puts: %s", a.fields["status"], r.bucket.putCount(), a.body)
				}
				landed := r.bucket.object("/o/out.json")
				if json.Valid(landed) != tt.isJSON {
					t.Errorf("landed: %.80q", landed)
				}
				if names := strings.Contains(string(landed), id); names != (tt.isJSON && tt.name != "of another job") {
					t.Errorf("names our job: %v", names)
				}
			})
		})
	}
}

func TestLeak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adetest.Options{ZDR: true})
		r.p.BreakNext(1, adetest.JobFault{Leak: true})
		id := r.submit()
		synctest.Wait()
		if a := r.job(id); a.fields["data"] == nil || !strings.Contains(string(a.body), "INV-7") {
			t.Errorf("got %s", a.body)
		}
		if r.p.Account().HeldBytes == 0 {
			t.Error("the account hides what is held")
		}
	})
}
