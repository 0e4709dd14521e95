package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/config"
)

// TestRenderedConfigurationsLoad: what the examples hand to the worker is what
// the worker reads, with the schema that the example puts into the bucket.
func TestRenderedConfigurationsLoad(t *testing.T) {
	files, err := filepath.Glob(root + "/examples/*/testdata/zdrworker.yaml")
	if err != nil || len(files) != 3 {
		t.Fatalf("%d configurations, want 3: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(file))), func(t *testing.T) { loads(t, file) })
	}
}

func loads(t *testing.T, file string) {
	c, err := config.Load(config.Options{File: file, Lookup: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	if c.Store != "s3://acme-docs" || c.Exchange != "s3://x7k2-9fq4" || c.S3.Region != "us-east-2" {
		t.Errorf("store %q, exchange %q, region %q", c.Store, c.Exchange, c.S3.Region)
	}
	if c.Signing.Lifetime != c.Signing.SignatureAge || c.Signing.Lifetime < c.Timing.JobTime+time.Minute {
		t.Errorf("lifetime %s, signature age %s, job time %s", c.Signing.Lifetime, c.Signing.SignatureAge, c.Timing.JobTime)
	}
	if c.SharedIdentity() || !strings.HasSuffix(c.Signing.Reader.Role, "-reader") || !strings.HasSuffix(c.Signing.Writer.Role, "-writer") {
		t.Errorf("signers %+v and %+v", c.Signing.Reader, c.Signing.Writer)
	}
	if !strings.HasPrefix(c.Provider.APIKeySecret, "arn:aws:secretsmanager:us-east-2:") {
		t.Errorf("the secret is %q", c.Provider.APIKeySecret)
	}
	routes, err := c.BuildRoutes(t.Context(), schemaOf(filepath.Dir(filepath.Dir(file))))
	if err != nil {
		t.Fatal(err)
	}
	if names, _ := c.Unapproved(routes); len(routes) != 1 || len(names) != 0 {
		t.Errorf("%d routes, of which %v may not be sent", len(routes), names)
	}
	takes(t, routes)
}

// takes: Markdown goes as it is, scans are parsed first, and what the provider
// does not read is left alone.
func takes(t *testing.T, routes worker.Routes) {
	for key, want := range map[string]struct{ routed, parsed bool }{
		"inbox/a.md": {true, false}, "inbox/acme/Scan.PDF": {true, true}, "inbox/p.jpeg": {true, true}, "inbox/a.exe": {}, "results/invoices/a.pdf": {},
	} {
		_, m, routed := routes.Match(key)
		if routed != want.routed || routed && m.NeedsParse() != want.parsed {
			t.Errorf("%s: routed %v, parsed %v", key, routed, routed && m.NeedsParse())
		}
	}
}

// schemaOf reads what the example puts into the bucket.
func schemaOf(example string) config.Fetch {
	return func(_ context.Context, location string) ([]byte, error) {
		return os.ReadFile(filepath.Join(example, strings.TrimPrefix(location, "s3://acme-docs/")))
	}
}
