package presigntest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/presign"
)

// careless is a store that keeps no promise at all: it checks no signature and
// follows every header.
type careless struct {
	mu      sync.Mutex
	objects map[string]http.Header // by path; the content is under "body"
}

func (c *careless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := r.URL.Path
	switch {
	case r.URL.Query().Has("tagging") && r.Method == http.MethodGet:
		c.tags(w, path)
	case r.Method == http.MethodPut, r.Method == http.MethodPost:
		c.put(r, path)
	case r.Method == http.MethodDelete:
		delete(c.objects, path)
		w.WriteHeader(http.StatusNoContent)
	default:
		c.get(w, path)
	}
}

func (c *careless) put(r *http.Request, path string) {
	body, _ := io.ReadAll(r.Body)
	object := r.Header.Clone()
	object.Set("body", string(body))
	if from := r.Header.Get("x-amz-copy-source"); from != "" {
		object = c.objects[from]
	}
	// Lose the end of what came without a length.
	if r.ContentLength < 0 {
		object.Set("body", string(body[:len(body)/2]))
	}
	c.objects[path] = object
}

func (c *careless) get(w http.ResponseWriter, path string) {
	object, ok := c.objects[path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
		return
	}
	for name, values := range object {
		if strings.HasPrefix(name, "X-Amz-") {
			w.Header()[name] = values
		}
	}
	// Wrong by intent: neither the type nor the name of the object.
	w.Header().Set("Content-Disposition", `attachment; filename="source.pdf"`)
	_, _ = io.WriteString(w, object.Get("body"))
}

func (c *careless) tags(w http.ResponseWriter, path string) {
	tagged := ""
	if c.objects[path].Get("x-amz-tagging") != "" {
		tagged = "<Tag><Key>hostile</Key><Value>1</Value></Tag>"
	}
	_, _ = fmt.Fprintf(w, "<Tagging><TagSet>%s</TagSet></Tagging>", tagged)
}

// at is a target with one key for everybody, which a handler serves.
func at(t *testing.T, handler http.Handler) Target {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	keys := credentials.NewStaticCredentialsProvider("KEY", "secret", "")
	return Target{
		Config: presign.Config{
			Bucket: "x7k2", Region: "us-east-1", Endpoint: server.URL, PathStyle: true,
			Reader: presign.Identity{Credentials: keys}, Writer: presign.Identity{Credentials: keys},
		},
		Owner: s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(server.URL), UsePathStyle: true, Credentials: keys}),
	}
}

// Every case must be able to fail: against a store that keeps nothing, all do
// but those in which the store does as it is told.
func TestEveryCaseCanFail(t *testing.T) {
	target := at(t, &careless{objects: map[string]http.Header{}})
	obedient := []string{"get-again", "put", "put-again"}
	for _, c := range trials() {
		t.Run(c.name, func(t *testing.T) {
			err := c.try(newBench(t, target))
			if want := slices.Contains(obedient, c.name); (err == nil) != want {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A right use that a store refuses is seen as well.
func TestRightUseCanFail(t *testing.T) {
	c := &careless{objects: map[string]http.Header{}}
	target := at(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("X-Amz-Signature") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		c.ServeHTTP(w, r)
	}))
	for _, c := range rightUse() {
		if c.name == "put-chunked" {
			continue // may be refused
		}
		if err := c.try(newBench(t, target)); err == nil {
			t.Errorf("%s holds on a store that refuses everything", c.name)
		}
	}
}

func TestVerdict(t *testing.T) {
	broken := errors.New("not refused")
	tests := []struct {
		name  string
		err   error
		named bool
		fails bool
	}{
		{"kept", nil, false, false},
		{"broken", broken, false, true},
		{"broken and named", broken, true, false},
		{"named and no longer there", nil, true, true},
	}
	for _, tt := range tests {
		if got := verdict(tt.err, tt.named); (got != "") != tt.fails {
			t.Errorf("%s: verdict %q", tt.name, got)
		}
	}
}

func TestCasesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range Cases() {
		if seen[name] {
			t.Errorf("case %q is there twice", name)
		}
		seen[name] = true
	}
	if len(seen) < 40 {
		t.Errorf("only %d cases: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}
