package doctor

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/config"
)

// file is a configuration of which each test changes what it is about.
const file = `version: 1
store: s3://acme-docs
exchange: s3://x7k2-9fq4
s3: {region: us-east-2, path_style: true, endpoint: "ENDPOINT"}
provider: {base_url: "ENDPOINT"}
policy: {development: true}
signing:
  lifetime: 6h
  reader: {credentials: env, prefix: READING}
  writer: {credentials: env, prefix: WRITING}
`

// at is the configuration whose store and provider answer at an address.
func at(address string) string { return strings.ReplaceAll(file, "ENDPOINT", address) }

// checkupOf is a checkup of a configuration before anything was looked at. More
// are variables with their values.
func checkupOf(t *testing.T, text string, more ...string) *checkup {
	t.Helper()
	variables := map[string]string{
		"AWS_ACCESS_KEY_ID": "worker", "AWS_SECRET_ACCESS_KEY": "s",
		"READING_ACCESS_KEY_ID": "reader", "READING_SECRET_ACCESS_KEY": "s",
		"WRITING_ACCESS_KEY_ID": "writer", "WRITING_SECRET_ACCESS_KEY": "s",
		config.APIKeyVariable: "key-of-nobody",
	}
	for i := 0; i < len(more); i += 2 {
		variables[more[i]] = more[i+1]
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	path := filepath.Join(t.TempDir(), "zdrworker.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Options{File: path, Lookup: func(name string) (string, bool) { v, ok := variables[name]; return v, ok }})
	if err != nil {
		t.Fatal(err)
	}
	return &checkup{c: c}
}

// prepared is a checkup whose stores, guard and signer are made, and point at an
// address.
func prepared(t *testing.T, address string, more ...string) *checkup {
	t.Helper()
	x := checkupOf(t, at(address), more...)
	if !x.prepare(t.Context()) {
		t.Fatalf("cannot be prepared: %v", x.found)
	}
	return x
}

// nobody is an address that answers nothing.
const nobody = "http://127.0.0.1:1"

// served is where a handler answers.
func served(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// saying is a store that answers a question about a bucket, by the question's
// name, with a text, or refuses it with a code of S3. The exchange bucket is asked
// as "exchange:NAME" first. What nobody wrote down is not there.
func saying(t *testing.T, says map[string]string) string {
	return served(t, func(w http.ResponseWriter, r *http.Request) {
		question := strings.TrimSuffix(strings.SplitN(r.URL.RawQuery, "&", 2)[0], "=")
		text, ok := says[question]
		if own, there := says["exchange:"+question]; there && strings.HasPrefix(r.URL.Path, "/x7k2-9fq4") {
			text, ok = own, true
		}
		if !ok {
			text = "404 NoSuchConfiguration"
		}
		w.Header().Set("Content-Type", "application/xml")
		var status int
		var code string
		if n, _ := fmt.Sscanf(text, "%d %s", &status, &code); n == 2 {
			w.WriteHeader(status)
			text = "<Error><Code>" + code + "</Code><Message>patient Jane</Message></Error>"
		}
		_, _ = w.Write([]byte(text))
	})
}

// line is a finding as a test writes it down.
type line struct {
	of     string
	status Status
	saw    string // a part of it
	do     string // a part of it
	cause  Cause
}

// expect compares findings with lines, in order.
func expect(t *testing.T, found []Finding, want ...line) {
	t.Helper()
	for i, f := range found {
		if i >= len(want) {
			t.Errorf("said as well: %s %s: %s", f.Of, f.Status, f.Saw)
			continue
		}
		w := want[i]
		if f.Of != w.of || f.Status != w.status || !strings.Contains(f.Saw, w.saw) || !strings.Contains(f.Do, w.do) || f.Cause != w.cause {
			t.Errorf("got  %s %s %q: %s → %s\nwant %s %s %q: %s → %s", f.Of, f.Status, f.Cause, f.Saw, f.Do, w.of, w.status, w.cause, w.saw, w.do)
		}
		if f.Status != OK && f.Do == "" {
			t.Errorf("%s: nothing is said of what to do", f.Saw)
		}
		if strings.Contains(f.Saw+f.Do, "Jane") || strings.Contains(f.Saw+f.Do, "acme-docs") || strings.Contains(f.Saw+f.Do, "x7k2") {
			t.Errorf("names or a store's words in %q", f.Saw)
		}
	}
	for _, w := range want[min(len(found), len(want)):] {
		t.Errorf("not said: %s %s: %s", w.of, w.status, w.saw)
	}
}
