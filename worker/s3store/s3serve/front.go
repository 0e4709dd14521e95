//go:build !nosandbox

package s3serve

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/signature"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// ServeHTTP counts a request, verifies who signed it, holds it to the key's
// scope and answers it, or passes it on to gofakes3.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.counts[r.Method]++
	s.mu.Unlock()
	w.Header().Set("x-amz-request-id", rand.Text()[:16])

	key, code := s.signer(r)
	if code != signature.ErrNone {
		e := signature.GetAPIError(code)
		refuse(w, e.HTTPStatusCode, e.Code)
		return
	}
	bucketName, object := split(r.URL.Path)
	if !key.Scope.admits(r, bucketName, object) {
		refuse(w, http.StatusForbidden, "AccessDenied")
		return
	}
	if status, code := unset(r, object); code != "" {
		refuse(w, status, code)
		return
	}
	if status, code := unsupported(r); code != "" {
		refuse(w, status, code)
		return
	}
	r.Body = verifyPayload(r)
	s.route(w, r.WithContext(withCondition(r)), bucketName, object)
}

// route answers what gofakes3 has not, or not as S3 does.
func (s *Server) route(w http.ResponseWriter, r *http.Request, bucketName, key string) {
	q := r.URL.Query()
	copying := r.Header.Get("X-Amz-Copy-Source") != ""
	switch {
	case key == "" && r.Method == http.MethodGet && q.Has("versions"):
		s.listVersions(w, bucketName, q)
	case key == "" && r.Method == http.MethodGet && q.Has("uploads"):
		s.listUploads(w, bucketName, q)
	case key == "" && r.Method == http.MethodPost && q.Has("delete"):
		s.deleteMany(w, r, bucketName)
	case key != "" && r.Method == http.MethodPut && copying && q.Has("uploadId"):
		s.copyPart(w, r, bucketName)
	case key != "" && r.Method == http.MethodPut && copying:
		s.copyObject(w, r, bucketName, key)
	case key != "" && r.Method == http.MethodDelete && (plainQuery(r) || q.Has("versionId") && len(q) <= 2):
		s.deleteObject(w, r, bucketName, key)
	default:
		s.fake.ServeHTTP(w, s.adapt(r, key))
	}
}

// adapt works around two traps of gofakes3: it reads the current version for
// versionId=null, and for a HEAD with any version at all. A HEAD is answered as
// a GET whose body net/http leaves out.
func (s *Server) adapt(r *http.Request, key string) *http.Request {
	q := r.URL.Query()
	if key == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return r
	}
	r = r.Clone(r.Context())
	r.Method = http.MethodGet
	if q.Get("versionId") == nullVersion {
		q.Set("versionId", nullAlias)
		r.URL.RawQuery = q.Encode()
	}
	return r
}

// split takes the bucket and the key out of a path-style URL's path.
func split(path string) (bucketName, key string) {
	bucketName, key, _ = strings.Cut(strings.TrimLeft(path, "/"), "/")
	return bucketName, key
}

// settings of a bucket that this server does not have. gofakes3 would answer
// with a listing, and an SDK reads that as "none is set".
var settings = []string{
	"encryption", "lifecycle", "notification", "ownershipControls", "policyStatus", "publicAccessBlock", "replication",
}

// unset refuses a question about a bucket's settings.
func unset(r *http.Request, key string) (int, string) {
	q := r.URL.Query()
	switch {
	case key != "":
		return 0, ""
	case q.Has("object-lock"):
		return http.StatusNotFound, "ObjectLockConfigurationNotFoundError"
	case slices.ContainsFunc(settings, q.Has):
		return http.StatusNotImplemented, "NotImplemented"
	}
	return 0, ""
}

// unsupported refuses, as AWS does, what would otherwise be silently ignored.
func unsupported(r *http.Request) (int, string) {
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-Object-Lock-") {
			return http.StatusBadRequest, "InvalidRequest" // no bucket here has a lock
		}
	}
	writes := r.Method == http.MethodPut || r.Method == http.MethodPost
	if !writes {
		return 0, ""
	}
	if r.Method == http.MethodPut && slices.Contains(r.TransferEncoding, "chunked") {
		return http.StatusLengthRequired, "MissingContentLength"
	}
	if v := r.Header.Get("If-None-Match"); v != "" && v != "*" {
		return http.StatusNotImplemented, "NotImplemented"
	}
	return 0, ""
}

type conditionKey struct{}

// withCondition keeps the condition of a write for the backend, which checks it
// and writes in one step. gofakes3 checks it too, but lets go in between.
func withCondition(r *http.Request) context.Context {
	return context.WithValue(r.Context(), conditionKey{}, bucket.Condition{
		IfMatch: strings.Trim(r.Header.Get("If-Match"), `"`),
		Absent:  r.Header.Get("If-None-Match") == "*",
	})
}

func condition(ctx context.Context) bucket.Condition {
	c, _ := ctx.Value(conditionKey{}).(bucket.Condition)
	return c
}

// refuse writes an S3 error. It quotes nothing of the request.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	answer(w, struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		RequestID string `xml:"RequestId"`
	}{Code: code, Message: code, RequestID: w.Header().Get("x-amz-request-id")})
}

// answer writes v as XML. Errors are the client's going away.
func answer(w http.ResponseWriter, v any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/xml")
	}
	_, _ = w.Write([]byte(xml.Header))
	_ = xml.NewEncoder(w).Encode(v)
}

// fail writes the S3 error that a sentinel stands for; what says what is
// missing when something is.
func fail(w http.ResponseWriter, err error, what gofakes3.ErrorCode) {
	code := fault(err, what)
	refuse(w, code.Status(), string(code))
}

// fault is the S3 error code of a sentinel.
func fault(err error, what gofakes3.ErrorCode) gofakes3.ErrorCode {
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		return what
	case errors.Is(err, bucket.ErrNoBucket):
		return gofakes3.ErrNoSuchBucket
	case errors.Is(err, bucket.ErrPrecondition):
		return gofakes3.ErrPreconditionFailed
	case errors.Is(err, bucket.ErrInvalid):
		return gofakes3.ErrInvalidPart
	}
	return gofakes3.ErrInternal
}
