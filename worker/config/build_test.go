package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/logging"

	"github.com/zdrworker/zdrworker/worker"
)

func must(t *testing.T, text string, variables map[string]string) *Config {
	t.Helper()
	c, err := load(t, text, variables, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// noAWS keeps the machine's own AWS settings out.
func noAWS(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestRequireNamesTheKey(t *testing.T) {
	c := must(t, "version: 1\nstore: s3://acme-docs\n", nil)
	missing, ok := errors.AsType[*Missing](c.Require("store", "exchange"))
	if !ok || missing.Key.Variable() != "ZDRWORKER_EXCHANGE" {
		t.Errorf("Require = %v, want exchange", missing)
	}
	if err := c.Require("store"); err != nil {
		t.Error(err)
	}
}

func TestAWSNeedsARegion(t *testing.T) {
	noAWS(t)
	_, err := must(t, "version: 1\n", nil).AWS(t.Context())
	if missing, ok := errors.AsType[*Missing](err); !ok || missing.Key.Path != "s3.region" {
		t.Errorf("AWS = %v, want s3.region missing", err)
	}
	cfg, err := must(t, "version: 1\ns3: {endpoint: 'http://127.0.0.1:9000'}\n", nil).AWS(t.Context())
	if err != nil || cfg.Region != "us-east-1" || *cfg.BaseEndpoint != "http://127.0.0.1:9000" {
		t.Errorf("own endpoint: %v, %v", cfg.Region, err)
	}
}

func TestResidency(t *testing.T) {
	noAWS(t)
	for _, tt := range []struct {
		name, file string
		ok         bool
	}{
		{"us and us", "s3: {region: us-east-2}", true},
		{"eu and eu", "s3: {region: eu-west-1}\nprovider: {region: eu}", true},
		{"us and eu", "s3: {region: eu-west-1}", false},
		{"allowed", "s3: {region: eu-west-1}\npolicy: {residency: any}", true},
		{"a store of one's own", "s3: {region: x, endpoint: 'https://s3.example.com'}", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := must(t, "version: 1\n"+tt.file+"\n", nil).AWS(t.Context())
			if (err == nil) != tt.ok {
				t.Errorf("AWS = %v", err)
			}
		})
	}
}

func TestPresignHasTwoIdentities(t *testing.T) {
	noAWS(t)
	c := must(t, `
version: 1
exchange: s3://x7k2-9fq4
s3: {endpoint: "http://127.0.0.1:9000", path_style: true}
signing:
  endpoint: https://s3.example.com
  lifetime: 2h
  signature_age: 3h
  reader: {credentials: env, prefix: READER}
  writer: {credentials: env, prefix: WRITER}
`, map[string]string{
		"READER_ACCESS_KEY_ID": "reader-id", "READER_SECRET_ACCESS_KEY": "r",
		"WRITER_ACCESS_KEY_ID": "writer-id", "WRITER_SECRET_ACCESS_KEY": "w",
	})
	cfg, err := c.AWS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Presign(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	reader, errR := p.Reader.Credentials.Retrieve(t.Context())
	writer, errW := p.Writer.Credentials.Retrieve(t.Context())
	if errR != nil || errW != nil || reader.AccessKeyID != "reader-id" || writer.AccessKeyID != "writer-id" {
		t.Errorf("identities %q %v, %q %v", reader.AccessKeyID, errR, writer.AccessKeyID, errW)
	}
	if p.Bucket != "x7k2-9fq4" || p.Endpoint != "https://s3.example.com" || !p.PathStyle || p.Region != "us-east-1" {
		t.Errorf("config %+v", p)
	}
	if p.Lifetime.Asked != 2*time.Hour || p.Lifetime.SignatureAge != 3*time.Hour || p.Lifetime.Policy != 12*time.Hour {
		t.Errorf("limits %+v", p.Lifetime)
	}
	if c.SharedIdentity() || !must(t, "version: 1\n", nil).SharedIdentity() {
		t.Error("shared identity is not told apart")
	}
}

func TestAPIKey(t *testing.T) {
	c := must(t, "version: 1\nprovider: {api_key_file: key}\n", nil)
	_, err := c.APIKey(t.Context())
	if none, ok := errors.AsType[*NoKey](err); !ok || !none.File {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(c.Beside("key"), []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err := c.APIKey(t.Context()); err != nil || key.Reveal() != "from-file" {
		t.Errorf("file: %v", err)
	}
	c = must(t, "version: 1\nprovider: {api_key_file: key}\n", map[string]string{APIKeyVariable: "from-variable"})
	if key, err := c.APIKey(t.Context()); err != nil || key.Reveal() != "from-variable" {
		t.Errorf("variable: %v", err)
	}
	if _, err := must(t, "version: 1\n", nil).APIKey(t.Context()); err == nil {
		t.Error("no key at all passes")
	}
}

func TestBoundaryInDevelopmentTakesTheStandIn(t *testing.T) {
	c := must(t, "version: 1\npolicy: {development: true}\n", map[string]string{"LANDINGAI_ADE_BASE_URL": "http://127.0.0.1:8"})
	p, err := c.Boundary()
	if err != nil || !p.Development || !slices.Equal(p.Hosts, []string{"http://127.0.0.1:8"}) {
		t.Errorf("policy %+v, %v", p.Hosts, err)
	}
	c = must(t, "version: 1\n", map[string]string{"LANDINGAI_ADE_BASE_URL": "https://elsewhere.example.com"})
	if p, err = c.Boundary(); err == nil || len(p.Hosts) != 0 {
		t.Errorf("the environment added a host: %v, %v", p.Hosts, err)
	}
}

// TestBoundaryOfSyncCalls: they are refused unless the file allows them.
func TestBoundaryOfSyncCalls(t *testing.T) {
	for text, want := range map[string]bool{"": false, "policy: {sync_calls: deny}\n": false, "policy: {sync_calls: allow}\n": true} {
		if p, err := must(t, "version: 1\n"+text, nil).Boundary(); err != nil || p.SyncCalls != want {
			t.Errorf("%q: sync calls %t, %v, want %t", text, p.SyncCalls, err, want)
		}
	}
	if _, err := load(t, "version: 1\npolicy: {sync_calls: yes}\n", nil, nil); err == nil {
		t.Error("another word passes")
	}
}

const schemaText = `{"type":"object","title":"T","properties":{"total":{"type":"number","description":"Total"}}}`

func TestBuildRoutes(t *testing.T) {
	c := must(t, `
version: 1
routes:
  - {name: a, match: {prefix: "a/"}, schema: s.json, revision: 2, partial: fail}
  - {name: b, schema: "s3://acme-schemas/s.json"}
`, nil)
	if err := os.WriteFile(c.Beside("s.json"), []byte(schemaText), 0o600); err != nil {
		t.Fatal(err)
	}
	fetch := func(_ context.Context, location string) ([]byte, error) {
		if location != "s3://acme-schemas/s.json" {
			return nil, errors.New("other location")
		}
		return []byte(schemaText), nil
	}
	routes, err := c.BuildRoutes(t.Context(), fetch)
	if err != nil {
		t.Fatal(err)
	}
	a := routes[0]
	if a.Revision != 2 || a.Partial != worker.PartialFail || a.Model != "extract-20260314" || strings.Contains(string(a.Schema.Canonical()), "title") {
		t.Errorf("route %+v", a)
	}
	names, locations := c.Unapproved(routes)
	if !slices.Equal(names, []string{"a", "b"}) || locations[1] != "s3://acme-schemas/s.json" {
		t.Errorf("unapproved %q %q", names, locations)
	}
	c.Approve(a.Schema.Digest())
	if names, _ = c.Unapproved(routes); len(names) != 0 {
		t.Errorf("unapproved %q after approval", names)
	}
	if _, err := c.BuildRoutes(t.Context(), nil); err == nil || !strings.Contains(err.Error(), ":5:") {
		t.Errorf("no fetch: %v, want the place of the second route", err)
	}
}

func TestBuildRoutesSaysWhichIsWrong(t *testing.T) {
	for name, route := range map[string]string{
		"missing file": "{name: a, schema: none.json}",
		"no object":    "{name: a, schema: array.json}",
		"own prefix":   `{name: a, schema: s.json, match: {prefix: "results/"}}`,
		"same name":    "{name: a, schema: s.json},\n {name: a, schema: s.json}",
	} {
		t.Run(name, func(t *testing.T) {
			c := must(t, "version: 1\nroutes: ["+route+"]\n", nil)
			for file, text := range map[string]string{"s.json": schemaText, "array.json": `{"type":"array"}`} {
				if err := os.WriteFile(c.Beside(file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			at := "z.yaml:2:"
			if name == "same name" {
				at = "z.yaml:3:" // the second one is wrong
			}
			if _, err := c.BuildRoutes(t.Context(), nil); err == nil || !strings.Contains(err.Error(), at) {
				t.Errorf("BuildRoutes = %v, want %s", err, at)
			}
		})
	}
}

// What the SDK has to say of servers and the network is for nobody.
func TestAWSLogsNothing(t *testing.T) {
	noAWS(t)
	cfg, err := must(t, "version: 1\ns3: {endpoint: 'http://127.0.0.1:9000'}\n", nil).AWS(t.Context())
	if _, silent := cfg.Logger.(logging.Nop); err != nil || !silent {
		t.Errorf("the SDK logs to %T, %v", cfg.Logger, err)
	}
}
