package zdr_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

const parseJobs = "/v1/ade/parse/jobs"

func mustPrompts(t testing.TB, figure string) zdr.Prompts {
	t.Helper()
	p, err := zdr.NewPrompts(figure)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// newParseTrial is a parse job that is let out.
func newParseTrial(t *testing.T, answer http.HandlerFunc, edits ...func(*zdr.Policy)) *trial {
	prompts := mustPrompts(t, "Describe the axes.")
	b := newBench(t, answer, append(edits, func(p *zdr.Policy) { p.ApprovePrompts(prompts, "test") })...)
	b.deposit()
	x := &trial{bench: b, about: zdr.Call{Operation: zdr.ParseCreate, Ref: testRef, Attempt: 1}, other: newWire(t, nil)}
	x.fields = map[string]string{
		"model": "dpt-2-20260410", "split": "page", "custom_prompts": prompts.Canonical(),
		"password": "open sesame", "document_url": x.get, "output_save_url": x.put,
	}
	x.parse()
	return x
}

func (x *trial) parse() {
	x.req = x.createRequest(x.fields)
	x.req.URL.Path = parseJobs
}

// parseRefusals is what a parse must not carry.
var parseRefusals = []struct {
	name string
	rule string
	edit func(*trial)
}{
	{"document inline", zdr.RuleField, func(x *trial) { x.fields["document"] = "content" }},
	{"markdown_url of a parse", zdr.RuleField, func(x *trial) { x.fields["markdown_url"] = x.get }},
	{"schema of a parse", zdr.RuleField, func(x *trial) { x.fields["schema"] = string(x.schema.Canonical()) }},
	{"no document_url", zdr.RuleField, func(x *trial) { delete(x.fields, "document_url") }},
	{"no output_save_url", zdr.RuleField, func(x *trial) { delete(x.fields, "output_save_url") }},

	{"words as model", zdr.RuleModel, func(x *trial) { x.fields["model"] = "the content of a document" }},
	{"another split", zdr.RuleSplit, func(x *trial) { x.fields["split"] = "section" }},
	{"empty split", zdr.RuleSplit, func(x *trial) { x.fields["split"] = "" }},

	{"prompts with spaces", zdr.RulePromptsForm, func(x *trial) { x.fields["custom_prompts"] += " " }},
	{"prompts that are words", zdr.RulePromptsForm, func(x *trial) { x.fields["custom_prompts"] = "content" }},
	{"prompts for text", zdr.RulePromptsForm, func(x *trial) { x.fields["custom_prompts"] = `{"text":"content"}` }},
	{"prompts for more", zdr.RulePromptsForm, func(x *trial) { x.fields["custom_prompts"] = `{"figure":"a","text":"content"}` }},
	{"prompts twice", zdr.RulePromptsForm, func(x *trial) { x.fields["custom_prompts"] = `{"figure":"content","figure":"Describe the axes."}` }},
	{"prompts in capitals", zdr.RulePromptsForm, func(x *trial) { x.fields["custom_prompts"] = `{"Figure":"Describe the axes."}` }},
	{"prompts that are none", zdr.RulePromptsForm, func(x *trial) { x.fields["custom_prompts"] = `{"figure":null}` }},
	{"long prompts", zdr.RulePromptsForm, func(x *trial) { x.fields["custom_prompts"] = `{"figure":"` + strings.Repeat("a", 513) + `"}` }},
	{"prompts not approved", zdr.RulePrompts, func(x *trial) { x.fields["custom_prompts"] = `{"figure":"content"}` }},

	{"empty password", zdr.RulePassword, func(x *trial) { x.fields["password"] = "" }},
	{"long password", zdr.RulePassword, func(x *trial) { x.fields["password"] = strings.Repeat("a", 128) }},

	{"document nobody signed", zdr.RuleCapability, func(x *trial) { x.fields["document_url"] += "&a=1" }},
	{"outbox as document", zdr.RuleCapability, func(x *trial) { x.fields["document_url"] = x.put }},
	{"document as outbox", zdr.RuleCapability, func(x *trial) { x.fields["output_save_url"] = x.get }},

	{"an extraction's operation", zdr.RulePath, func(x *trial) { x.about.Operation = zdr.ExtractCreate }},
	{"a stream's operation", zdr.RuleOperation, func(x *trial) { x.about.Operation = zdr.ParseSync }},
	{"a job", zdr.RuleJob, func(x *trial) { x.about.Job = mustJob(x.t, "job-1") }},
}

func TestParseRefusals(t *testing.T) {
	for _, test := range parseRefusals {
		t.Run(test.name, func(t *testing.T) {
			x := newParseTrial(t, nil)
			test.edit(x)
			x.parse()
			reply, err := x.guard.Do(t.Context(), x.req, x.about)
			if got := refusedBy(err); got != test.rule || reply != nil {
				t.Errorf("got rule %q (%v) and reply %v, want rule %q", got, err, reply != nil, test.rule)
			}
			x.wire.sawNothing(t)
			x.checkRecorded(test.rule)
		})
	}
}

func TestParseGoesOut(t *testing.T) {
	x := newParseTrial(t, says(202, `{"job_id":"job-1"}`))
	reply, err := x.guard.Do(t.Context(), x.req, x.about)
	if err != nil || reply.Created.String() != "job-1" {
		t.Fatalf("got %v, %v", reply, err)
	}
	got := x.wire.arrivals()
	if len(got) != 1 || got[0].target != parseJobs || got[0].method != "POST" {
		t.Fatalf("got %d requests, %v", len(got), got)
	}
	f := zdr.NewForm()
	for name, value := range x.fields {
		f.Add(name, value)
	}
	if _, body := f.Encode(); string(body) != string(got[0].body) {
		t.Error("the body is not the canonical form")
	}
	intent := x.journal.of(zdr.KindIntent)[0]
	if intent.Operation != zdr.ParseCreate || intent.Prompts != mustPrompts(t, "Describe the axes.").Digest() || intent.Schema != "" || len(intent.Fields) != 6 {
		t.Errorf("intent %+v", intent)
	}
	// The URLs are used up.
	x.parse()
	if _, err := x.guard.Do(t.Context(), x.req, x.about); refusedBy(err) != zdr.RuleCapability {
		t.Errorf("got %v from URLs that were used", err)
	}
}

// The record has neither a password nor how long it is.
func TestPasswordsAreNotRecorded(t *testing.T) {
	marks := zdrtest.New(t)
	var bytes []int64
	for _, password := range []string{marks.Mark("password"), "a"} {
		x := newParseTrial(t, says(202, `{"job_id":"job-1"}`))
		x.fields["password"] = password
		x.parse()
		if _, err := x.guard.Do(t.Context(), x.req, x.about); err != nil {
			t.Fatal(err)
		}
		intent := x.journal.of(zdr.KindIntent)[0]
		if n, there := intent.Fields["password"]; n != 0 || !there {
			t.Errorf("the record has %d bytes of password, %v", n, there)
		}
		marks.Assert(t, "the record", fmt.Appendf(nil, "%+v", x.journal.entries))
		for _, n := range intent.Fields {
			intent.Bytes -= int64(n) // ports have different lengths
		}
		bytes = append(bytes, intent.Bytes)
	}
	if bytes[0] != bytes[1] {
		t.Errorf("frames of %v bytes are recorded: the difference is the password's length", bytes)
	}
}

func TestApprovedPromptsAreRecorded(t *testing.T) {
	x := newParseTrial(t, nil)
	digest := mustPrompts(t, "Describe the axes.").Digest()
	for _, e := range x.journal.of(zdr.KindPolicy) {
		if e.Rule == "prompts-test" && e.Prompts == digest && e.Schema == "" {
			return
		}
	}
	t.Errorf("recorded %v, want the prompts", x.journal.of(zdr.KindPolicy))
}

func TestPromptsOf512Characters(t *testing.T) {
	for n, ok := range map[int]bool{0: false, 1: true, 512: true, 513: false} {
		p, err := zdr.NewPrompts(strings.Repeat("ü", n))
		if (err == nil) != ok || p.IsZero() == ok || err != nil && !errors.Is(err, zdr.ErrPrompts) {
			t.Errorf("%d: got %v", n, err)
		}
	}
	if _, err := zdr.NewPrompts("\xff"); err == nil {
		t.Error("bytes that are no UTF-8 are taken for a prompt")
	}
	if got := mustPrompts(t, "a\"<b>\n").Canonical(); got != `{"figure":"a\"<b>\n"}` {
		t.Errorf("got %s", got)
	}
	if err := (zdr.Policy{Prompts: []string{"md5:1"}}).Validate(); err == nil {
		t.Error("what is no digest is taken for one")
	}
}

// fullParseJob is a job with every field of the published form.
const fullParseJob = `{
 "job_id":"job-1","status":"completed","received_at":1790000000,"created_at":1790000000,"progress":0.5,
 "data":null,"output_url":null,"version":"dpt-2-20260410","org_id":"u3z0u1hn4acl","failure_reason":null,
 "metadata":{"filename":"inbox/jane.pdf","org_id":"u3z0u1hn4acl","page_count":3,"duration_ms":812,"credit_usage":9,
  "job_id":"job-1","version":"dpt-2-20260410","failed_pages":[0,2]}}`

func (b *bench) parseJob(id string) (*zdr.Reply, error) {
	about := zdr.Call{Operation: zdr.ParseGet, Ref: testRef, Job: mustJob(b.t, id)}
	return b.guard.Do(b.t.Context(), b.request("GET", parseJobs+"/"+id, nil), about)
}

func TestParseReceiptIsRebuilt(t *testing.T) {
	b := newBench(t, says(206, fullParseJob))
	reply, err := b.parseJob("job-1")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"created_at":1790000000,"job_id":"job-1","metadata":{"credit_usage":9,"duration_ms":812,"failed_pages":[0,2],` +
		`"job_id":"job-1","page_count":3,"version":"dpt-2-20260410"},"org_id":"u3z0u1hn4acl","progress":0.5,` +
		`"received_at":1790000000,"status":"completed","version":"dpt-2-20260410"}`
	if got := string(reply.Body); got != want || reply.Status != 206 {
		t.Errorf("status %d, body\n%s\nwant\n%s", reply.Status, got, want)
	}
}

// An extraction's reply has no pages, and a parse's no schema to violate.
func TestReceiptsAreNotMixed(t *testing.T) {
	b := newBench(t, says(200, `{"job_id":"job-1","status":"completed","metadata":{"page_count":3,"schema_violation_error":"x"}}`))
	extract, err := b.job("job-1")
	parse, parseErr := b.parseJob("job-1")
	if err != nil || parseErr != nil || !strings.Contains(string(extract.Body), `{"schema_violation_error":"x"}`) ||
		!strings.Contains(string(parse.Body), `{"page_count":3}`) {
		t.Errorf("got %s (%v) and %s (%v)", extract.Body, err, parse.Body, parseErr)
	}
}

func TestParseViolations(t *testing.T) {
	const head = `{"job_id":"job-1","status":"completed","received_at":1,"progress":1`
	for _, test := range []struct{ name, kind, body string }{
		{"inline data", zdr.ViolationContent, head + `,"data":{"markdown":"content"}}`},
		{"chunks below", zdr.ViolationContent, head + `,"metadata":{"chunks":[]}}`},
		{"grounding below", zdr.ViolationContent, head + `,"more":{"Grounding":{}}}`},
		{"their bucket", zdr.ViolationOutputURL, head + `,"output_url":"https://theirs.s3.amazonaws.com/r.json?X-Amz-Signature=1"}`},
		{"many failed pages that are none", zdr.ViolationUnread, head + `,"metadata":{"failed_pages":["` + strings.Repeat("words ", 3000) + `"]}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, says(200, test.body))
			reply, err := b.parseJob("job-1")
			v, ok := errors.AsType[*zdr.Violation](err)
			if !ok || v.Kind != test.kind || v.Operation != zdr.ParseGet || reply != nil {
				t.Fatalf("got %v, want a violation %q", err, test.kind)
			}
		})
	}
}

