package memstore_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/memstore"
	"github.com/zdrworker/zdrworker/worker/storetest"
)

func TestStore(t *testing.T) {
	for name, o := range map[string]memstore.Options{"plain": {}, "versioned": {Versioned: true}} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(*testing.T) storetest.Target {
				s := memstore.NewServer()
				return storetest.Target{
					Store: s.Create("acme-docs", o), Other: s.Create("x7k2-9fq4", o),
					Versioned: o.Versioned, Rough: rough{s, "acme-docs"},
				}
			})
		})
	}
}

// rough is a stranger's access to a bucket in memory.
type rough struct {
	server *memstore.Server
	name   string
}

func (r rough) PutWith(_ context.Context, key string, body []byte, h http.Header) error {
	r.server.PutRaw(r.name, key, body, h)
	return nil
}

func (r rough) Fetch(_ context.Context, key string) (http.Header, error) {
	_, h, err := r.server.GetRaw(r.name, key)
	return h, err
}

func (r rough) Begin(_ context.Context, key string) error {
	r.server.Lookup(r.name).Begin(key, nil, time.Now())
	return nil
}

func (r rough) Delete(_ context.Context, key string) error {
	_, err := r.server.Lookup(r.name).Delete(key, "", time.Now())
	return err
}
