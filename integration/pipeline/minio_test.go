package pipeline

import (
	"net/http"
	"testing"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/storetest"
)

// onMinIO is a place as in production: three identities that may do no more
// than their work, and an exchange bucket with an encryption key.
func onMinIO(t *testing.T, o options) place {
	t.Helper()
	server := miniotest.Start(t)
	store := server.NewBucket(t, miniotest.Bucket{Versioned: o.versioned})
	exchange := server.NewBucket(t, miniotest.Bucket{Encrypted: true})
	ids := server.Identities(store, exchange)
	cfg := server.Config()
	cfg.Credentials = ids.Worker.Credentials
	s, err := s3store.Open(t.Context(), cfg, "s3://"+store)
	if err != nil {
		t.Fatal(err)
	}
	x, err := s3store.Open(t.Context(), cfg, "s3://"+exchange)
	if err != nil {
		t.Fatal(err)
	}
	return place{
		store: s, exchange: x,
		sign: presign.Config{
			Bucket: exchange, Region: miniotest.Region, Endpoint: server.Endpoint, PathStyle: true,
			Reader: ids.Reader, Writer: ids.Writer,
		},
		putWith: storetest.S3(server.Client(), store).PutWith,
		outside: bareTransport(t),
	}
}

// bareTransport knows nothing of S3 and asks no proxy.
func bareTransport(t *testing.T) *http.Transport {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}
