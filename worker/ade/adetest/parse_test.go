package adetest_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

const (
	parseJobs = "/v1/ade/parse/jobs"
	parsePath = "/v1/ade/parse"
	document  = "http://bucket.test/s/doc.pdf?X-Amz-Signature=abc"
)

func upload(value []byte, filename, kind string) field {
	return field{"document", string(value), filename, kind}
}

// parseRig is a rig with a document in its bucket.
func parseRig(t testing.TB, o adetest.Options, file []byte) *rig {
	t.Helper()
	r := newRig(t, o)
	r.bucket.objects["/s/doc.pdf"] = file
	return r
}

func twoPages(t testing.TB) []byte {
	return pdftest.Make(t, pdftest.Page{Lines: []string{"Invoice No: INV-7", "Total: 12.50"}}, pdftest.Page{Lines: []string{"Thank you."}})
}

func (r *rig) submitParse(fields ...field) string {
	r.t.Helper()
	a := r.post(parseJobs, append(fields, text("document_url", document), text("output_save_url", sink))...)
	id, _ := a.fields["job_id"].(string)
	if a.status != http.StatusAccepted || id == "" {
		r.t.Fatalf("create: status %d: %s", a.status, a.body)
	}
	return id
}

type delivered struct {
	Markdown string
	Chunks   []struct{ ID string }
	Splits   []struct{ Identifier string }
	Metadata map[string]any
}

func (r *rig) delivered() delivered {
	r.t.Helper()
	var d delivered
	body := r.bucket.object("/o/out.json")
	if err := json.Unmarshal(body, &d); err != nil {
		r.t.Fatalf("delivered %q: %v", body, err)
	}
	// What is delivered is what data would show.
	readSpec(r.t).check(r.t, "POST", parsePath, 200, body)
	return d
}

func TestParseJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := parseRig(t, adetest.Options{ZDR: true, Delay: adetest.Delay{Pending: time.Minute, Processing: time.Hour}}, twoPages(t))
		id := r.submitParse(text("split", "page"), text("custom_prompts", `{"figure":"Describe the axes."}`))
		for _, step := range []struct {
			after            time.Duration
			status, progress string
		}{
			{0, "pending", "0.0"},
			{time.Minute, "processing", "0.00"},
			{15 * time.Minute, "processing", "0.25"},
			{45 * time.Minute, "completed", "1.0"},
		} {
			time.Sleep(step.after)
			synctest.Wait()
			a := r.get(parseJobs + "/" + id)
			if a.status != http.StatusOK || a.fields["status"] != step.status || !strings.Contains(string(a.body), `"progress":`+step.progress+",") {
				t.Errorf("after %v: got %d %s", step.after, a.status, a.body)
			}
		}
		a := r.get(parseJobs + "/" + id)
		receipt, _ := a.fields["metadata"].(map[string]any)
		if a.fields["data"] != nil || a.fields["output_url"] != sink || a.fields["version"] != adetest.DefaultParseVersion ||
			receipt["page_count"] != 2.0 || receipt["credit_usage"] != 6.0 || receipt["failed_pages"] != nil || receipt["job_id"] != id {
			t.Errorf("got %s", a.body)
		}
		d := r.delivered()
		if !strings.Contains(d.Markdown, "Total: 12.50") || len(d.Chunks) != 2 || len(d.Splits) != 2 || d.Splits[1].Identifier != "page_1" {
			t.Errorf("delivered %+v", d)
		}
		if b := r.p.Billed(); b != (adetest.Bill{Jobs: 1, Credits: 6}) {
			t.Errorf("billed %+v", b)
		}
		if held := r.p.Account().HeldBytes; held != 0 {
			t.Errorf("%d bytes are held", held)
		}
	})
}

// TestProgressIsNoEnd: a job that has had its time reads 1.0 and goes on.
func TestProgressIsNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := parseRig(t, adetest.Options{Delay: adetest.Delay{Processing: time.Minute}}, twoPages(t))
		r.p.BreakNext(1, adetest.JobFault{End: adetest.EndNever})
		id := r.submitParse()
		time.Sleep(time.Hour)
		synctest.Wait()
		if a := r.get(parseJobs + "/" + id); a.fields["status"] != "processing" || a.fields["progress"] != 1.0 {
			t.Errorf("got %s", a.body)
		}
	})
}

