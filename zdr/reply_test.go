package zdr_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// fullJob is a job with every field of the published form and one unknown one.
const fullJob = `{
 "job_id":"job-1","status":"completed","received_at":1790000000,"created_at":1790000000,"progress":1.0,
 "data":null,"output_url":null,"version":"extract-20260314","org_id":"u3z0u1hn4acl","failure_reason":null,
 "queue":{"depth":4,"note":"busy"},
 "metadata":{"filename":"upload.md","org_id":null,"duration_ms":812,"credit_usage":4.6,"job_id":"job-1",
  "version":"extract-20260314","fallback_model_version":null,"schema_violation_error":"total: <None> is not of type 'number'",
  "warnings":[{"code":"nonconformant_output","msg":"total is missing","at":"total"}]}}`

func TestReceiptIsRebuilt(t *testing.T) {
	b := newBench(t, says(206, fullJob))
	reply, err := b.job("job-1")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"created_at":1790000000,"job_id":"job-1","metadata":{"credit_usage":4.6,"duration_ms":812,` +
		`"filename":"upload.md","job_id":"job-1","schema_violation_error":"total: <None> is not of type 'number'",` +
		`"version":"extract-20260314","warnings":[{"code":"nonconformant_output","msg":"total is missing"}]},` +
		`"org_id":"u3z0u1hn4acl","progress":1.0,"received_at":1790000000,"status":"completed","version":"extract-20260314"}`
	if got := string(reply.Body); got != want || reply.Status != 206 {
		t.Errorf("status %d, body\n%s\nwant\n%s", reply.Status, got, want)
	}
}

func TestListIsRebuilt(t *testing.T) {
	b := newBench(t, says(200, `{"jobs":[{"job_id":"a","status":"pending","received_at":1,"progress":0,"name":"x"},
	 {"job_id":"../b","status":"failed"},{"job_id":"c","status":"failed","failure_reason":"Timed out"}],"has_more":true}`))
	reply, err := b.list("?page=0&pageSize=100&status=failed")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"has_more":true,"jobs":[{"job_id":"a","progress":0,"received_at":1,"status":"pending"},` +
		`{"status":"failed"},{"failure_reason":"Timed out","job_id":"c","status":"failed"}]}`
	if string(reply.Body) != want {
		t.Errorf("got %s\nwant %s", reply.Body, want)
	}
	if fmt.Sprint(reply.Jobs) != "[a c]" {
		t.Errorf("got ids %v, want those that can be one", reply.Jobs)
	}
	if got := b.wire.arrivals()[0].target; got != jobs+"?page=0&pageSize=100&status=failed" {
		t.Errorf("asked for %s", got)
	}
}

func TestErrorBodies(t *testing.T) {
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{400, `{"error":"Only markdown_url is accepted if zeroDataRetention is enabled"}`, `{"error":"Only markdown_url is accepted if zeroDataRetention is enabled"}`},
		{404, `{"message":"Job job-1 not found","code":7}`, `{"message":"Job job-1 not found"}`},
		{422, `{"detail":"no"}`, `{"detail":"no"}`},
		{
			422, `{"detail":[{"loc":["body","schema",0],"msg":"bad","type":"value_error","input":{"data":"` + strings.Repeat("x", 20<<10) + `"},"ctx":{}}]}`,
			`{"detail":[{"loc":["body","schema",0],"msg":"bad","type":"value_error"}]}`,
		},
		{500, `{"error":{"message":"deep"}}`, `{}`},
		{429, ``, ``},
		{500, `oops`, ``},
		{500, `[1]`, ``},
		{500, `{"error":"a"}{"error":"b"}`, ``},
		{500, `{"error":"a","error":"b"}`, ``},
	} {
		b := newBench(t, says(test.status, test.body))
		reply, err := b.job("job-1")
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		if reply.Status != test.status || string(reply.Body) != test.want {
			t.Errorf("got %d %q, want %d %q", reply.Status, reply.Body, test.status, test.want)
		}
	}
}

