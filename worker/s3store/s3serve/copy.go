//go:build !nosandbox

package s3serve

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rclone/gofakes3"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore/objects"
)

// source finds the version that a copy starts from, and checks the condition
// on it.
func (s *Server) source(r *http.Request) (objects.Version, error) {
	path, query, _ := strings.Cut(r.Header.Get("X-Amz-Copy-Source"), "?")
	path, err := url.PathUnescape(path)
	if err != nil {
		return objects.Version{}, bucket.ErrNotFound
	}
	name, key := split(path)
	b := s.backend.lookup(name)
	if b == nil {
		return objects.Version{}, bucket.ErrNoBucket
	}
	id := ""
	if q, err := url.ParseQuery(query); err == nil {
		id = q.Get("versionId")
	}
	v, err := b.Get(key, id)
	if err != nil {
		return objects.Version{}, err
	}
	if want := r.Header.Get("X-Amz-Copy-Source-If-Match"); want != "" && strings.Trim(want, `"`) != v.ETag {
		return objects.Version{}, bucket.ErrPrecondition
	}
	return v, nil
}

type copyResult struct {
	XMLName      xml.Name
	ETag         string
	LastModified string
}

func (s *Server) copyObject(w http.ResponseWriter, r *http.Request, bucketName, key string) {
	to := s.backend.lookup(bucketName)
	if to == nil {
		fail(w, bucket.ErrNoBucket, "")
		return
	}
	from, err := s.source(r)
	if err != nil {
		fail(w, err, gofakes3.ErrNoSuchKey)
		return
	}
	if int64(len(from.Body)) > s.maxCopy {
		refuse(w, http.StatusBadRequest, string(gofakes3.ErrInvalidRequest))
		return
	}
	v, err := to.Put(objects.Write{
		Key: key, Body: from.Body, Header: copiedHeader(r.Header, from.Header), At: now(), Condition: condition(r.Context()),
	})
	if err != nil {
		fail(w, err, gofakes3.ErrNoSuchKey)
		return
	}
	if id := shown(to, v.ID); id != "" {
		w.Header().Set("x-amz-version-id", string(id))
	}
	answer(w, copyResult{xml.Name{Local: "CopyObjectResult"}, quote(v.ETag), v.Modified.Format(timeFormat)})
}

// timeFormat is how times are written in S3's XML.
const timeFormat = "2006-01-02T15:04:05.000Z"

// copiedHeader is the description of a copy: the source's, or where the
// directives say so the request's. S3's default is the source's, and so is this
// server's: a copy that should carry nothing must say so.
func copiedHeader(req http.Header, source map[string]string) map[string]string {
	out := map[string]string{}
	replace := req.Get("X-Amz-Metadata-Directive") == "REPLACE"
	for name, value := range source {
		if !replace && name != gofakes3.TaggingMetadataKey && !strings.HasPrefix(name, "X-Amz-Checksum-") {
			out[name] = value
		}
	}
	for name := range req {
		if replace && describes(name) {
			out[name] = req.Get(name)
		}
	}
	tags := source[gofakes3.TaggingMetadataKey]
	if req.Get("X-Amz-Tagging-Directive") == "REPLACE" {
		tags = req.Get("X-Amz-Tagging")
	}
	if tags != "" {
		out[gofakes3.TaggingMetadataKey] = tags
	}
	return out
}

// describes says whether a header is kept with an object, by its canonical name.
func describes(name string) bool {
	switch name {
	case "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires",
		"X-Amz-Website-Redirect-Location":
		return true
	}
	return strings.HasPrefix(name, "X-Amz-Meta-")
}

// copyPart answers UploadPartCopy by handing gofakes3, which keeps count of
// parts, an UploadPart with the source's bytes as its body.
func (s *Server) copyPart(w http.ResponseWriter, r *http.Request, bucketName string) {
	from, err := s.source(r)
	if err != nil {
		fail(w, err, gofakes3.ErrNoSuchKey)
		return
	}
	body, ok := cutRange(from.Body, r.Header.Get("X-Amz-Copy-Source-Range"))
	if !ok {
		refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		return
	}
	b := s.backend.lookup(bucketName)
	number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	if b == nil || err != nil || number < 1 {
		fail(w, bucket.ErrInvalid, "")
		return
	}
	s.storePart(w, r, body)
}

// storePart makes the request an UploadPart and answers as UploadPartCopy does.
func (s *Server) storePart(w http.ResponseWriter, r *http.Request, body []byte) {
	part := r.Clone(r.Context())
	for name := range part.Header {
		if strings.HasPrefix(name, "X-Amz-Copy-") || name == "X-Amz-Content-Sha256" {
			part.Header.Del(name)
		}
	}
	part.Body = bodyOf(body)
	part.ContentLength = int64(len(body))
	part.Header.Set("Content-Length", strconv.Itoa(len(body)))
	rec := &recorder{header: http.Header{}}
	s.fake.ServeHTTP(rec, part)
	if etag := rec.header.Get("ETag"); etag != "" {
		answer(w, copyResult{xml.Name{Local: "CopyPartResult"}, etag, now().Format(timeFormat)})
		return
	}
	fail(w, bucket.ErrNotFound, gofakes3.ErrNoSuchUpload)
}

// cutRange takes "bytes=first-last" out of body; an empty range is all of it.
func cutRange(body []byte, r string) ([]byte, bool) {
	if r == "" {
		return body, true
	}
	var first, last int
	if _, err := fmt.Sscanf(r, "bytes=%d-%d", &first, &last); err != nil {
		return nil, false
	}
	if first < 0 || last < first || last >= len(body) {
		return nil, false
	}
	return body[first : last+1], true
}
