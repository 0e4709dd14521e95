package zdr_test

import (
	"net/http"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

// published is every route of the provider's OpenAPI v1, with the fields of its
// form. Those that carry or describe content are among them.
var published = map[string][]string{
	"/v1/ade/classify":             {"classes", "document", "document_url", "model"},
	"/v1/ade/extract":              {"markdown", "markdown_url", "model", "schema", "strict"},
	"/v1/ade/extract/build-schema": {"markdown_urls", "markdowns", "model", "prompt", "schema"},
	"/v1/ade/extract/jobs":         {"markdown", "markdown_url", "model", "output_save_url", "schema", "strict"},
	"/v1/ade/extract/jobs/job-1":   nil,
	"/v1/ade/parse":                {"custom_prompts", "document", "document_url", "model", "password", "split"},
	"/v1/ade/parse/jobs":           {"custom_prompts", "document", "document_url", "model", "output_save_url", "password", "split"},
	"/v1/ade/parse/jobs/job-1":     nil,
	"/v1/ade/section":              {"guidelines", "markdown", "markdown_url", "model"},
	"/v1/ade/split":                {"markdown", "markdown_url", "model", "split_class"},
}

// allowed is what an operation may ask, and the fields that it may send.
var allowed = map[string]struct {
	method, path string
	fields       []string
}{
	zdr.ExtractCreate: {"POST", "/v1/ade/extract/jobs", []string{"schema", "model", "strict", "markdown_url", "output_save_url"}},
	zdr.ExtractGet:    {"GET", "/v1/ade/extract/jobs/job-1", nil},
	zdr.ExtractList:   {"GET", "/v1/ade/extract/jobs", nil},
	zdr.ParseCreate:   {"POST", "/v1/ade/parse/jobs", []string{"model", "split", "custom_prompts", "password", "document_url", "output_save_url"}},
	zdr.ParseGet:      {"GET", "/v1/ade/parse/jobs/job-1", nil},
	zdr.ParseList:     {"GET", "/v1/ade/parse/jobs", nil},
}

// strange are fields that other interfaces of such services have: to switch
// retention on, to be called back, to come first, to send content.
var strange = []string{
	"retention", "zdr", "zero_data_retention", "store", "save", "cache", "webhook_url", "callback_url", "service_tier", "priority",
	"metadata", "filename", "output_url", "save_url", "url", "file", "files", "text", "content", "data", "document_base64", "options", "_method",
}

// Every operation is asked of every published route by every method: none but
// its own is let out.
func TestPublishedRoutes(t *testing.T) {
	b := newPublished(t)
	for operation, a := range allowed {
		for path := range published {
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "get", ""} {
				if method == a.method && path == a.path {
					continue
				}
				req, about := b.asked(operation, a.fields)
				req.Method, req.URL.Path = method, path
				if _, err := b.guard.Do(t.Context(), req, about); refusedBy(err) == "" {
					t.Errorf("%s: %s %s: got %v, want a refusal", operation, method, path, err)
				}
			}
		}
	}
	b.wire.sawNothing(t)
}

// A form takes no published field of another route, and none that somebody
// could think of.
func TestPublishedFields(t *testing.T) {
	names := map[string]bool{}
	for _, fields := range published {
		for _, f := range fields {
			names[f] = true
		}
	}
	for _, f := range strange {
		names[f] = true
	}
	b := newPublished(t)
	for operation, a := range allowed {
		if a.fields == nil {
			continue
		}
		for _, f := range a.fields {
			names[f] = false
		}
		for name, other := range names {
			if !other {
				continue
			}
			req, about := b.asked(operation, append(a.fields[:len(a.fields):len(a.fields)], name))
			if _, err := b.guard.Do(t.Context(), req, about); refusedBy(err) != zdr.RuleField {
				t.Errorf("%s with %s: got %v, want a refusal by %q", operation, name, err, zdr.RuleField)
			}
		}
		for _, f := range a.fields {
			names[f] = true
		}
	}
	b.wire.sawNothing(t)
}

// newPublished is a bench whose policy lets out words about figures.
func newPublished(t *testing.T) *bench {
	return newBench(t, nil, func(p *zdr.Policy) { p.ApprovePrompts(mustPrompts(t, "Describe the axes."), "test") })
}

// asked is a request of an operation with these fields.
func (b *bench) asked(operation string, fields []string) (*http.Request, zdr.Call) {
	about := zdr.Call{Operation: operation, Ref: testRef, Attempt: 1}
	if operation == zdr.ExtractGet || operation == zdr.ParseGet {
		about.Job = mustJob(b.t, "job-1")
	}
	if fields == nil {
		return b.request("GET", allowed[operation].path, nil), about
	}
	values := map[string]string{}
	for _, f := range fields {
		values[f] = "content"
	}
	known := b.fields()
	known["document_url"], known["password"], known["split"], known["custom_prompts"] = b.get, "open sesame", "page", mustPrompts(b.t, "Describe the axes.").Canonical()
	for name, value := range known {
		if _, wanted := values[name]; wanted {
			values[name] = value
		}
	}
	req := b.createRequest(values)
	req.URL.Path = allowed[operation].path
	return req, about
}