func TestFailedPagesArePartial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := pdftest.Page{Lines: []string{"bad"}, Unreadable: true}
		r := parseRig(t, adetest.Options{ZDR: true}, pdftest.Make(t, bad, pdftest.Page{Lines: []string{"good"}}))
		id := r.submitParse()
		synctest.Wait()
		a := r.get(parseJobs + "/" + id)
		receipt, _ := a.fields["metadata"].(map[string]any)
		failed, _ := receipt["failed_pages"].([]any)
		if a.status != http.StatusPartialContent || a.fields["status"] != "completed" || !slices.Equal(failed, []any{0.0}) || receipt["credit_usage"] != 3.0 {
			t.Errorf("got %d %s", a.status, a.body)
		}
		r.bucket.objects["/s/doc.pdf"] = twoPages(t)
		r.p.BreakNext(1, adetest.JobFault{FailPages: []int{1}})
		id = r.submitParse()
		synctest.Wait()
		if a := r.get(parseJobs + "/" + id); a.status != http.StatusPartialContent || !strings.Contains(string(a.body), `"failed_pages":[1]`) {
			t.Errorf("a fault: got %d %s", a.status, a.body)
		}
	})
}

func TestParseListIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := parseRig(t, adetest.Options{}, twoPages(t))
		extracted, parsed := r.submit(), r.submitParse()
		synctest.Wait()
		for path, want := range map[string]string{jobs: extracted, parseJobs: parsed} {
			a := r.get(path + "?page=0&pageSize=10")
			list, _ := a.fields["jobs"].([]any)
			if len(list) != 1 || !strings.Contains(string(a.body), want) {
				t.Errorf("%s: got %s, want %s alone", path, a.body, want)
			}
		}
		for _, path := range []string{jobs + "/" + parsed, parseJobs + "/" + extracted} {
			if a := r.get(path); a.status != http.StatusNotFound {
				t.Errorf("%s: got %d", path, a.status)
			}
		}
		if a := r.p.Account(); !a.Jobs[1].Parse || a.Jobs[0].Parse || a.Jobs[1].MarkdownPath != "/s/doc.pdf" || a.Counts[adetest.OpParseCreate] != 1 {
			t.Errorf("got %+v", a.Jobs)
		}
	})
}

func TestParseRefusals(t *testing.T) {
	pdf := upload(twoPages(t), "doc.pdf", "application/pdf")
	link, save := text("document_url", document), text("output_save_url", sink)
	zdr, open := adetest.Options{ZDR: true}, adetest.Options{}
	secret := pdftest.Encrypted("open sesame", pdftest.Page{Lines: []string{"secret"}})
	for _, tt := range []struct {
		name   string
		o      adetest.Options
		path   string
		file   []byte // at document
		fields []field
		status int
		body   string
	}{
		{"ZDR, no place for the result", zdr, parseJobs, nil, []field{link}, 400, "output_save_url must be present if zeroDataRetention is enabled"},
		{"ZDR, content", zdr, parseJobs, nil, []field{pdf, save}, 400, "Only document_url is accepted if zeroDataRetention is enabled"},
		{"nothing", open, parseJobs, nil, nil, 422, "No document or document_url provided."},
		{"both", open, parseJobs, nil, []field{pdf, link}, 422, "Cannot provide both 'document' and 'document_url'. Please provide only one."},
		{"no URL", open, parseJobs, nil, []field{text("document_url", "inbox/a.pdf")}, 422, "Invalid URL format: inbox/a.pdf"},
		{"not there", open, parseJobs, nil, []field{text("document_url", "http://bucket.test/s/none")}, 400, "Failed to download document from URL"},
		{"private", adetest.Options{RefusePrivateHosts: true}, parseJobs, nil, []field{text("document_url", "http://127.0.0.1/a")}, 400, "Failed to download document from URL"},
		{"model", open, parseJobs, nil, []field{link, text("model", "dpt-1")}, 400, "Unsupported model: dpt-1"},
		{"split", open, parseJobs, nil, []field{link, text("split", "section")}, 422, "Input should be 'page'"},
		{"prompts that are none", open, parseJobs, nil, []field{link, text("custom_prompts", "words")}, 422, "custom_prompts must be a JSON object"},
		{"prompts for text", open, parseJobs, nil, []field{link, text("custom_prompts", `{"text":"a"}`)}, 422, "custom_prompts supports the key 'figure' only"},
		{"long prompts", open, parseJobs, nil, []field{link, text("custom_prompts", `{"figure":"`+strings.Repeat("a", 513)+`"}`)}, 422, "custom_prompts['figure'] must be 512 characters or fewer."},
		{"password without ZDR", open, parseJobs, nil, []field{link, text("password", "a")}, 422, "Password-protected documents are not currently supported for your account."},
		{"encrypted", zdr, parseJobs, secret, []field{link, save}, 422, "Document is password-protected. Please provide the password parameter."},
		{"wrong password", zdr, parseJobs, secret, []field{link, save, text("password", "sesame")}, 422, "Failed to decrypt document. The password may be wrong."},
		{"broken", zdr, parseJobs, pdftest.Broken(t), []field{link, save}, 422, "Failed to process the document"},
		{"no pages", zdr, parseJobs, pdftest.Empty(t), []field{link, save}, 422, "The document has no pages"},
		{"an archive", zdr, parseJobs, []byte("PK\x03\x04\x00 an archive"), []field{link, save}, 422, "Unsupported format: text/markdown"},
		{"too large", adetest.Options{MaxDocument: 100}, parseJobs, twoPages(t), []field{link}, 413, "The document is too large"},
		{"101 pages in a call", open, parsePath, pdftest.Many(t, 101), []field{link}, 422, "PDF must not exceed 100 pages"},
		{"no page that can be read", open, parsePath, pdftest.Make(t, pdftest.Page{Unreadable: true}), []field{link}, 500, "Failed to process the document"},
		{"out of credits", adetest.Options{Credits: 1e-9}, parseJobs, nil, nil, 402, "Payment required: the account is out of credits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := parseRig(t, tt.o, tt.file)
			if tt.status == http.StatusPaymentRequired {
				r.post(parsePath, pdf)
			}
			a := r.post(tt.path, tt.fields...)
			if a.status != tt.status || !strings.Contains(string(a.body), tt.body) {
				t.Errorf("got %d %s, want %d %s", a.status, a.body, tt.status, tt.body)
			}
			if n := len(r.p.Account().Jobs); n != 0 {
				t.Errorf("%d jobs were made", n)
			}
		})
	}
}

