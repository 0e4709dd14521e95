//go:build !nosandbox

package s3serve

import (
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/rclone/gofakes3"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore/objects"
)

// remove deletes a version for good, or the object as S3 does without one.
func remove(b *objects.Bucket, key, id, ifMatch string) (objects.Version, error) {
	if id != "" {
		return b.DeleteVersion(key, id, now())
	}
	return b.Delete(key, ifMatch, now())
}

func (s *Server) deleteObject(w http.ResponseWriter, r *http.Request, bucketName, key string) {
	b := s.backend.lookup(bucketName)
	if b == nil {
		fail(w, bucket.ErrNoBucket, "")
		return
	}
	v, err := remove(b, key, r.URL.Query().Get("versionId"), condition(r.Context()).IfMatch)
	if err != nil {
		fail(w, err, gofakes3.ErrNoSuchKey)
		return
	}
	if v.ID != "" {
		w.Header().Set("x-amz-version-id", v.ID)
		w.Header().Set("x-amz-delete-marker", strconv.FormatBool(v.Marker))
	}
	w.WriteHeader(http.StatusNoContent)
}

// maxDeletes and maxDeleteBody are S3's limits for one DeleteObjects.
const (
	maxDeletes    = 1000
	maxDeleteBody = 2 << 20 // bytes
)

type object struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
	ETag      string `xml:"ETag,omitempty"`
}

type deleted struct {
	XMLName xml.Name `xml:"DeleteResult"`
	Deleted []object
	Error   []struct{ Key, Code string }
}

func (s *Server) deleteMany(w http.ResponseWriter, r *http.Request, bucketName string) {
	b := s.backend.lookup(bucketName)
	if b == nil {
		fail(w, bucket.ErrNoBucket, "")
		return
	}
	var in struct {
		Object []object
		Quiet  bool
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxDeleteBody))
	if err != nil {
		refuse(w, http.StatusBadRequest, string(gofakes3.ErrBadDigest))
		return
	}
	if err := xml.Unmarshal(body, &in); err != nil || len(in.Object) > maxDeletes {
		refuse(w, http.StatusBadRequest, string(gofakes3.ErrMalformedXML))
		return
	}
	var out deleted
	for _, o := range in.Object {
		if _, err := remove(b, o.Key, o.VersionID, strings.Trim(o.ETag, `"`)); err != nil {
			out.Error = append(out.Error, struct{ Key, Code string }{o.Key, string(fault(err, gofakes3.ErrNoSuchKey))})
		} else if !in.Quiet {
			out.Deleted = append(out.Deleted, o)
		}
	}
	answer(w, out)
}