func TestViolations(t *testing.T) {
	const head = `{"job_id":"job-1","status":"completed","received_at":1,"progress":1`
	for _, test := range []struct{ name, kind, body string }{
		{"inline data", zdr.ViolationContent, head + `,"data":{"extraction":{"total":1}}}`},
		{"empty data", zdr.ViolationContent, head + `,"data":{}}`},
		{"text data", zdr.ViolationContent, head + `,"data":"x"}`},
		{"false data", zdr.ViolationContent, head + `,"data":false}`},
		{"DATA", zdr.ViolationContent, head + `,"DATA":{"a":1}}`},
		{"data, then null", zdr.ViolationContent, head + `,"data":{"a":1},"data":null}`},
		{"null, then data", zdr.ViolationContent, head + `,"data":null,"data":{"a":1}}`},
		{"escaped name", zdr.ViolationContent, head + `,"d\u0061ta":{"a":1}}`},
		{"extraction below", zdr.ViolationContent, head + `,"outcome":{"extraction":{"total":1}}}`},
		{"markdown in metadata", zdr.ViolationContent, head + `,"metadata":{"markdown":"# content"}}`},
		{"result", zdr.ViolationContent, head + `,"result":{"a":1}}`},
		{"their bucket", zdr.ViolationOutputURL, head + `,"output_url":"https://theirs.s3.amazonaws.com/r.json?X-Amz-Signature=1"}`},
		{"url that is none", zdr.ViolationOutputURL, head + `,"output_url":"content"}`},
		{"url as object", zdr.ViolationOutputURL, head + `,"output_url":{"a":1}}`},
		{"Output_URL below", zdr.ViolationOutputURL, head + `,"more":{"Output_URL":"https://theirs.example/r"}}`},
		{"long unknown text", zdr.ViolationUnread, head + `,"note":"` + strings.Repeat("a", 16<<10) + `"}`},
		{"many unknown names", zdr.ViolationUnread, head + manyNames() + `}`},
		{"many unknown numbers", zdr.ViolationUnread, head + `,"n":[1` + strings.Repeat(",1234567890", 2000) + `]}`},
		{"words as version", zdr.ViolationUnread, head + `,"version":"` + strings.Repeat("a word ", 3000) + `"}`},
		{"too long", zdr.ViolationSize, head + `,"failure_reason":"` + strings.Repeat("a", 1<<20) + `"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, says(200, test.body))
			reply, err := b.job("job-1")
			v, ok := errors.AsType[*zdr.Violation](err)
			if !ok || v.Kind != test.kind || v.Status != 200 || v.Ref != testRef || reply != nil {
				t.Fatalf("got %v, want a violation %q", err, test.kind)
			}
			if got := b.journal.of(zdr.KindViolation); len(got) != 1 || got[0].Rule != test.kind {
				t.Errorf("recorded %v, want the violation", got)
			}
		})
	}
}

func manyNames() string {
	var s strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&s, `,"field%06d":null`, i)
	}
	return s.String()
}

// A create or an error with content in it is a violation as well.
func TestViolationsElsewhere(t *testing.T) {
	b := newBench(t, says(202, `{"job_id":"job-1","data":{"a":1}}`))
	if _, err := b.create(); !isViolation(err) {
		t.Errorf("create: got %v, want a violation", err)
	}
	b = newBench(t, says(500, `{"error":"x","markdown":"# content"}`))
	if _, err := b.job("job-1"); !isViolation(err) {
		t.Errorf("error: got %v, want a violation", err)
	}
}

func isViolation(err error) bool {
	_, ok := errors.AsType[*zdr.Violation](err)
	return ok
}

func TestMalformedReplies(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON":          `completed`,
		"second document":  `{"job_id":"job-1","status":"completed"}{"data":{"a":1}}`,
		"garbage after":    `{"job_id":"job-1","status":"completed"} x`,
		"doubled name":     `{"job_id":"job-1","status":"completed","status":"failed"}`,
		"no id":            `{"status":"completed"}`,
		"another job":      `{"job_id":"job-2","status":"completed"}`,
		"id in other case": `{"Job_ID":"job-1","status":"completed"}`,
		"no status":        `{"job_id":"job-1"}`,
		"words as status":  `{"job_id":"job-1","status":"a whole sentence"}`,
		"array":            `[{"job_id":"job-1","status":"completed"}]`,
		"deep":             `{"job_id":"job-1","status":"completed","x":` + strings.Repeat("[", 80) + strings.Repeat("]", 80) + `}`,
		"cut":              `{"job_id":"job-1","status":"comp`,
		"empty":            ``,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, says(200, body))
			reply, err := b.job("job-1")
			e, ok := errors.AsType[*zdr.TransportError](err)
			if !ok || e.Class != zdr.ClassMalformed || !e.Sent || reply != nil {
				t.Errorf("got %v, want a malformed reply", err)
			}
		})
	}
}

