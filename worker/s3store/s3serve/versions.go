//go:build !nosandbox

package s3serve

import (
	"context"
	"io"
	"strings"

	"github.com/rclone/gofakes3"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore/objects"
)

func (d *backend) VersioningConfiguration(name string) (gofakes3.VersioningConfiguration, error) {
	b := d.lookup(name)
	if b == nil {
		return gofakes3.VersioningConfiguration{}, gofakes3.ErrNoSuchBucket
	}
	return gofakes3.VersioningConfiguration{Status: gofakes3.VersioningStatus(b.Versioning())}, nil
}

func (d *backend) SetVersioningConfiguration(name string, c gofakes3.VersioningConfiguration) error {
	b := d.lookup(name)
	switch {
	case b == nil:
		return gofakes3.ErrNoSuchBucket
	case c.MFADelete.Enabled() || c.Status == gofakes3.VersioningNone:
		return gofakes3.ErrIllegalVersioningConfiguration
	}
	b.SetVersioning(bucket.Versioning(c.Status))
	return nil
}

func (d *backend) GetObjectVersion(name, key string, id gofakes3.VersionID, r *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	if id == nullAlias {
		id = nullVersion
	}
	return d.read(name, key, string(id), r)
}

func (d *backend) HeadObjectVersion(name, key string, id gofakes3.VersionID) (*gofakes3.Object, error) {
	return d.GetObjectVersion(name, key, id, nil)
}

// DeleteObjectVersion and ListBucketVersions are part of the interface; such
// requests are answered before they get to gofakes3.
func (d *backend) DeleteObjectVersion(string, string, gofakes3.VersionID) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, gofakes3.ErrNotImplemented
}

func (d *backend) ListBucketVersions(string, *gofakes3.Prefix, *gofakes3.ListBucketVersionsPage) (*gofakes3.ListBucketVersionsResult, error) {
	return nil, gofakes3.ErrNotImplemented
}

// SetObjectTagging changes an object's tags.
func (d *backend) SetObjectTagging(_ context.Context, name, key, tagging string) error {
	b := d.lookup(name)
	if b == nil {
		return gofakes3.ErrNoSuchBucket
	}
	if err := b.SetHeader(key, gofakes3.TaggingMetadataKey, tagging); err != nil {
		return fault(err, gofakes3.ErrNoSuchKey)
	}
	return nil
}

func (d *backend) CreateMultipartUpload(_ context.Context, name, key string, meta map[string]string) (gofakes3.UploadID, error) {
	b := d.lookup(name)
	if b == nil {
		return "", gofakes3.ErrNoSuchBucket
	}
	return gofakes3.UploadID(b.Begin(key, kept(meta), now())), nil
}

func (d *backend) UploadPart(_ context.Context, name, _ string, id gofakes3.UploadID, number int, size int64, body io.Reader) (string, error) {
	b := d.lookup(name)
	if b == nil {
		return "", gofakes3.ErrNoSuchBucket
	}
	content, err := gofakes3.ReadAll(body, size)
	if err != nil {
		return "", err
	}
	etag, err := b.PutPart(string(id), number, content)
	if err != nil {
		return "", fault(err, gofakes3.ErrNoSuchUpload)
	}
	return quote(etag), nil
}

func (d *backend) CompleteMultipartUpload(ctx context.Context, name, key string, id gofakes3.UploadID, in *gofakes3.CompleteMultipartUploadRequest) (gofakes3.VersionID, string, error) {
	b := d.lookup(name)
	if b == nil {
		return "", "", gofakes3.ErrNoSuchBucket
	}
	var parts []objects.Part
	for _, p := range in.Parts {
		parts = append(parts, objects.Part{Number: p.PartNumber, ETag: strings.Trim(p.ETag, `"`)})
	}
	v, err := b.Complete(string(id), parts, condition(ctx), now())
	if err != nil {
		return "", "", fault(err, missing(condition(ctx)))
	}
	return shown(b, v.ID), quote(v.ETag), nil
}

// missing is what is not there when a completion finds nothing: the object
// under a condition that wants one, else the upload.
func missing(c bucket.Condition) gofakes3.ErrorCode {
	if c.IfMatch != "" {
		return gofakes3.ErrNoSuchKey
	}
	return gofakes3.ErrNoSuchUpload
}

func (d *backend) AbortMultipartUpload(_ context.Context, name, _ string, id gofakes3.UploadID) error {
	b := d.lookup(name)
	if b == nil {
		return gofakes3.ErrNoSuchBucket
	}
	if err := b.Abort(string(id)); err != nil {
		return fault(err, gofakes3.ErrNoSuchUpload)
	}
	return nil
}
