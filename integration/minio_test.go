package integration_test

import (
	"maps"
	"testing"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/presign/presigntest"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/storetest"
)

func TestMain(m *testing.M) { miniotest.Main(m) }

// kinds of bucket that the promises must hold in: the store bucket may keep
// versions, the exchange bucket has an encryption key.
var kinds = map[string]miniotest.Bucket{
	"plain":     {},
	"versioned": {Versioned: true},
	"encrypted": {Encrypted: true},
}

// TestStoreOnMinIO runs as the worker's narrowed identity, so that it also
// shows which permissions are enough.
func TestStoreOnMinIO(t *testing.T) {
	server := miniotest.Start(t)
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Target {
				one, two := server.NewBucket(t, kind), server.NewBucket(t, kind)
				worker := server.Identities(one, two).Worker
				return storetest.Target{
					Store: open(t, server, worker, one), Other: open(t, server, worker, two),
					Versioned: kind.Versioned,
					Rough:     storetest.S3(server.Client(), one),
					Differs:   differs(kind),
				}
			})
		})
	}
}

// differs adds what encryption changes: an ETag is then no digest of the content,
// on AWS as well.
func differs(kind miniotest.Bucket) map[string]string {
	d := storetest.MinIO()
	if kind.Encrypted {
		maps.Copy(d, map[string]string{
			"equal bytes have equal ETags": "gives every encrypted object an ETag of its own",
			"put of nothing":               "gives an empty object an ETag that is no MD5",
		})
	}
	return d
}

func open(t *testing.T, server *miniotest.Server, as presign.Identity, name string) *s3store.Store {
	t.Helper()
	cfg := server.Config()
	cfg.Credentials = as.Credentials
	s, err := s3store.Open(t.Context(), cfg, "s3://"+name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPresignOnMinIO tries presigned URLs with a bare client, for the bucket
// that the provider sees.
func TestPresignOnMinIO(t *testing.T) {
	server := miniotest.Start(t)
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			exchange := server.NewBucket(t, kind)
			ids := server.Identities(server.NewBucket(t, kind), exchange)
			presigntest.Run(t, presigntest.Target{
				Config: presign.Config{
					Bucket: exchange, Region: miniotest.Region, Endpoint: server.Endpoint, PathStyle: true,
					Reader: ids.Reader, Writer: ids.Writer,
				},
				Owner: server.Client(),
				Differences: map[string]string{
					"put-tagging": "MinIO follows an unsigned x-amz-tagging on a presigned PUT",
				},
			})
		})
	}
}
