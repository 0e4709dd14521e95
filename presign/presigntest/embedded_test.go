//go:build !nosandbox

package presigntest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/presign/presigntest"
	"github.com/zdrworker/zdrworker/worker/s3store/s3serve"
)

const exchange = "x7k2-9fq4"

func identity(k s3serve.Key) presign.Identity {
	return presign.Identity{Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, "")}
}

// embedded serves one bucket to an owner, and to a reader and a writer of the
// given scopes.
func embedded(t *testing.T, reader, writer s3serve.Scope) presigntest.Target {
	t.Helper()
	owner := s3serve.RandomKey("OWNER", s3serve.Scope{})
	r, w := s3serve.RandomKey("READER", reader), s3serve.RandomKey("WRITER", writer)
	server, err := s3serve.Start(t.Context(), s3serve.Options{
		Keys: []s3serve.Key{owner, r, w}, Buckets: []s3serve.Bucket{{Name: exchange}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return presigntest.Target{
		Config: presign.Config{
			Bucket: exchange, Region: s3serve.Region, Endpoint: server.URL(), PathStyle: true,
			Reader: identity(r), Writer: identity(w),
		},
		Owner: s3.NewFromConfig(server.ConfigFor(owner), func(o *s3.Options) { o.UsePathStyle = true }),
	}
}

func TestEmbedded(t *testing.T) {
	presigntest.Run(t, embedded(t, s3serve.Reader(exchange), s3serve.Writer(exchange)))
}

// One key for everything is what a careless set-up has: the identities are
// none, and the suite says so.
func TestEmbeddedWithoutScopes(t *testing.T) {
	target := embedded(t, s3serve.Scope{}, s3serve.Scope{})
	target.Differences = map[string]string{}
	for _, name := range []string{
		"reader-puts-outbox", "reader-puts-staging", "reader-gets-outbox",
		"writer-puts-staging", "writer-gets-staging", "writer-gets-outbox",
	} {
		target.Differences[name] = "the key has no scope"
	}
	presigntest.Run(t, target)
}
