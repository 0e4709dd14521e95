package config

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func findAt(t *testing.T, file string, variables map[string]string) (*Config, error) {
	return Find(t.Context(), Options{File: file, Lookup: func(name string) (string, bool) {
		v, ok := variables[name]
		return v, ok
	}})
}

func TestFindReadsAFileOrTheTextItself(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "z.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nstore: s3://acme-docs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"a file":           path,
		"several lines":    "version: 1\nstore: s3://acme-docs\n",
		"JSON in one line": `{"version": 1, "store": "s3://acme-docs"}`,
	} {
		if c, err := findAt(t, file, nil); err != nil || c.Store != "s3://acme-docs" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := findAt(t, "version: 1\nnope: 1\n", nil)
	if all, ok := errors.AsType[Errors](err); !ok || all[0].Where != "ZDRWORKER_CONFIG:2:1" {
		t.Errorf("a mistake in the text: %v", err)
	}
}

// TestFindReadsABucket: provider and policy of the file count, and schemas lie
// beside it in its bucket.
func TestFindReadsABucket(t *testing.T) {
	noAWS(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/settings/zdr/z.yaml" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, "version: 1\nstore: s3://acme-docs\nprovider: {region: eu}\nroutes: [{name: a, schema: schemas/a.json}]\n")
	}))
	defer s.Close()
	variables := map[string]string{
		"AWS_ENDPOINT_URL_S3": s.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
		"ZDRWORKER_S3_PATH_STYLE": "true",
	}
	c, err := findAt(t, "s3://settings/zdr/z.yaml", variables)
	if err != nil {
		t.Fatal(err)
	}
	if c.Provider.Region != "eu" || c.schemaPath(c.Routes[0]) != "s3://settings/zdr/schemas/a.json" {
		t.Errorf("read %q, schema at %q", c.Provider.Region, c.schemaPath(c.Routes[0]))
	}
	_, err = findAt(t, "s3://settings/none.yaml", variables)
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Text, "cannot be read from its bucket") {
		t.Errorf("a file that is not there: %v", err)
	}
}
