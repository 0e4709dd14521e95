package doctor

import (
	"context"
	"errors"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// TestWhoseFault: what a store could not be asked is unknown, what it did not
// answer may work in a minute, and the rest has to be changed.
func TestWhoseFault(t *testing.T) {
	of := func(class error) error { return &bucket.Error{Op: "get", Class: class} }
	for _, tt := range []struct {
		name           string
		err            error
		untold, broken line
	}{
		{"denied", of(bucket.ErrDenied), line{"store", Unknown, "versions cannot be told: these credentials may not ask", "allow s3:X, or look yourself", ""}, line{"store", Fail, "cannot stage", "give rights", Configuration}},
		{"not understood", of(bucket.ErrInvalid), line{"store", Unknown, "this store does not know the question", "the store's own settings", ""}, line{"store", Fail, "cannot stage", "give rights", Configuration}},
		{"unavailable", of(bucket.ErrUnavailable), line{"store", Fail, "versions: ", "try again", Unreachable}, line{"store", Fail, "cannot stage", "try again", Unreachable}},
		{"throttled", of(bucket.ErrThrottled), line{"store", Fail, "versions: ", "try again", Unreachable}, line{"store", Fail, "cannot stage", "try again", Unreachable}},
		{"never answered", of(bucket.ErrUnknown), line{"store", Fail, "versions: ", "try again", Unreachable}, line{"store", Fail, "cannot stage", "try again", Unreachable}},
		{"too late", context.DeadlineExceeded, line{"store", Fail, "versions: ", "try again", Unreachable}, line{"store", Fail, "cannot stage", "try again", Unreachable}},
		{"not there", of(bucket.ErrNotFound), line{"store", Fail, "versions: ", "what the credentials may do", Configuration}, line{"store", Fail, "cannot stage", "give rights", Configuration}},
		{"a worker's fault of the store", &worker.Fault{Op: "check", Code: worker.CodeStore}, line{"store", Fail, "versions: ", "try again", Unreachable}, line{"store", Fail, "cannot stage", "try again", Unreachable}},
		{"a worker's other fault", &worker.Fault{Op: "check", Code: worker.CodeEmpty}, line{"store", Fail, "versions: ", "what the credentials may do", Configuration}, line{"store", Fail, "cannot stage", "give rights", Configuration}},
		{"something else", errors.New("odd"), line{"store", Fail, "versions: odd", "what the credentials may do", Configuration}, line{"store", Fail, "cannot stage: odd", "give rights", Configuration}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := &checkup{}
			x.untold("store", "versions", tt.err, "s3:X")
			x.broken("store", "cannot stage", tt.err, "give rights")
			expect(t, x.found, tt.untold, tt.broken)
		})
	}
}
