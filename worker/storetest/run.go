package storetest

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
)

// Target is what the suite runs against. It writes under a prefix of its own
// and cleans up, so that a bucket may be used again.
type Target struct {
	Store worker.Store
	// Other is a second bucket of the same server, for copies across buckets.
	Other worker.Store
	// Versioned says that both buckets keep versions.
	Versioned bool
	// Rough does to Store's bucket what worker.Store cannot.
	Rough Rough
	// Differs names promises that the store does not keep, each with a
	// sentence on what it does instead.
	Differs map[string]string
}

// Rough is access to the bucket past worker.Store: what a stranger with a bare
// HTTP client, or another program, does to it.
type Rough interface {
	// PutWith writes an object with a header of any kind: Content-Disposition,
	// X-Amz-Meta-…, X-Amz-Tagging.
	PutWith(ctx context.Context, key string, body []byte, h http.Header) error
	// Fetch is a bare GET: the header that a third party is shown.
	Fetch(ctx context.Context, key string) (http.Header, error)
	// Begin starts a multipart upload and leaves it unfinished.
	Begin(ctx context.Context, key string) error
	// Delete deletes plainly; in a versioned bucket that leaves a marker.
	Delete(ctx context.Context, key string) error
}

// promise is one thing that a store keeps or does not.
type promise struct {
	name  string
	where where
	check func(*probe)
}

// where says in which kind of bucket a promise means something, or is worth
// its time.
type where int

const (
	everywhere where = iota
	versioned
	plain
)

// in says whether the promise is checked in a target's bucket.
func (w where) in(t Target) bool {
	return w == everywhere || (w == versioned) == t.Versioned
}

// promises lists all of them, in the order in which they run.
func promises() []promise {
	return slices.Concat(readPromises, writePromises, racePromises, multipartPromises,
		copyPromises, listPromises, removePromises, keyPromises())
}

// Names lists the promises, for Target.Differs.
func Names() []string {
	var out []string
	for _, p := range promises() {
		out = append(out, p.name)
	}
	return out
}

// Run runs every promise as a subtest. open is called once; what it starts it
// ends with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Target) {
	target := open(t)
	for name := range target.Differs {
		if !slices.Contains(Names(), name) {
			t.Errorf("Differs names %q, which is no promise", name)
		}
	}
	run := "storetest-" + strings.ToLower(rand.Text()[:10]) + "/"
	for _, pr := range promises() {
		t.Run(pr.name, func(t *testing.T) {
			if !pr.where.in(target) {
				t.Skip("not for this kind of bucket")
			}
			p := &probe{Target: target, ctx: t.Context(), prefix: run + pr.name + "/"}
			p.run(pr.check)
			p.judge(t, target.Differs[pr.name])
		})
	}
	cleanUp(t, target, run)
}

// cleanUp removes what the promises left.
func cleanUp(t *testing.T, target Target, prefix string) {
	for _, s := range []worker.Store{target.Store, target.Other} {
		var keys []string
		for r, err := range s.Remnants(t.Context(), prefix) {
			if err != nil {
				t.Errorf("clean up: %v", err)
				return
			}
			if !slices.Contains(keys, r.Key) {
				keys = append(keys, r.Key)
			}
		}
		if err := s.Remove(t.Context(), keys...); err != nil {
			t.Errorf("clean up: %v", err)
		}
	}
}