// The result's place may be named, with or without its signature.
func TestParseNamesOurOutbox(t *testing.T) {
	var outbox string
	x := newParseTrial(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			says(202, `{"job_id":"job-1"}`)(w, r)
			return
		}
		says(200, `{"job_id":"job-1","status":"completed","output_url":"`+outbox+`"}`)(w, r)
	})
	if _, err := x.guard.Do(t.Context(), x.req, x.about); err != nil {
		t.Fatal(err)
	}
	bare, _, _ := strings.Cut(x.put, "?")
	want := fmt.Sprintf(`{"job_id":"job-1","output_name":%q,"output_url_ours":true,"status":"completed"}`, path.Base(bare))
	for _, outbox = range []string{x.put, bare} {
		reply, err := x.parseJob("job-1")
		if err != nil || string(reply.Body) != want {
			t.Errorf("got %v, %v", reply, err)
		}
	}
}

func TestParseListsAreTheirOwn(t *testing.T) {
	b := newBench(t, says(200, `{"jobs":[{"job_id":"a","status":"pending","received_at":1,"progress":0.5}]}`))
	req := b.request("GET", parseJobs+"?page=0&pageSize=100", nil)
	reply, err := b.guard.Do(t.Context(), req, zdr.Call{Operation: zdr.ParseList})
	if err != nil || fmt.Sprint(reply.Jobs) != "[a]" || b.wire.arrivals()[0].target != parseJobs+"?page=0&pageSize=100" {
		t.Errorf("got %v, %v", reply, err)
	}
	req = b.request("GET", parseJobs, nil)
	if _, err := b.guard.Do(t.Context(), req, zdr.Call{Operation: zdr.ExtractList}); refusedBy(err) != zdr.RulePath {
		t.Errorf("got %v from the other list", err)
	}
}

func cloned(fields map[string]string, without ...string) map[string]string {
	c := maps.Clone(fields)
	for _, name := range without {
		delete(c, name)
	}
	return c
}

// failingWriter takes some bytes and then no more.
type failingWriter struct{ left int }

var errFull = errors.New("the bucket is full")

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

var _ io.Writer = (*failingWriter)(nil)
