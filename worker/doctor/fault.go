package doctor

import (
	"context"
	"errors"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// broken is a check that a store's error ended. Its class says whose fault that
// is; the error itself is free of names.
func (x *checkup) broken(of, what string, err error, do string) {
	f := Finding{Of: of, Status: Fail, Saw: what + ": " + err.Error(), Do: do, Cause: Configuration}
	if away(err) {
		f.Do, f.Cause = "try again; check network, proxy and s3.endpoint", Unreachable
	}
	x.add(f)
}

// untold is a question that a store did not answer.
func (x *checkup) untold(of, what string, err error, action string) {
	switch {
	case errors.Is(err, bucket.ErrDenied):
		x.unknown(of, what+" cannot be told: these credentials may not ask", "allow "+action+", or look yourself")
	case errors.Is(err, bucket.ErrInvalid):
		x.unknown(of, what+" cannot be told: this store does not know the question", "look at the store's own settings")
	default:
		x.broken(of, what, err, "check what the credentials may do")
	}
}

// away says whether an error is of a store that may answer later.
func away(err error) bool {
	if f, ok := errors.AsType[*worker.Fault](err); ok && f.Code == worker.CodeStore {
		return true
	}
	for _, class := range []error{bucket.ErrUnavailable, bucket.ErrThrottled, bucket.ErrUnknown, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}
