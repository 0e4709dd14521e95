package adetest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// specFile holds the Extract routes of the published OpenAPI, v1, and their
// schemas, without the code samples. Its schemas are JSON Schema 2020-12.
const specFile = "testdata/v1-extract.openapi.json"

// parseSpecFile is the same of the Parse routes; the client is held to it too.
const parseSpecFile = "../testdata/parse-jobs.openapi.json"

// spec is the published API.
type spec struct {
	mu       sync.Mutex // a compiler is for one caller at a time
	compiler *jsonschema.Compiler
	paths    map[string]published
}

// published is one path, by method.
type published map[string]struct {
	Responses map[string]struct {
		Content map[string]json.RawMessage
	}
}

var loadOnce = sync.OnceValues(loadSpec)

func readSpec(t testing.TB) *spec {
	t.Helper()
	s, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func loadSpec() (*spec, error) {
	s := &spec{compiler: jsonschema.NewCompiler(), paths: map[string]published{}}
	return s, errors.Join(s.load("extract.json", specFile), s.load("parse.json", parseSpecFile))
}

func (s *spec) load(name, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var part struct{ Paths map[string]published }
	if err := json.Unmarshal(raw, &part); err != nil {
		return err
	}
	maps.Copy(s.paths, part.Paths)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return s.compiler.AddResource(name, doc)
}

func resourceOf(template string) string {
	if strings.HasPrefix(template, "/v1/ade/parse") {
		return "parse.json"
	}
	return "extract.json"
}

// documented are statuses of the vendor's documentation that the OpenAPI
// leaves out.
var documented = []int{400, 401, 402, 403, 405, 413, 500, 502, 503, 504}

// check holds a reply to the API.
func (s *spec) check(t testing.TB, method, path string, status int, body []byte) {
	t.Helper()
	template := path
	for _, jobs := range []string{"/v1/ade/extract/jobs/", "/v1/ade/parse/jobs/"} {
		if rest, ok := strings.CutPrefix(path, jobs); ok && rest != "" {
			template = jobs + "{job_id}"
		}
	}
	operation, ok := s.paths[template][strings.ToLower(method)]
	if !ok {
		return
	}
	code := http.StatusText(status)
	response, ok := operation.Responses[itoa(status)]
	if !ok {
		if !slices.Contains(documented, status) {
			t.Errorf("%s %s: status %d %s is neither in the API nor documented", method, template, status, code)
		}
		return
	}
	if _, ok := response.Content["application/json"]; ok {
		s.checkBody(t, template, method, status, body)
	}
}

func (s *spec) checkBody(t testing.TB, template, method string, status int, body []byte) {
	t.Helper()
	pointer := strings.NewReplacer("~", "~0", "/", "~1").Replace(template)
	pointer = strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer)
	s.mu.Lock()
	schema, err := s.compiler.Compile(resourceOf(template) + "#/paths/" + pointer + "/" + strings.ToLower(method) + "/responses/" + itoa(status) + "/content/application~1json/schema")
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Errorf("%s %s: status %d: no JSON: %q", method, template, status, body)
		return
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s %s: status %d: %v\n%s", method, template, status, err, body)
	}
}

// checked is a transport that holds every reply to the API.
type checked struct {
	t    testing.TB
	spec *spec
	base http.RoundTripper
}

func (c checked) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), endOf{err}))
	if err == nil {
		c.spec.check(c.t, req.Method, req.URL.Path, resp.StatusCode, body)
	}
	return resp, nil
}

// endOf ends a body as it ended before.
type endOf struct{ err error }

func (e endOf) Read([]byte) (int, error) {
	if e.err == nil {
		return 0, io.EOF
	}
	return 0, e.err
}

func TestSpecCatchesAWrongReply(t *testing.T) {
	s := readSpec(t)
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/v1/ade/extract/jobs/x", `{"job_id":"x","status":"completed","received_at":1.5,"progress":1}`},
		{"GET", "/v1/ade/extract/jobs", `{"jobs":[{"job_id":"x"}]}`},
		{"POST", "/v1/ade/extract", `{"extraction":{}}`},
		{"POST", "/v1/ade/parse", `{"markdown":"","chunks":[{"id":"a"}],"splits":[],"metadata":{}}`},
		{"GET", "/v1/ade/parse/jobs/x", `{"job_id":"x","status":"completed","received_at":1,"progress":1,"data":{"markdown":""}}`},
	} {
		r := &recordingTB{TB: t}
		s.check(r, tt.method, tt.path, 200, []byte(tt.body))
		if !r.failed {
			t.Errorf("%s %s: %s passed", tt.method, tt.path, tt.body)
		}
	}
}

// recordingTB notes a failure and does not report it.
type recordingTB struct {
	testing.TB
	failed bool
}

func (r *recordingTB) Errorf(string, ...any) { r.failed = true }
