//go:build !nosandbox

package s3serve

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"

	"github.com/rclone/gofakes3"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// page is what the listings of versions and uploads have in common.
type page struct {
	prefix, key, id string
	limit           int
	encode          func(string) string
	encoding        string
}

// parsePage reads a listing's parameters. Delimiters are not supported here.
func parsePage(q url.Values, id, limit string) (page, bool) {
	p := page{
		prefix: q.Get("prefix"), key: q.Get("key-marker"), id: q.Get(id), limit: 1000,
		encoding: q.Get("encoding-type"), encode: func(s string) string { return s },
	}
	if p.encoding == "url" {
		p.encode = gofakes3.URLEncode
	}
	if n, err := strconv.Atoi(q.Get(limit)); err == nil && n > 0 && n < p.limit {
		p.limit = n
	}
	return p, !q.Has("delimiter") && (p.encoding == "" || p.encoding == "url")
}

type versionEntry struct {
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified string
	ETag         string `xml:",omitempty"`
	Size         int
}

type versionList struct {
	XMLName             xml.Name `xml:"ListVersionsResult"`
	Name, Prefix        string
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       string `xml:",omitempty"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	MaxKeys             int
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	Version             []versionEntry
	DeleteMarker        []versionEntry
}

func (s *Server) listVersions(w http.ResponseWriter, bucketName string, q url.Values) {
	b := s.backend.lookup(bucketName)
	if b == nil {
		fail(w, bucket.ErrNoBucket, "")
		return
	}
	p, ok := parsePage(q, "version-id-marker", "max-keys")
	if !ok {
		refuse(w, http.StatusNotImplemented, string(gofakes3.ErrNotImplemented))
		return
	}
	out := versionList{
		Name: bucketName, Prefix: p.encode(p.prefix), KeyMarker: p.encode(p.key), VersionIDMarker: p.id,
		MaxKeys: p.limit, EncodingType: p.encoding,
	}
	vs, more := b.Versions(p.prefix, p.key, p.id, p.limit)
	for _, v := range vs {
		e := versionEntry{
			Key: p.encode(v.Key), VersionID: v.ID, IsLatest: v.Latest,
			LastModified: v.Modified.Format(timeFormat), Size: len(v.Body),
		}
		if v.Marker {
			out.DeleteMarker = append(out.DeleteMarker, e)
			continue
		}
		e.ETag = quote(v.ETag)
		out.Version = append(out.Version, e)
	}
	if out.IsTruncated = more; more {
		last := vs[len(vs)-1]
		out.NextKeyMarker, out.NextVersionIDMarker = p.encode(last.Key), last.ID
	}
	answer(w, out)
}

type uploadEntry struct {
	Key       string
	UploadID  string `xml:"UploadId"`
	Initiated string
}

type uploadList struct {
	XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
	Bucket, Prefix     string
	KeyMarker          string
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      string `xml:",omitempty"`
	NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
	MaxUploads         int
	EncodingType       string `xml:",omitempty"`
	IsTruncated        bool
	Upload             []uploadEntry
}

func (s *Server) listUploads(w http.ResponseWriter, bucketName string, q url.Values) {
	b := s.backend.lookup(bucketName)
	if b == nil {
		fail(w, bucket.ErrNoBucket, "")
		return
	}
	p, ok := parsePage(q, "upload-id-marker", "max-uploads")
	if !ok {
		refuse(w, http.StatusNotImplemented, string(gofakes3.ErrNotImplemented))
		return
	}
	out := uploadList{
		Bucket: bucketName, Prefix: p.encode(p.prefix), KeyMarker: p.encode(p.key), UploadIDMarker: p.id,
		MaxUploads: p.limit, EncodingType: p.encoding,
	}
	us, more := b.Uploads(p.prefix, p.key, p.id, p.limit)
	for _, u := range us {
		out.Upload = append(out.Upload, uploadEntry{p.encode(u.Key), u.ID, u.Began.Format(timeFormat)})
	}
	if out.IsTruncated = more; more {
		last := us[len(us)-1]
		out.NextKeyMarker, out.NextUploadIDMarker = p.encode(last.Key), last.ID
	}
	answer(w, out)
}
