//go:build !nosandbox && linux

package bench

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/s3store/s3serve"
)

// place is where a fleet works: two buckets that count, and who signs.
type place struct {
	store, exchange *s3store.Store
	owner           *s3store.Store // the store bucket, uncounted
	sign            presign.Config
	requests        *counter
}

func randomName() string { return strings.ToLower(rand.Text()[:16]) }

func embedded(t testing.TB) *place {
	store, exchange := randomName(), randomName()
	owner := s3serve.RandomKey("OWNER", s3serve.Scope{})
	reader := s3serve.RandomKey("READER", s3serve.Reader(exchange))
	writer := s3serve.RandomKey("WRITER", s3serve.Writer(exchange))
	server, err := s3serve.Start(t.Context(), s3serve.Options{
		Keys:    []s3serve.Key{owner, reader, writer},
		Buckets: []s3serve.Bucket{{Name: store}, {Name: exchange}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	as := func(k s3serve.Key) presign.Identity {
		return presign.Identity{Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, "")}
	}
	return openPlace(t.Context(), server.ConfigFor(owner), store, exchange, presign.Config{
		Region: s3serve.Region, Endpoint: server.URL(), Reader: as(reader), Writer: as(writer),
	})
}

func onMinIO(t testing.TB) *place {
	server := miniotest.Start(t)
	store, exchange := server.NewBucket(t, miniotest.Bucket{}), server.NewBucket(t, miniotest.Bucket{Encrypted: true})
	ids := server.Identities(store, exchange)
	cfg := server.Config()
	cfg.Credentials = ids.Worker.Credentials
	at := openPlace(t.Context(), cfg, store, exchange, presign.Config{
		Region: miniotest.Region, Endpoint: server.Endpoint, Reader: ids.Reader, Writer: ids.Writer,
	})
	at.owner = must(s3store.Open(t.Context(), server.Config(), "s3://"+store))
	return at
}

func openPlace(ctx context.Context, cfg aws.Config, store, exchange string, sign presign.Config) *place {
	requests := newCounter()
	counted := cfg
	counted.HTTPClient = requests
	at := openUncounted(ctx, counted, store, exchange, sign)
	at.requests, at.owner = requests, must(s3store.Open(ctx, cfg, "s3://"+store))
	return at
}

// openUncounted opens both buckets with the client that the configuration has.
func openUncounted(ctx context.Context, cfg aws.Config, store, exchange string, sign presign.Config) *place {
	at := &place{sign: sign}
	at.store = must(s3store.Open(ctx, cfg, "s3://"+store))
	at.exchange = must(s3store.Open(ctx, cfg, "s3://"+exchange))
	at.owner = at.store
	at.sign.Bucket, at.sign.PathStyle = exchange, true
	at.sign.Lifetime = presign.Limits{Asked: urlLife}
	return at
}

// lasting is a place whose URLs live so long.
func lasting(at *place, urls time.Duration) *place {
	at.sign.Lifetime.Asked = urls
	return at
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
