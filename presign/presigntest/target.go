package presigntest

import (
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/presign"
)

// Target is a store to be tried.
type Target struct {
	// Config says where the bucket is and who signs: Bucket, Region, Endpoint,
	// PathStyle, Reader, Writer, the prefixes and Skew. Lifetime and
	// Depository are the suite's own.
	Config presign.Config
	// Owner may read, write and describe every object of the bucket. The suite
	// removes what it made.
	Owner *s3.Client
	// HTTP is the bare client. Default: HTTP/1.1, no proxy, no redirects, no
	// cookies.
	HTTP *http.Client
	// Differences names cases in which this store is known not to keep the
	// promise, with the reason. Names of all cases: Cases.
	Differences map[string]string
}

// trial is one case: what must hold, and a function that gives nil when it
// does. What else goes wrong ends the test.
type trial struct {
	name    string
	promise string
	try     func(*bench) error
}

func trials() []trial {
	return slices.Concat(rightUse(), wrongUse("get"), wrongUse("put"), hostileHeaders(), identities())
}

// Cases lists the names of all cases, in the order in which they run.
func Cases() []string {
	var names []string
	for _, c := range trials() {
		names = append(names, c.name)
	}
	return names
}

// Run tries every case on target, each as a subtest of its name.
func Run(t *testing.T, target Target) {
	t.Helper()
	known := Cases()
	for name, reason := range target.Differences {
		if !slices.Contains(known, name) {
			t.Errorf("difference %q is no case", name)
		}
		if reason == "" {
			t.Errorf("difference %q has no reason", name)
		}
	}
	for _, c := range trials() {
		t.Run(c.name, func(t *testing.T) {
			err := c.try(newBench(t, target))
			reason, named := target.Differences[c.name]
			if complaint := verdict(err, named); complaint != "" {
				t.Errorf("%s: %s", c.promise, complaint)
			} else if named {
				t.Logf("known difference: %s: %v (%s)", c.promise, err, reason)
			}
		})
	}
}

// verdict says what is wrong about a trial's outcome; "" is nothing.
func verdict(err error, named bool) string {
	switch {
	case err != nil && !named:
		return err.Error()
	case err == nil && named:
		return "kept, but named as a difference: take it off the list"
	}
	return ""
}
