//go:build !nosandbox

package s3serve

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rclone/gofakes3"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore/objects"
)

const (
	nullVersion = objects.NullID
	nullAlias   = "null-version" // see adapt
)

// backend is what gofakes3 stores things in.
type backend struct {
	mu      sync.Mutex
	buckets map[string]*made
}

type made struct {
	*objects.Bucket
	at time.Time
}

var (
	_ gofakes3.Backend              = (*backend)(nil)
	_ gofakes3.VersionedBackend     = (*backend)(nil)
	_ gofakes3.MultipartBackend     = (*backend)(nil)
	_ gofakes3.ObjectTaggingBackend = (*backend)(nil)
)

func newBackend() *backend { return &backend{buckets: map[string]*made{}} }

// make makes a bucket if it is not there and says whether it did.
func (d *backend) make(name string, versioned bool) bool {
	v := bucket.Unversioned
	if versioned {
		v = bucket.Enabled
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.buckets[name] != nil {
		return false
	}
	d.buckets[name] = &made{objects.New(v, 0), now()}
	return true
}

func (d *backend) lookup(name string) *objects.Bucket {
	d.mu.Lock()
	defer d.mu.Unlock()
	if b := d.buckets[name]; b != nil {
		return b.Bucket
	}
	return nil
}

// now is the server's clock, in the whole seconds of HTTP.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

func (d *backend) ListBuckets(context.Context) ([]gofakes3.BucketInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []gofakes3.BucketInfo
	for _, name := range slices.Sorted(maps.Keys(d.buckets)) {
		out = append(out, gofakes3.BucketInfo{Name: name, CreationDate: gofakes3.NewContentTime(d.buckets[name].at)})
	}
	return out, nil
}

func (d *backend) CreateBucket(_ context.Context, name string) error {
	if !d.make(name, false) {
		return gofakes3.ErrorMessage(gofakes3.ErrBucketAlreadyExists, "")
	}
	return nil
}

func (d *backend) BucketExists(_ context.Context, name string) (bool, error) {
	return d.lookup(name) != nil, nil
}

func (d *backend) DeleteBucket(_ context.Context, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.buckets[name]
	switch {
	case b == nil:
		return gofakes3.ErrNoSuchBucket
	case b.Len() > 0:
		return gofakes3.ErrorMessage(gofakes3.ErrBucketNotEmpty, "")
	}
	delete(d.buckets, name)
	return nil
}

func (d *backend) HeadObject(_ context.Context, bucketName, key string) (*gofakes3.Object, error) {
	return d.read(bucketName, key, "", nil)
}

func (d *backend) GetObject(_ context.Context, bucketName, key string, r *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	return d.read(bucketName, key, "", r)
}

// read describes a version with its content. The error names no key: it ends
// up in the answer.
func (d *backend) read(bucketName, key, id string, r *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	b := d.lookup(bucketName)
	if b == nil {
		return nil, gofakes3.ErrNoSuchBucket
	}
	v, err := b.Get(key, id)
	if err != nil {
		if id != "" {
			return nil, gofakes3.ErrNoSuchVersion
		}
		return nil, gofakes3.ErrNoSuchKey
	}
	rng, err := r.Range(int64(len(v.Body)))
	if err != nil {
		return nil, err
	}
	body := v.Body
	if rng != nil {
		body = body[rng.Start : rng.Start+rng.Length]
	}
	hash, _ := hex.DecodeString(v.ETag)
	o := &gofakes3.Object{
		Name: key, Metadata: maps.Clone(v.Header), Size: int64(len(v.Body)), Hash: hash, Range: rng,
		Contents: io.NopCloser(bytes.NewReader(body)),
	}
	if o.Metadata == nil {
		o.Metadata = map[string]string{}
	}
	o.Metadata["Last-Modified"] = v.Modified.Format(http.TimeFormat)
	o.VersionID = shown(b, v.ID)
	return o, nil
}

// shown is the version id that answers carry: none in an unversioned bucket.
func shown(b *objects.Bucket, id string) gofakes3.VersionID {
	if b.Versioning() == bucket.Unversioned {
		return ""
	}
	return gofakes3.VersionID(id)
}

func (d *backend) PutObject(ctx context.Context, bucketName, key string, meta map[string]string, input io.Reader, size int64) (gofakes3.PutObjectResult, error) {
	var res gofakes3.PutObjectResult
	body, err := gofakes3.ReadAll(input, size)
	if err != nil {
		return res, err
	}
	b := d.lookup(bucketName)
	if b == nil {
		return res, gofakes3.ErrNoSuchBucket
	}
	v, err := b.Put(objects.Write{Key: key, Body: body, Header: kept(meta), At: now(), Condition: condition(ctx)})
	if err != nil {
		return res, fault(err, gofakes3.ErrNoSuchKey)
	}
	res.VersionID = shown(b, v.ID)
	return res, nil
}

// kept is what of a request's description is stored. Last-Modified is ours.
func kept(meta map[string]string) map[string]string {
	out := maps.Clone(meta)
	delete(out, "Last-Modified")
	return out
}

// DeleteObject, DeleteMulti and CopyObject are part of the interface; such
// requests are answered before they get to gofakes3.
func (d *backend) DeleteObject(context.Context, string, string) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, gofakes3.ErrNotImplemented
}

func (d *backend) DeleteMulti(context.Context, string, ...string) (gofakes3.MultiDeleteResult, error) {
	return gofakes3.MultiDeleteResult{}, gofakes3.ErrNotImplemented
}

func (d *backend) CopyObject(context.Context, string, string, string, string, map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObjectResult{}, gofakes3.ErrNotImplemented
}

// ListBucket lists current objects, folded at the delimiter if there is one.
func (d *backend) ListBucket(_ context.Context, name string, p *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	b := d.lookup(name)
	if b == nil {
		return nil, gofakes3.ErrNoSuchBucket
	}
	if p == nil {
		p = &gofakes3.Prefix{}
	}
	vs, _ := b.List(p.Prefix, page.Marker, 0)
	out := gofakes3.NewObjectList()
	last, n := "", int64(0)
	for _, v := range vs {
		group := fold(v.Key, p)
		if group != "" && (group == last || strings.HasPrefix(page.Marker, group)) {
			continue
		}
		if page.MaxKeys > 0 && n == page.MaxKeys {
			out.IsTruncated, out.NextMarker = true, last
			return out, nil
		}
		n++
		if last = group; group != "" {
			out.AddPrefix(group)
			continue
		}
		last = v.Key
		out.Add(&gofakes3.Content{
			Key: v.Key, LastModified: gofakes3.NewContentTime(v.Modified), ETag: quote(v.ETag), Size: int64(len(v.Body)),
		})
	}
	return out, nil
}

// fold is the common prefix that a key is listed under, or "".
func fold(key string, p *gofakes3.Prefix) string {
	if p.Delimiter == "" {
		return ""
	}
	rest := key[len(p.Prefix):]
	if i := strings.Index(rest, p.Delimiter); i >= 0 {
		return key[:len(p.Prefix)+i+len(p.Delimiter)]
	}
	return ""
}

func quote(etag string) string { return `"` + etag + `"` }
