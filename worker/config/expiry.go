package config

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/zdrworker/zdrworker/presign"
)

// expiry tells when the signers' credentials end: the one that ends first, as
// they were when they signed last. Credentials that do not end are not shown.
type expiry struct {
	mu   sync.Mutex
	ends map[string]time.Time
}

var descExpiry = prometheus.NewDesc("zdrworker_credentials_expiry_timestamp_seconds",
	"When the first of the signers' credentials ends; absent where they do not.", nil, nil)

// watchExpiry lets metrics say when the signers' credentials end.
func watchExpiry(c *presign.Config, to prometheus.Registerer) error {
	if to == nil {
		return nil
	}
	e := &expiry{ends: map[string]time.Time{}}
	c.Reader.Credentials = watched{c.Reader.Credentials, "reader", e}
	c.Writer.Credentials = watched{c.Writer.Credentials, "writer", e}
	return to.Register(e)
}

// watched is a provider of credentials whose answers are looked at.
type watched struct {
	aws.CredentialsProvider
	who string
	e   *expiry
}

// Retrieve asks, and notes when the answer ends.
func (w watched) Retrieve(ctx context.Context) (aws.Credentials, error) {
	got, err := w.CredentialsProvider.Retrieve(ctx)
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	if err == nil && got.CanExpire {
		w.e.ends[w.who] = got.Expires
	}
	return got, err
}

// Describe lists the gauge.
func (e *expiry) Describe(to chan<- *prometheus.Desc) { to <- descExpiry }

// Collect gives it.
func (e *expiry) Collect(to chan<- prometheus.Metric) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var first time.Time
	for _, t := range e.ends {
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	if !first.IsZero() {
		to <- prometheus.MustNewConstMetric(descExpiry, prometheus.GaugeValue, float64(first.Unix()))
	}
}
