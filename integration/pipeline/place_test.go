package pipeline

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
)

func TestMain(m *testing.M) { miniotest.Main(m) }

// place is where a pipeline runs: two empty buckets and who signs for them.
type place struct {
	store, exchange worker.Store
	sign            presign.Config
	// putWith writes a document as its owner does, with a header of any kind.
	putWith func(ctx context.Context, key string, body []byte, h http.Header) error
	// outside is how the world reaches the buckets: for the provider's client
	// and for bare ones.
	outside http.RoundTripper
	// inProcess: the provider is called without a socket as well.
	inProcess bool
}

// options are what a place can be asked for.
type options struct {
	versioned bool // the store bucket keeps versions
}

// places makes places, by name. Files that need the embedded server add theirs.
var places = map[string]func(*testing.T, options) place{
	"memory": inMemory,
	"minio":  onMinIO,
}

// everywhere runs a test on every kind of store, with and without versions.
func everywhere(t *testing.T, test func(t *testing.T, at place)) {
	for _, name := range slices.Sorted(maps.Keys(places)) {
		for variant, o := range map[string]options{"plain": {}, "versioned": {versioned: true}} {
			t.Run(name+"/"+variant, func(t *testing.T) { test(t, places[name](t, o)) })
		}
	}
}

// randomName is a bucket name that says nothing.
func randomName() string { return strings.ToLower(rand.Text()[:16]) }
