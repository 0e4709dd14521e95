package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestSources(t *testing.T) {
	c, err := load(t, `version: 1
provider:
  limits: {extract_jobs_per_hour: 2000, in_flight: 500}
sources:
  - sqs: https://sqs.us-east-2.amazonaws.com/111122223333/zdr-nudges
  - nats: {url: "nats://127.0.0.1:4222", stream: documents, subject: zdr.nudges, events: [minio.events]}
  - webhook: {address: ":8080", token_file: token}
  - scan: {prefix: "inbox/", every: 6h}
  - schedule: {every: 5m}
serve: {admin: ":9090"}
`, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, s := range c.Sources {
		kinds = append(kinds, s.Kind())
	}
	if got := strings.Join(kinds, " "); got != "sqs nats webhook scan schedule" {
		t.Errorf("kinds %s", got)
	}
	if c.Sources[3].Scan.Every != 6*time.Hour || c.Serve.Admin != ":9090" || c.Provider.Limits != (Limits{2000, 0, 500}) {
		t.Errorf("read %+v %+v %+v", c.Sources, c.Serve, c.Provider.Limits)
	}
}

func TestMistakesInSources(t *testing.T) {
	const secret = "do-not-quote-me"
	for _, tt := range []struct{ name, file, where, key, text string }{
		{"no list", "version: 1\nsources: {sqs: x}\n", ":2:1", "sources", "a list is wanted"},
		{"two in one", "version: 1\nsources:\n  - {scan: {prefix: a/}, schedule: {every: 1m}}\n", ":3:5", "sources", "one source an entry is wanted"},
		{"none", "version: 1\nsources:\n  - {}\n", ":3:5", "sources", "one source an entry is wanted"},
		{"unknown kind", "version: 1\nsources:\n  - kafka: " + secret + "\n", ":3:5", "sources.kafka", "unknown key"},
		{"no token", "version: 1\nsources:\n  - webhook: {address: \":8080\"}\n", ":3:", "sources.webhook", "address and token_file are wanted"},
		{"no stream", "version: 1\nsources:\n  - nats: {url: \"nats://h:4222\"}\n", ":3:", "sources.nats", "url and stream are wanted"},
		{"no events", "version: 1\nsources:\n  - nats: {url: \"nats://h:4222\", stream: s, subject: n}\n", ":3:", "sources.nats", "subject and events go together"},
		{"password in a URL", "version: 1\nsources:\n  - nats: {url: \"nats://u:" + secret + "@h:4222\", stream: s}\n", ":3:", "sources.nats.url", "user name or password"},
		{"no address", "version: 1\nsources:\n  - webhook: {address: " + secret + ", token_file: t}\n", ":3:", "sources.webhook.address", "host:port or :port"},
		{"our own prefix", "version: 1\nsources:\n  - scan: {prefix: results/invoices/}\n", ":3:", "sources.scan.prefix", "belongs to the worker"},
		{"two schedules", "version: 1\nsources: [{schedule: {every: 1m}}, {schedule: {every: 2m}}]\n", ":2:", "sources.schedule", "stands twice"},
		{"negative limit", "version: 1\nprovider: {limits: {in_flight: -1}}\n", ":2:", "provider.limits.in_flight", "a whole number from 0"},
		{"admin", "version: 1\nserve: {admin: nine}\n", ":2:", "serve.admin", "host:port or :port"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.file, nil, nil)
			all, ok := errors.AsType[Errors](err)
			if !ok {
				t.Fatalf("%v, want Errors", err)
			}
			if e := all[0]; !strings.Contains(e.Where, tt.where) || e.Key != tt.key || !strings.Contains(e.Text, tt.text) {
				t.Errorf("%s | %s | %s; want %s | %s | %s", e.Where, e.Key, e.Text, tt.where, tt.key, tt.text)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error quotes the value: %v", err)
			}
		})
	}
}
