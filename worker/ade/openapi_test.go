package ade

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/zdrworker/zdrworker/zdr"
)

// published is a part of the provider's OpenAPI.
type published struct {
	doc      any
	schemas  map[string]any
	compiler *jsonschema.Compiler
}

const publishedURL = "https://provider.test/openapi.json"

func readPublished(t *testing.T) published {
	t.Helper()
	return readPublishedPart(t, "testdata/extract-jobs.openapi.json")
}

func readPublishedPart(t *testing.T, file string) published {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(readFile(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	p := published{doc: doc, schemas: at(doc, "components", "schemas"), compiler: jsonschema.NewCompiler()}
	if len(p.schemas) < 10 {
		t.Fatalf("only %d schemas", len(p.schemas))
	}
	if err := p.compiler.AddResource(publishedURL, doc); err != nil {
		t.Fatal(err)
	}
	return p
}

func at(node any, path ...string) map[string]any {
	for _, name := range path {
		m, _ := node.(map[string]any)
		node = m[name]
	}
	m, _ := node.(map[string]any)
	return m
}

// check holds an instance to a schema, so that the examples are no inventions.
func (p published) check(t *testing.T, name string, instance any) {
	t.Helper()
	s, err := p.compiler.Compile(publishedURL + "#/components/schemas/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(instance); err != nil {
		t.Fatalf("%s: the example does not answer the schema: %v", name, err)
	}
}

// How much of a schema an example fills.
type fill int

const (
	required fill = iota // required members only
	everyOne             // every member
	nulls                // every member, null where it may be
)

// example makes an instance. Texts are the member's name.
func (p published) example(node any, how fill, name string) any {
	m, _ := node.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		return p.example(p.schemas[ref[strings.LastIndex(ref, "/")+1:]], how, name)
	}
	if branches, ok := m["anyOf"].([]any); ok {
		return p.choose(branches, how, name)
	}
	if values, ok := m["enum"].([]any); ok {
		return values[0]
	}
	switch m["type"] {
	case "object":
		return p.exampleObject(m, how)
	case "array":
		return []any{p.example(m["items"], how, name)}
	case "integer":
		return json.Number("1767225600")
	case "number":
		return json.Number("1")
	case "boolean":
		return true
	case "null":
		return nil
	}
	return name
}

func (p published) choose(branches []any, how fill, name string) any {
	for _, b := range branches {
		if (at(b)["type"] == "null") == (how == nulls) {
			return p.example(b, how, name)
		}
	}
	return p.example(branches[0], how, name)
}

func (p published) exampleObject(m map[string]any, how fill) any {
	out := map[string]any{}
	needed, _ := m["required"].([]any)
	for name, member := range at(m, "properties") {
		if how != required || slices.Contains(needed, any(name)) {
			out[name] = p.example(member, how, name)
		}
	}
	return out
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPublishedJobsAreRead(t *testing.T) {
	p := readPublished(t)
	for _, how := range []fill{required, everyOne, nulls} {
		for _, status := range []int{200, 206} {
			ex := p.example(p.schemas["ExtractJobStatusResponse"], how, "")
			p.check(t, "ExtractJobStatusResponse", ex)
			delete(at(ex), "data") // the guard takes it for a violation
			c, _ := answering(replied(status, encode(t, ex)))
			job, err := c.ExtractJob(t.Context(), jobID(t, "job_id"), testRef)
			if err != nil {
				t.Fatalf("%d, %d: %v", how, status, err)
			}
			if job.Status != "status" || job.Progress != 1 || !job.ReceivedAt.Equal(time.Unix(1767225600, 0)) || job.Partial != (status == 206) {
				t.Errorf("%d: got %+v", how, job)
			}
			if (job.Receipt != nil) != (how == everyOne) || job.CreatedAt.IsZero() != (how == required) {
				t.Errorf("%d: got receipt %v, created %v", how, job.Receipt, job.CreatedAt)
			}
			if how == everyOne {
				checkEveryMember(t, job)
			}
		}
	}
}

func checkEveryMember(t *testing.T, job Job) {
	t.Helper()
	r := job.Receipt
	got := []string{
		job.Version, job.OrgID, job.FailureReason.Reveal(), r.JobID, r.Version, r.FallbackVersion, r.OrgID,
		r.Filename.Reveal(), r.SchemaViolation.Reveal(), r.Warnings[0].Code, r.Warnings[0].Message.Reveal(),
	}
	want := []string{
		"version", "org_id", "failure_reason", "job_id", "version", "fallback_model_version", "org_id",
		"filename", "schema_violation_error", "nonconformant_schema", "msg",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if r.Credits != 1 || r.Duration != 1767225600*time.Millisecond {
		t.Errorf("got %v, %v", r.Credits, r.Duration)
	}
}

// TestReceiptWithNulls: the members of a receipt may be null one by one.
func TestReceiptWithNulls(t *testing.T) {
	p := readPublished(t)
	meta := p.example(p.schemas["ExtractMetadata"], nulls, "")
	p.check(t, "ExtractMetadata", meta)
	c, _ := answering(replied(200, `{"job_id":"job-1","status":"completed","received_at":1,"progress":1,"metadata":`+encode(t, meta)+`}`))
	job, err := c.ExtractJob(t.Context(), jobID(t, "job-1"), testRef)
	if err != nil {
		t.Fatal(err)
	}
	if r := job.Receipt; r == nil || r.OrgID != "" || r.Version != "" || r.FallbackVersion != "" || r.JobID != "job_id" || r.Credits != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestPublishedListsAreRead(t *testing.T) {
	p := readPublished(t)
	for _, how := range []fill{required, everyOne, nulls} {
		ex := p.example(p.schemas["JobsListResponse"], how, "")
		p.check(t, "JobsListResponse", ex)
		a := replied(200, encode(t, ex))
		a.reply.Jobs = []zdr.JobID{jobID(t, "job_id")}
		c, _ := answering(a)
		list, err := c.ExtractJobs(t.Context(), ListOptions{})
		if err != nil || len(list.Jobs) != 1 || list.HasMore != (how != required) {
			t.Fatalf("%d: got %+v, %v", how, list, err)
		}
		s := list.Jobs[0]
		if s.Status != "status" || s.Progress != 1 || (s.FailureReason.Reveal() == "failure_reason") != (how == everyOne) {
			t.Errorf("%d: got %+v", how, s)
		}
		if (list.OrgID == "org_id") != (how == everyOne) || s.CreatedAt.IsZero() != (how == required) {
			t.Errorf("%d: got %q, %v", how, list.OrgID, s.CreatedAt)
		}
	}
}

func TestPublishedErrorsAreRead(t *testing.T) {
	p := readPublished(t)
	want := map[fill]string{required: "", everyOne: "loc: msg", nulls: "loc: msg"}
	for how, text := range want {
		ex := p.example(p.schemas["HTTPValidationError"], how, "")
		p.check(t, "HTTPValidationError", ex)
		if got := readText([]byte(encode(t, ex))); got != text {
			t.Errorf("%d: got %q, want %q", how, got, text)
		}
	}
}

// TestStoredRepliesArePublished: the replies in testdata that claim a success
// answer the published schema, but for the one that shows another API.
func TestStoredRepliesArePublished(t *testing.T) {
	p := readPublished(t)
	schemas := map[string]string{OpCreate: "JobCreationResponse", OpGet: "ExtractJobStatusResponse", OpList: "JobsListResponse"}
	checked := 0
	for _, r := range storedReplies(t) {
		if schemas[r.op] == "" || r.status >= 300 || strings.Contains(r.name, "without") || strings.Contains(r.name, "no-jobs") || strings.Contains(r.name, "newer-api") || strings.Contains(r.name, "206") {
			continue
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.body))
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		p.check(t, schemas[r.op], instance)
		checked++
	}
	if checked < 7 {
		t.Errorf("only %d replies were checked", checked)
	}
}

func TestRequestsArePublished(t *testing.T) {
	p := readPublished(t)
	job := extractJob(t)
	job.Model, job.Strict = "extract-20260314", true
	contentType, body := job.form()
	known := at(p.schemas["AsyncExtractRequest"], "properties")
	fields := formOf(t, contentType, string(body))
	if len(fields) != 5 || len(known) != 6 {
		t.Errorf("%d fields of %d: want all but markdown", len(fields), len(known))
	}
	for name := range fields {
		if known[name] == nil {
			t.Errorf("field %s is not published", name)
		}
	}
	query, reason := ListOptions{Page: 1, PageSize: 2, Status: StatusFailed}.query()
	if got := p.listParameters(jobsPath); reason != "" || query != "page=1&pageSize=2&status=failed" || !slices.Equal(slices.Sorted(maps.Keys(got)), []string{"page", "pageSize", "status"}) {
		t.Errorf("got %s, %s, published %v", query, reason, got)
	}
	checkStatuses(t, p.listParameters(jobsPath)["status"])
}

func (p published) listParameters(path string) map[string]any {
	found := map[string]any{}
	list, _ := at(p.doc, "paths", path, "get")["parameters"].([]any)
	for _, parameter := range list {
		m := at(parameter)
		name, _ := m["name"].(string)
		found[name] = m["schema"]
	}
	return found
}

func checkStatuses(t *testing.T, schema any) {
	t.Helper()
	branches, _ := at(schema)["anyOf"].([]any)
	if len(branches) == 0 {
		t.Fatal("the published status has no choices")
	}
	published, _ := at(branches[0])["enum"].([]any)
	var got []any
	for _, s := range Statuses() {
		got = append(got, string(s))
	}
	if !slices.Equal(got, published) {
		t.Errorf("got %v, published %v", got, published)
	}
}

// TestPublishedStatusCodes: each code that the OpenAPI names for Extract Jobs
// is either an answer or a definite error.
func TestPublishedStatusCodes(t *testing.T) {
	p := readPublished(t)
	got := map[string]string{}
	for _, op := range []struct{ name, path, method string }{
		{OpCreate, jobsPath, "post"}, {OpList, jobsPath, "get"}, {OpGet, jobsPath + "/{job_id}", "get"},
	} {
		codes := slices.Sorted(maps.Keys(at(p.doc, "paths", op.path, op.method, "responses")))
		got[op.name] = strings.Join(codes, " ")
	}
	want := map[string]string{OpCreate: "202 422 429", OpList: "200 422", OpGet: "200 206 404 422"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
