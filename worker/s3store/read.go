package s3store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Head describes an object or a version of it.
func (s *Store) Head(ctx context.Context, key, version string) (bucket.Info, error) {
	ctx, w := watch(ctx)
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &s.name, Key: &key, VersionId: optional(version),
	})
	if err != nil {
		return bucket.Info{}, absent(fail(ctx, "head", err, w, harmless))
	}
	return bucket.Info{
		Key: key, Version: aws.ToString(out.VersionId), ETag: unquote(out.ETag),
		Size: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified),
		ContentType: aws.ToString(out.ContentType), Metadata: lower(out.Metadata),
		Date: date(out.ResultMetadata),
	}, nil
}

// Get reads an object. An answer that is cut off shows as an error of Body.
func (s *Store) Get(ctx context.Context, key string, o bucket.GetOptions) (bucket.Object, error) {
	ctx, w := watch(ctx)
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &s.name, Key: &key, VersionId: optional(o.Version),
		IfMatch: quote(o.IfMatch), IfNoneMatch: quote(o.Changed), Range: part(o),
	})
	if err != nil {
		return bucket.Object{}, absent(fail(ctx, "get", err, w, harmless))
	}
	return bucket.Object{
		Info: bucket.Info{
			Key: key, Version: aws.ToString(out.VersionId), ETag: unquote(out.ETag),
			Size: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified),
			ContentType: aws.ToString(out.ContentType), Metadata: lower(out.Metadata),
			Date: date(out.ResultMetadata),
		},
		Body: &body{ctx, out.Body},
	}, nil
}

// part is the Range of a read; nil for all of the object.
func part(o bucket.GetOptions) *string {
	if o.Length <= 0 {
		return nil
	}
	return aws.String(fmt.Sprintf("bytes=%d-%d", o.Offset, o.Offset+o.Length-1))
}

// absent makes the 405 that S3 answers for a delete marker what it means.
func absent(err error) error {
	var be *bucket.Error
	if errors.As(err, &be) && be.Code == "MethodNotAllowed" {
		be.Class = bucket.ErrNotFound
	}
	return err
}

// body keeps the texts of network errors to itself.
type body struct {
	ctx context.Context // only asked for its error
	io.ReadCloser
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = &bucket.Error{Op: "get", Class: bucket.ErrUnavailable, Cause: b.ctx.Err()}
	}
	return n, err
}

// Close never fails: what it would tell, Read has told.
func (b *body) Close() error {
	_ = b.ReadCloser.Close()
	return nil
}

// date is the server's clock as its answer says it.
func date(m middleware.Metadata) time.Time {
	t, _ := awsmiddleware.GetServerTime(m)
	return t.UTC()
}

// optional leaves an empty parameter out.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func quote(etag string) *string {
	if etag == "" {
		return nil
	}
	return aws.String(`"` + etag + `"`)
}

func unquote(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }

// lower makes the names of user metadata lower case; nil when there is none.
func lower(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range maps.All(m) {
		out[strings.ToLower(k)] = v
	}
	return out
}
