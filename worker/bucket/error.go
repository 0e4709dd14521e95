package bucket

import (
	"errors"
	"fmt"
	"strings"
)

// The classes of error that a caller acts on; errors.Is tells them apart.
var (
	ErrNotFound     = errors.New("not found")               // 404: no such key or version. On a write with IfMatch: the race is lost, never "create"
	ErrNoBucket     = errors.New("no such bucket")          // 404 NoSuchBucket, or a redirect to another region
	ErrPrecondition = errors.New("precondition failed")     // 412: settled, somebody else's state stands
	ErrNotModified  = errors.New("not modified")            // 304: what the caller has is current
	ErrConflict     = errors.New("conflict")                // 409: a concurrent operation got in the way; it does not mean "exists"
	ErrDenied       = errors.New("access denied")           // 401, 403
	ErrThrottled    = errors.New("slow down")               // 503 SlowDown, 429
	ErrCredentials  = errors.New("no usable credentials")   // none found, or they have expired
	ErrTooLarge     = errors.New("larger than the limit")   // the limit is the caller's
	ErrInvalid      = errors.New("request refused")         // 400, 405, 501 and the like: definite, and the same again if sent again
	ErrUnknown      = errors.New("outcome unknown")         // sent, and no answer: a write may yet take effect
	ErrUnavailable  = errors.New("store cannot be reached") // not sent, or a definite 5xx
)

// Error is one failed operation. It says operation, class and what the server
// said of itself, and neither key nor bucket nor any of the server's text: those
// can name a document.
type Error struct {
	Op        string // "get", "put", "copy", "list", "remove", "head"
	Class     error  // one of the sentinels above
	Code      string // the S3 error code, letters only, e.g. "NoSuchKey"; may be empty
	Status    int    // HTTP status; 0 when there was no answer
	RequestID string // the server's request id, for its support; may be empty
	// Cause is context.Canceled, context.DeadlineExceeded or nil, never anything
	// else: other causes quote keys and URLs.
	Cause error
}

// Error gives one line that is safe to log.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", e.Op, e.Class)
	if e.Code != "" {
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ", HTTP %d", e.Status)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, ", request %s", e.RequestID)
	}
	return b.String()
}

// Unwrap gives the class and, where there is one, the context's own error, so
// that errors.Is finds both.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.Cause}
}