// The URL of the outbox is known by what was let out and by the policy, with and
// without its query; its name goes on, and nothing else of it.
func TestOutputURLOfOurs(t *testing.T) {
	for _, test := range []struct {
		name, url string
		prefixes  bool
		ours      bool
		outbox    string
	}{
		{"let out, whole", "PUT", false, true, "9c0e.json"},
		{"let out, without query", "PUT-BARE", false, true, "9c0e.json"},
		{"let out, signed anew", "PUT-OTHER-QUERY", false, true, "9c0e.json"},
		{"staging", "GET", false, false, ""},
		{"under a prefix", "PREFIX", true, true, "another.json"},
		{"under a prefix, no name of ours", "SPACE", true, true, ""},
		{"beside the prefix", "BESIDE", true, false, ""},
		{"dots out of the prefix", "DOTS", true, false, ""},
		{"the prefix itself", "ITSELF", true, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var answer http.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
				base := "http://" + r.Host + "/x7k2"
				u := map[string]string{
					"PUT": base + "/o/9c0e.json?X-Amz-Signature=bbbb", "PUT-BARE": base + "/o/9c0e.json",
					"PUT-OTHER-QUERY": base + "/o/9c0e.json?X-Amz-Signature=cccc", "GET": base + "/s/4f1d.md?X-Amz-Signature=aaaa",
					"PREFIX": base + "/o/another.json?x=1", "BESIDE": base + "/r/another.json",
					"SPACE": base + "/o/two%20words.json",
					"DOTS":  base + "/o/../r/a.json", "ITSELF": base + "/o/",
				}[test.url]
				if r.Method == "POST" {
					says(202, `{"job_id":"job-1"}`)(w, r)
					return
				}
				says(200, fmt.Sprintf(`{"job_id":"job-1","status":"completed","output_url":%q}`, u))(w, r)
			}
			b := newBench(t, answer)
			if test.prefixes {
				b.policy.URLPrefixes = []string{b.wire.URL + "/x7k2/o/"}
				var err error
				if b.guard, err = zdr.NewGuard(b.policy, b.journal); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := b.create(); err != nil {
				t.Fatal(err)
			}
			reply, err := b.job("job-1")
			if test.ours != (err == nil) {
				t.Fatalf("got %v, want ours %v", err, test.ours)
			}
			want := fmt.Sprintf(`{"job_id":"job-1","output_name":%q,"output_url_ours":true,"status":"completed"}`, test.outbox)
			if test.outbox == "" {
				want = `{"job_id":"job-1","output_url_ours":true,"status":"completed"}`
			}
			if err == nil && string(reply.Body) != want {
				t.Errorf("got %s, want %s", reply.Body, want)
			}
		})
	}
}

// What is not JSON is not read.
func TestReplyThatIsNotJSON(t *testing.T) {
	page := func(status int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"error":"content"}`)
		}
	}
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		class  string
	}{
		{"gateway's page", page(502, "Content-Type", "text/html"), ""},
		{"no type", page(500, "Content-Type", ""), ""},
		{"packed", page(500, "Content-Type", "application/json", "Content-Encoding", "gzip"), ""},
		{"page of a success", page(200, "Content-Type", "text/html"), zdr.ClassMalformed},
		{"redirect", page(307, "Location", "https://theirs.example/content", "Content-Type", "application/json"), zdr.ClassRedirect},
		{"not modified", page(304), zdr.ClassRedirect},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, test.answer)
			reply, err := b.job("job-1")
			e, _ := errors.AsType[*zdr.TransportError](err)
			switch {
			case test.class == "" && (err != nil || reply.Body != nil):
				t.Errorf("got %v, want a status without a body", err)
			case test.class != "" && (e == nil || e.Class != test.class || !e.Sent):
				t.Errorf("got %v, want class %s", err, test.class)
			}
			if n := len(b.wire.arrivals()); n != 1 {
				t.Errorf("%d requests arrived, want 1: nothing is followed", n)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Mon, 23 Nov 2026 13:00:00 GMT"
	for _, test := range []struct {
		header, value string
		want          time.Duration
	}{
		{"Retry-After", "30", 30 * time.Second},
		{"Retry-After", "Mon, 23 Nov 2026 13:01:00 GMT", time.Minute},
		{"Retry-After", "Mon, 23 Nov 2026 12:00:00 GMT", 0},
		{"Retry-After", "99999999", 24 * time.Hour},
		{"Retry-After", "-5", 0},
		{"Retry-After", "soon", 0},
		{"Retry-After-Ms", "1500", 1500 * time.Millisecond},
	} {
		b := newBench(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", date)
			w.Header().Set(test.header, test.value)
			w.WriteHeader(429)
		})
		reply, err := b.job("job-1")
		if err != nil {
			t.Fatal(err)
		}
		if reply.RetryAfter != test.want || reply.Date.Format(http.TimeFormat) != date {
			t.Errorf("%s %s: got %v at %v, want %v", test.header, test.value, reply.RetryAfter, reply.Date, test.want)
		}
	}
}
