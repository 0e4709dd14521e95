//go:build !nosandbox

package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/s3store/s3serve"
)

// Names of the three buckets.
const (
	StoreBucket    = "sandbox-store"
	ExchangeBucket = "sandbox-x7k29fq4"
	LedgerBucket   = "sandbox-ledger"
)

// Options say how the sandbox is set up. The zero value works.
type Options struct {
	// S3Addr and ProviderAddr are host:port to listen on, literal loopback
	// addresses. Default: free ports of 127.0.0.1.
	S3Addr, ProviderAddr string
	// NoZDR switches zero data retention off at the stand-in, to see what it
	// then accepts and keeps. Default: false, retention is zero.
	NoZDR bool
	// Delay is how long the stand-in takes for a job. Default: 300 ms.
	Delay time.Duration
	// Versioned keeps every version of an object in the store bucket. Default: false.
	Versioned bool
}

// ListLag is how long a job may be missing from the stand-in's list: it shows
// one at once.
const ListLag = time.Second

// Ask is how long the stand-in is left alone about a job: it does not mind.
const Ask = time.Second

// Sandbox is a running pair of servers.
type Sandbox struct {
	s3       *s3serve.Server
	provider *adetest.Server

	worker, reader, writer s3serve.Key
	apiKey                 string
}

// Start listens and serves until Close.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	if o.Delay == 0 {
		o.Delay = 300 * time.Millisecond
	}
	s := &Sandbox{
		worker: s3serve.RandomKey("WORKER", s3serve.Scope{}),
		reader: s3serve.RandomKey("READER", s3serve.Reader(ExchangeBucket)),
		writer: s3serve.RandomKey("WRITER", s3serve.Writer(ExchangeBucket)),
		apiKey: strings.ToLower(rand.Text() + rand.Text()),
	}
	var err error
	s.s3, err = s3serve.Start(ctx, s3serve.Options{
		Addr: o.S3Addr, Keys: []s3serve.Key{s.worker, s.reader, s.writer},
		Buckets: []s3serve.Bucket{{Name: StoreBucket, Versioned: o.Versioned}, {Name: ExchangeBucket}, {Name: LedgerBucket, Versioned: true}},
	})
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	s.provider, err = adetest.Start(adetest.Options{
		Addr: o.ProviderAddr, Keys: []string{s.apiKey}, ZDR: !o.NoZDR,
		Delay: adetest.Delay{Pending: o.Delay / 3, Processing: o.Delay - o.Delay/3},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: %w", err), s.s3.Close())
	}
	return s, nil
}

// Close ends both servers; nothing is left of them.
func (s *Sandbox) Close() error { return errors.Join(s.provider.Close(), s.s3.Close()) }

// Provider is the stand-in, for its account of what it was told and billed.
func (s *Sandbox) Provider() *adetest.Server { return s.provider }

// AWS points an SDK at the bucket server with the worker's key.
func (s *Sandbox) AWS() aws.Config { return s.s3.ConfigFor(s.worker) }

// Env yields all that points a worker, the vendor's SDKs or `aws s3` at the
// sandbox: names of variables with their values, in the order to print them.
func (s *Sandbox) Env() iter.Seq2[string, string] {
	pairs := [][2]string{
		{"ZDRWORKER_STORE", "s3://" + StoreBucket},
		{"ZDRWORKER_EXCHANGE", "s3://" + ExchangeBucket},
		{"ZDRWORKER_LEDGER", "s3://" + LedgerBucket},
		{"ZDRWORKER_POLICY_DEVELOPMENT", "true"},
		{"ZDRWORKER_PROVIDER_LIST_LAG", ListLag.String()},
		{"ZDRWORKER_TIMING_ASK", Ask.String()},
		{"ZDRWORKER_SIGNING_READER_CREDENTIALS", "env"},
		{"ZDRWORKER_SIGNING_READER_PREFIX", "ZDRWORKER_READER"},
		{"ZDRWORKER_READER_ACCESS_KEY_ID", s.reader.ID},
		{"ZDRWORKER_READER_SECRET_ACCESS_KEY", s.reader.Secret},
		{"ZDRWORKER_SIGNING_WRITER_CREDENTIALS", "env"},
		{"ZDRWORKER_SIGNING_WRITER_PREFIX", "ZDRWORKER_WRITER"},
		{"ZDRWORKER_WRITER_ACCESS_KEY_ID", s.writer.ID},
		{"ZDRWORKER_WRITER_SECRET_ACCESS_KEY", s.writer.Secret},
		{"LANDINGAI_ADE_BASE_URL", s.provider.URL},
		{"VISION_AGENT_API_KEY", s.apiKey},
		{"AWS_ENDPOINT_URL_S3", s.s3.URL()},
		{"AWS_REGION", s3serve.Region},
		{"AWS_DEFAULT_REGION", s3serve.Region},
		{"AWS_ACCESS_KEY_ID", s.worker.ID},
		{"AWS_SECRET_ACCESS_KEY", s.worker.Secret},
		// What follows keeps a configuration file, or what was set before, from
		// pointing elsewhere.
		{"AWS_SESSION_TOKEN", ""},
		{"ZDRWORKER_S3_ENDPOINT", s.s3.URL()},
		{"ZDRWORKER_S3_REGION", s3serve.Region},
		{"ZDRWORKER_S3_PATH_STYLE", "true"},
		{"ZDRWORKER_SIGNING_ENDPOINT", s.s3.URL()},
		{"ZDRWORKER_PROVIDER_BASE_URL", s.provider.URL},
	}
	return func(yield func(string, string) bool) {
		for _, p := range pairs {
			if !yield(p[0], p[1]) {
				return
			}
		}
	}
}
