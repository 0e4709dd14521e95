package s3store

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Put writes an object, in parts when it is larger than Options.PartSize. The
// request that makes it visible is sent once.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error) {
	in := &s3.PutObjectInput{
		Bucket: &s.name, Key: &key,
		ContentType: optional(o.ContentType), Metadata: o.Metadata, IfMatch: quote(o.IfMatch),
	}
	if o.Absent {
		in.IfNoneMatch = aws.String("*")
	}
	src, err := measure(body)
	if err != nil {
		return bucket.Info{}, refused(err)
	}
	p := &putting{store: s}
	if err := s.upload(ctx, p, in, src.reader()); err != nil {
		if src.err != nil {
			return bucket.Info{}, refused(src.err)
		}
		return bucket.Info{}, fail(ctx, "put", err, &wire{}, harmless)
	}
	p.info.Key, p.info.Size = key, src.size
	return p.info, nil
}

// refused is the error of a body that could not be read. Only classes of our
// own are kept of it: its text may name a file.
func refused(err error) error {
	class := bucket.ErrUnavailable
	if errors.Is(err, bucket.ErrTooLarge) {
		class = bucket.ErrTooLarge
	}
	return &bucket.Error{Op: "put", Class: class}
}

// once turns the SDK's retries off.
func once(o *s3.Options) { o.Retryer = aws.NopRetryer{} }

// putting is the S3 client of one upload. It sends what makes the object
// visible once, sorts errors where it is known what was sent, and keeps what
// the last answer said.
type putting struct {
	store *Store
	info  bucket.Info
}

func (p *putting) PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	ctx, w := watch(ctx)
	out, err := p.store.client.PutObject(ctx, in, append(opts, once)...)
	if err != nil {
		return nil, fail(ctx, "put", err, w, visible)
	}
	p.info = bucket.Info{ETag: unquote(out.ETag), Version: aws.ToString(out.VersionId), Date: date(out.ResultMetadata)}
	return out, nil
}

func (p *putting) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput, opts ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	ctx, w := watch(ctx)
	out, err := p.store.client.CreateMultipartUpload(ctx, in, append(opts, once)...)
	if err != nil {
		return nil, fail(ctx, "put", err, w, harmless)
	}
	return out, nil
}

func (p *putting) UploadPart(ctx context.Context, in *s3.UploadPartInput, opts ...func(*s3.Options)) (*s3.UploadPartOutput, error) {
	ctx, w := watch(ctx)
	out, err := p.store.client.UploadPart(ctx, in, opts...)
	if err != nil {
		return nil, fail(ctx, "put", err, w, harmless)
	}
	return out, nil
}

func (p *putting) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, opts ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	ctx, w := watch(ctx)
	out, err := p.store.client.CompleteMultipartUpload(ctx, in, append(opts, once)...)
	if err != nil {
		return nil, fail(ctx, "put", err, w, visible)
	}
	p.info = bucket.Info{ETag: unquote(out.ETag), Version: aws.ToString(out.VersionId), Date: date(out.ResultMetadata)}
	return out, nil
}

// abortTimeout is how long the parts of a failed upload are tried to be taken
// away. What stays is found by Remnants and Remove.
const abortTimeout = 30 * time.Second

// AbortMultipartUpload goes on when the upload was cancelled: that is when it
// is needed most.
func (p *putting) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput, opts ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	return p.store.client.AbortMultipartUpload(ctx, in, opts...)
}
