//go:build !nosandbox

package s3store_test

import (
	"testing"

	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/s3store/s3serve"
	"github.com/zdrworker/zdrworker/worker/storetest"
)

const (
	docs     = "acme-docs"
	exchange = "x7k2-9fq4"
)

// serve starts an embedded server with two buckets.
func serve(t *testing.T, versioned bool) *s3serve.Server {
	t.Helper()
	s, err := s3serve.Start(t.Context(), s3serve.Options{
		Buckets: []s3serve.Bucket{{Name: docs, Versioned: versioned}, {Name: exchange, Versioned: versioned}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func open(t *testing.T, s *s3serve.Server, name string) *s3store.Store {
	t.Helper()
	st, err := s3store.Open(t.Context(), s.Config(), "s3://"+name)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestStoreOnEmbeddedServer(t *testing.T) {
	for name, versioned := range map[string]bool{"plain": false, "versioned": true} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Target {
				s := serve(t, versioned)
				store := open(t, s, docs)
				return storetest.Target{
					Store: store, Other: open(t, s, exchange), Versioned: versioned, Rough: storetest.S3(store.Client(), docs),
				}
			})
		})
	}
}
