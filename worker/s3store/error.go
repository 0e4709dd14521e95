package s3store

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// effect says what a request does when it arrives.
type effect bool

const (
	harmless effect = false // nothing that anyone sees: reads, parts, removals that are repeated anyway
	visible  effect = true  // a write of an object
)

// wire knows whether a request may have been sent.
type wire struct {
	handed atomic.Bool // to the HTTP client
	traced atomic.Bool // the client tells what it does
	conn   atomic.Bool // it had a connection
}

type wireKey struct{}

// watch gives a context whose requests tell the wire.
func watch(ctx context.Context) (context.Context, *wire) {
	w := &wire{}
	ctx = httptrace.WithClientTrace(untraced{ctx}, &httptrace.ClientTrace{
		GetConn: func(string) { w.traced.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.conn.Store(true) },
	})
	return context.WithValue(ctx, wireKey{}, w), w
}

// reached says whether the request may have got to the server. A client that
// does not tell (one that is no net/http transport) is taken to have sent what
// it was handed.
func (w *wire) reached() bool {
	return w.conn.Load() || w.handed.Load() && !w.traced.Load()
}

// client marks the wires of the requests that pass through it.
type client struct{ s3.HTTPClient }

func (c client) Do(r *http.Request) (*http.Response, error) {
	if w, ok := r.Context().Value(wireKey{}).(*wire); ok {
		w.handed.Store(true)
	} else {
		r = r.WithContext(untraced{r.Context()}) // nobody watches this one
	}
	return c.HTTPClient.Do(r)
}

// fail makes a *bucket.Error of what the SDK says; nothing of its text
// survives: it quotes URLs, hence keys.
func fail(ctx context.Context, op string, err error, w *wire, e effect) error {
	var be *bucket.Error
	if errors.As(err, &be) {
		return be
	}
	out := &bucket.Error{Op: op, Cause: ctx.Err()}
	var api smithy.APIError
	if errors.As(err, &api) {
		out.Code = letters(api.ErrorCode())
	}
	var re *awshttp.ResponseError
	if errors.As(err, &re) && re.Response != nil && re.Response.Response != nil {
		out.Status, out.RequestID = re.HTTPStatusCode(), token(re.ServiceRequestID())
	}
	switch {
	case errors.Is(err, errCredentials):
		out.Class = bucket.ErrCredentials
	case out.Status != 0 || out.Code != "":
		out.Class = class(out.Code, out.Status, e)
	case e == visible && w.reached():
		out.Class = bucket.ErrUnknown
	default:
		out.Class = bucket.ErrUnavailable
	}
	return out
}

// codes are the S3 error codes whose class does not follow from the status.
// The names are those of the "Error responses" page of the S3 API reference,
// and MinIO's own.
var codes = map[string]error{
	"NoSuchBucket":                 bucket.ErrNoBucket,
	"PermanentRedirect":            bucket.ErrNoBucket,
	"TemporaryRedirect":            bucket.ErrNoBucket,
	"AuthorizationHeaderMalformed": bucket.ErrNoBucket, // signed for another region than the bucket's
	"NoSuchUpload":                 bucket.ErrConflict, // somebody took the upload away before it was completed
	"ConditionalRequestConflict":   bucket.ErrConflict,
	"ExpiredToken":                 bucket.ErrCredentials,
	"TokenRefreshRequired":         bucket.ErrCredentials,
	"InvalidToken":                 bucket.ErrCredentials,
	"SlowDown":                     bucket.ErrThrottled,
	"SlowDownRead":                 bucket.ErrThrottled,
	"SlowDownWrite":                bucket.ErrThrottled,
	"TooManyRequests":              bucket.ErrThrottled,
	"Throttling":                   bucket.ErrThrottled,
	"ThrottlingException":          bucket.ErrThrottled,
	"RequestLimitExceeded":         bucket.ErrThrottled,
	"RequestTimeout":               bucket.ErrUnavailable, // 400: the body did not arrive whole
	"NotImplemented":               bucket.ErrInvalid,
}

// class finds what an answer means. A 5xx may be a proxy's, which does not know
// what the store did, and the SDK makes up a code where an answer has none: so
// a 503 says that nothing was done only when its code is SlowDown, which no
// status text is.
func class(code string, status int, e effect) error {
	if c, ok := codes[code]; ok {
		return c
	}
	switch {
	case status == http.StatusNotModified:
		return bucket.ErrNotModified
	case status >= 300 && status < 400:
		return bucket.ErrNoBucket // a redirect to another region
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return bucket.ErrDenied
	case status == http.StatusNotFound:
		return bucket.ErrNotFound
	case status == http.StatusConflict:
		return bucket.ErrConflict
	case status == http.StatusPreconditionFailed:
		return bucket.ErrPrecondition
	case status == http.StatusTooManyRequests:
		return bucket.ErrThrottled
	case status >= 400 && status < 500:
		return bucket.ErrInvalid
	case e == visible:
		return bucket.ErrUnknown // 5xx, and 2xx that cannot be read
	}
	return bucket.ErrUnavailable
}

// letters keeps an error code if it is one.
func letters(code string) string {
	for _, r := range code {
		if (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return ""
		}
	}
	if len(code) > 64 {
		return ""
	}
	return code
}

// token keeps a request id if it looks like one.
func token(id string) string {
	ok := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("-_+/=", r)
	}
	if len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return !ok(r) }) {
		return ""
	}
	return id
}

var errCredentials = errors.New("no usable credentials")

// marked is a provider of credentials whose errors can be told from others.
// The SDK has no type for them.
type marked struct{ aws.CredentialsProvider }

func (m marked) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := m.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return c, errors.Join(errCredentials, err)
	}
	return c, nil
}