// TestFailuresAtRun: what is not fetched at submit fails in the background, is
// not billed, and says why.
func TestFailuresAtRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := adetest.Options{ZDR: true, Undocumented: adetest.Undocumented{Fetch: adetest.AtRun}}
		r := parseRig(t, o, pdftest.Encrypted("open sesame", pdftest.Page{Lines: []string{"secret"}}))
		id := r.submitParse()
		synctest.Wait()
		a := r.get(parseJobs + "/" + id)
		if a.status != http.StatusOK || a.fields["status"] != "failed" || a.fields["failure_reason"] != "Document is password-protected. Please provide the password parameter." {
			t.Errorf("got %d %s", a.status, a.body)
		}
		r.submitParse(text("password", "open sesame"))
		synctest.Wait()
		if d := r.delivered(); !strings.Contains(d.Markdown, "secret") {
			t.Errorf("delivered %+v", d)
		}
		if b := r.p.Billed(); b.Jobs != 1 || b.Credits != 3 {
			t.Errorf("billed %+v", b)
		}
	})
}

func TestParseNow(t *testing.T) {
	r := parseRig(t, adetest.Options{ZDR: true}, twoPages(t))
	for _, from := range []field{text("document_url", document), upload(twoPages(t), "doc.pdf", "application/pdf")} {
		a := r.post(parsePath, from)
		if a.status != http.StatusOK || !strings.Contains(a.fields["markdown"].(string), "Thank you.") {
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
	a := r.post(parsePath, upload(pdftest.Make(t, pdftest.Page{Unreadable: true}, pdftest.Page{}), "doc.pdf", "application/pdf"))
	if a.status != http.StatusPartialContent || !strings.Contains(string(a.body), `"failed_pages":[0]`) {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if b := r.p.Billed(); b != (adetest.Bill{Calls: 3, Credits: 15}) {
		t.Errorf("billed %+v", b)
	}
	if n := r.p.Account().ContentBytes; n == 0 {
		t.Error("no content was counted")
	}
}

// TestPagesAreLimited: extractions have a pool of their own.
func TestPagesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := parseRig(t, adetest.Options{Limit: adetest.Limit{PagesPerHour: 60, TellRetryAfter: true}}, twoPages(t))
		r.submitParse()
		a := r.post(parseJobs, text("document_url", document))
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "120" {
			t.Errorf("got %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
		}
		r.submit()
		time.Sleep(2 * time.Minute)
		r.submitParse()
	})
}

func TestParseFaults(t *testing.T) {
	for _, status := range []int{401, 402, 429, 500, 504} {
		r := parseRig(t, adetest.Options{}, twoPages(t))
		r.p.FailNext(adetest.OpParseCreate, 1, adetest.RequestFault{Status: status})
		if a := r.post(parseJobs, text("document_url", document)); a.status != status || a.fields["error"] == nil {
			t.Errorf("got %d %s", a.status, a.body)
		}
		if status == http.StatusTooManyRequests {
			continue // nothing says that a GET gets it
		}
		r.p.FailNext(adetest.OpParseGet, 1, adetest.RequestFault{Status: status})
		if a := r.get(parseJobs + "/x"); a.status != status || a.fields["message"] == nil {
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
}
