package adetest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

const extractPath = "/v1/ade/extract"

func TestRefusals(t *testing.T) {
	md := file(invoice, "d.md", "text/markdown")
	good, link, save := text("schema", schema), text("markdown_url", source), text("output_save_url", sink)
	zdr := adetest.Options{ZDR: true}
	object := func(properties string) field {
		return text("schema", `{"type":"object","properties":{`+properties+`}}`)
	}
	tests := []struct {
		name   string
		o      adetest.Options
		path   string
		fields []field
		status int
		body   string
	}{
		{"ZDR, no save URL", zdr, jobs, []field{good, link}, 400, `{"error":"output_save_url must be present if zeroDataRetention is enabled"}`},
		{"ZDR, content", zdr, jobs, []field{good, md, save}, 400, `{"error":"Only markdown_url is accepted if zeroDataRetention is enabled"}`},
		{"ZDR, both sources", zdr, jobs, []field{good, md, link, save}, 400, `{"error":"Only markdown_url is accepted if zeroDataRetention is enabled"}`},
		{"ZDR does not bind sync", zdr, extractPath, []field{good, md}, 200, ""},
		{"no schema", adetest.Options{}, jobs, []field{md}, 422, `{"detail":[{"type":"missing","loc":["body","schema"],"msg":"Field required","input":null}]}`},
		{"schema as a file", adetest.Options{}, jobs, []field{md, {"schema", schema, "s.json", "application/json"}}, 422, `{"detail":[{"type":"string_type","loc":["body","schema"],"msg":"Input should be a valid string","input":null}]}`},
		{"strict is no boolean", adetest.Options{}, jobs, []field{good, md, text("strict", "maybe")}, 422, `{"detail":[{"type":"bool_parsing","loc":["body","strict"],"msg":"Input should be a valid boolean, unable to interpret input","input":"maybe"}]}`},
		{"no source", adetest.Options{}, jobs, []field{good}, 422, `{"error":"No markdown file or URL provided."}`},
		{"both sources", adetest.Options{}, jobs, []field{good, md, link}, 422, `{"error":"Cannot provide both 'markdown' and 'markdown_url'. Please provide only one."}`},
		{"two files", adetest.Options{}, jobs, []field{good, md, md}, 422, `{"error":"Multiple markdown files detected (2)."}`},
		{"a bare string of the Python SDK", adetest.Options{}, jobs, []field{good, file(invoice, "upload", "application/octet-stream")}, 422, `{"error":"Invalid file provided"}`},
		{"the same, sync", adetest.Options{}, extractPath, []field{good, file(invoice, "upload", "application/octet-stream")}, 200, ""},
		{"text part", adetest.Options{}, jobs, []field{good, text("markdown", invoice)}, 202, ""},
		{"a PDF", adetest.Options{}, jobs, []field{good, file("%PDF", "d.pdf", "application/pdf")}, 422, `{"error":"Unsupported format: application/pdf (d.pdf). Supported formats: MD"}`},
		{"binary", adetest.Options{}, jobs, []field{good, file("\x00\xff", "d.md", "text/markdown")}, 422, `{"error":"Unsupported format: text/markdown (d.md). Supported formats: MD"}`},
		{"too large", adetest.Options{MaxMarkdown: 10}, extractPath, []field{good, md}, 413, `{"error":"The document is too large"}`},
		{"too large by URL", adetest.Options{MaxMarkdown: 10}, jobs, []field{good, link}, 413, `{"error":"The document is too large"}`},
		{"no URL", adetest.Options{}, jobs, []field{good, text("markdown_url", "in.md")}, 422, `{"error":"Invalid URL format: in.md"}`},
		{"save to no URL", adetest.Options{}, jobs, []field{good, link, text("output_save_url", "file:///x")}, 422, `{"error":"Invalid URL format: file:///x"}`},
		{"unreachable", adetest.Options{}, jobs, []field{good, text("markdown_url", "http://bucket.test/s/none.md"), save}, 400, `{"error":"Failed to download document from URL"}`},
		{"redirect", adetest.Options{}, jobs, []field{good, text("markdown_url", "http://bucket.test/moved")}, 400, `{"error":"Failed to download document from URL"}`},
		{"redirect followed", adetest.Options{Undocumented: adetest.Undocumented{FollowRedirects: true}}, jobs, []field{good, text("markdown_url", "http://bucket.test/moved")}, 202, ""},
		{"private host", adetest.Options{RefusePrivateHosts: true}, jobs, []field{good, text("markdown_url", "http://127.0.0.1/x.md")}, 400, `{"error":"Failed to download document from URL"}`},
		{"private host to save to", adetest.Options{RefusePrivateHosts: true}, jobs, []field{good, link, text("output_save_url", "http://localhost/x")}, 422, `{"error":"Invalid URL format: http://localhost/x"}`},
		{"model", adetest.Options{}, jobs, []field{good, md, text("model", "dpt-2")}, 400, `{"error":"Unsupported model: dpt-2"}`},
		{"model of our own", adetest.Options{}, jobs, []field{good, md, text("model", "adetest-rules-1")}, 202, ""},
		{"schema is no JSON", adetest.Options{}, jobs, []field{text("schema", "{"), md}, 400, `{"error":"Invalid JSON schema"}`},
		{"schema is no JSON, sync", adetest.Options{}, extractPath, []field{text("schema", "{"), md}, 422, `{"error":"The provided schema is not valid JSON."}`},
		{"root", adetest.Options{}, jobs, []field{text("schema", `{"type":"array"}`), md}, 422, `{"error":"The provided schema must have \"type\": \"object\" for the root."}`},
		{"no JSON schema", adetest.Options{}, jobs, []field{object(`"a":{"type":"x"}`), md}, 422, `{"error":"The provided JSON object was not a valid JSON schema."}`},
		{"cycle", adetest.Options{}, jobs, []field{object(`"a":{"$ref":"#"}`), md}, 422, `{"error":"The provided schema contains recursive local $ref cycles"}`},
		{"strict", adetest.Options{}, jobs, []field{object(`"a":{"type":"string","pattern":"x","minLength":1}`), md, text("strict", "true")}, 422, `{"error":"The following schema fields were not supported: minLength, pattern"}`},
		{"not strict", adetest.Options{}, jobs, []field{object(`"a":{"type":"string","pattern":"x"}`), md, text("strict", "false")}, 202, ""},
		{"other key for the text", adetest.Options{Undocumented: adetest.Undocumented{BusinessKey: "message"}}, jobs, []field{good}, 422, `{"message":"No markdown file or URL provided."}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, tt.o)
			a := r.post(tt.path, tt.fields...)
			if a.status != tt.status || tt.body != "" && string(a.body) != tt.body {
				t.Errorf("got  %d %s\nwant %d %s", a.status, a.body, tt.status, tt.body)
			}
			if made := len(r.p.Account().Jobs); made != 0 && tt.status != http.StatusAccepted {
				t.Errorf("%d jobs were made", made)
			}
		})
	}
}

func TestOtherBodies(t *testing.T) {
	r := newRig(t, adetest.Options{})
	missing := `{"detail":[{"type":"missing","loc":["body","schema"],"msg":"Field required","input":null}]}`
	for _, tt := range []struct {
		kind, body string
		status     int
		want       string
	}{
		{"application/json", `{"schema":"{}"}`, 422, missing},
		{"application/x-www-form-urlencoded", `schema=%7B%7D`, 422, missing},
		{"", "", 422, missing},
		{"multipart/form-data; boundary=x", "--x\r\nbroken", 400, `{"detail":"There was an error parsing the body"}`},
	} {
		a := r.must(newRequest(t, http.MethodPost, r.base+jobs, strings.NewReader(tt.body), tt.kind))
		if a.status != tt.status || string(a.body) != tt.want {
			t.Errorf("%s: got %d %s", tt.kind, a.status, a.body)
		}
	}
}

func TestKeys(t *testing.T) {
	r := newRig(t, adetest.Options{Keys: []string{"key-1", "key-2"}})
	id := r.submit()
	for _, tt := range []struct {
		authorization string
		status        int
		body          string
	}{
		{"", 401, `{"error":"Invalid API Key Format"}`},
		{"Basic key-1", 401, `{"error":"Invalid API Key Format"}`},
		{"Bearer a b", 401, `{"error":"Invalid API Key Format"}`},
		{"Bearer other", 401, `{"error":"Invalid API Key, please check your API key."}`},
		{"Bearer key-2", 404, `{"message":"Job ` + id + ` not found"}`},
	} {
		req := newRequest(t, http.MethodGet, r.base+jobs+"/"+id, nil, "")
		req.Header.Set("Authorization", tt.authorization)
		resp, err := r.p.RoundTripper().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 200)
		n, _ := resp.Body.Read(body)
		if resp.StatusCode != tt.status || string(body[:n]) != tt.body {
			t.Errorf("%q: got %d %s", tt.authorization, resp.StatusCode, body[:n])
		}
	}
}

func TestRoutes(t *testing.T) {
	r := newRig(t, adetest.Options{})
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/v1/ade/extract", 405, `{"detail":"Method Not Allowed"}`},
		{"DELETE", jobs, 405, `{"detail":"Method Not Allowed"}`},
		{"GET", "/v1/ade/parse", 405, `{"detail":"Method Not Allowed"}`},
		{"GET", "/v1/ade/split", 404, `{"detail":"Not Found"}`},
		{"GET", "/v1/ade/parse/jobs/none", 404, `{"message":"Job none not found"}`},
		{"GET", "/", 404, `{"detail":"Not Found"}`},
		{"GET", jobs + "/none", 404, `{"message":"Job none not found"}`},
	} {
		a := r.must(newRequest(t, tt.method, r.base+tt.path, nil, ""))
		if a.status != tt.status || string(a.body) != tt.body || a.header.Get("Server") != "adetest" {
			t.Errorf("%s %s: got %d %s, Server %q", tt.method, tt.path, a.status, a.body, a.header.Get("Server"))
		}
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adetest.Options{Limit: adetest.Limit{PerHour: 60, TellRetryAfter: true}})
		r.submit()
		a := r.post(jobs, text("schema", schema), text("markdown_url", source))
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "60" {
			t.Errorf("got %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
		}
		if a := r.post(extractPath, text("schema", schema), text("markdown_url", source)); a.status != http.StatusOK {
			t.Errorf("the other pool: got %d %s", a.status, a.body)
		}
		time.Sleep(time.Minute)
		r.submit()
		if got := len(r.p.Account().Jobs); got != 2 {
			t.Errorf("%d jobs", got)
		}
	})
}

func TestCredits(t *testing.T) {
	r := newRig(t, adetest.Options{Credits: 0.1})
	if a := r.post(extractPath, text("schema", schema), text("markdown", invoice)); a.status != http.StatusOK {
		t.Fatalf("got %d", a.status)
	}
	if a := r.post(jobs, text("schema", schema), text("markdown", invoice)); a.status != http.StatusPaymentRequired {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if b := r.p.Billed(); b != (adetest.Bill{Calls: 1, Credits: 0.1}) {
		t.Errorf("billed %+v", b)
	}
}
