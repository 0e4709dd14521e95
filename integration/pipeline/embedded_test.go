//go:build !nosandbox

package pipeline

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/s3store/s3serve"
	"github.com/zdrworker/zdrworker/worker/storetest"
)

func init() { places["embedded"] = embedded }

func embedded(t *testing.T, o options) place {
	t.Helper()
	store, exchange := randomName(), randomName()
	owner := s3serve.RandomKey("OWNER", s3serve.Scope{})
	reader := s3serve.RandomKey("READER", s3serve.Reader(exchange))
	writer := s3serve.RandomKey("WRITER", s3serve.Writer(exchange))
	server, err := s3serve.Start(t.Context(), s3serve.Options{
		Keys:    []s3serve.Key{owner, reader, writer},
		Buckets: []s3serve.Bucket{{Name: store, Versioned: o.versioned}, {Name: exchange}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	s, err := s3store.Open(t.Context(), server.ConfigFor(owner), "s3://"+store)
	if err != nil {
		t.Fatal(err)
	}
	x, err := s3store.Open(t.Context(), server.ConfigFor(owner), "s3://"+exchange)
	if err != nil {
		t.Fatal(err)
	}
	return place{
		store: s, exchange: x,
		sign: presign.Config{
			Bucket: exchange, Region: s3serve.Region, Endpoint: server.URL(), PathStyle: true,
			Reader: servedIdentity(reader), Writer: servedIdentity(writer),
		},
		putWith: storetest.S3(s.Client(), store).PutWith,
		outside: bareTransport(t),
	}
}

func servedIdentity(k s3serve.Key) presign.Identity {
	return presign.Identity{Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, "")}
}
