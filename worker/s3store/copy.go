package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Copy makes key from the exact source with nothing of its description. A
// source that is too large for one request is copied in parts, each of them
// from the exact source.
func (s *Store) Copy(ctx context.Context, key string, src bucket.Source, o bucket.PutOptions) (bucket.Info, error) {
	if src.ETag == "" || o.Condition != (bucket.Condition{}) {
		return bucket.Info{}, &bucket.Error{Op: "copy", Class: bucket.ErrInvalid}
	}
	info, err := s.copyWhole(ctx, key, src, o)
	if err == nil || !errors.Is(err, bucket.ErrInvalid) {
		return info, err
	}
	// S3 answers 400 to a source over 5 GiB, with a code that means other
	// things too. Only the size tells.
	size, herr := s.sourceSize(ctx, src)
	if herr != nil || size <= s.o.CopyPartSize {
		return info, err
	}
	return s.copyParts(ctx, key, src, size, o)
}

func (s *Store) copyWhole(ctx context.Context, key string, src bucket.Source, o bucket.PutOptions) (bucket.Info, error) {
	ctx, w := watch(ctx)
	out, err := s.client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &s.name, Key: &key,
		CopySource: aws.String(copySource(src)), CopySourceIfMatch: quote(src.ETag),
		MetadataDirective:   types.MetadataDirectiveReplace,
		TaggingDirective:    types.TaggingDirectiveReplace,
		AnnotationDirective: types.AnnotationDirectiveExclude,
		ContentType:         optional(o.ContentType), Metadata: o.Metadata,
	}, once)
	if err != nil {
		return bucket.Info{}, fail(ctx, "copy", err, w, visible)
	}
	info := bucket.Info{Key: key, Version: aws.ToString(out.VersionId), Date: date(out.ResultMetadata)}
	if out.CopyObjectResult != nil {
		info.ETag = unquote(out.CopyObjectResult.ETag)
		info.Modified = aws.ToTime(out.CopyObjectResult.LastModified)
	}
	return info, nil
}

func (s *Store) sourceSize(ctx context.Context, src bucket.Source) (int64, error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &src.Bucket, Key: &src.Key, VersionId: optional(src.Version), IfMatch: quote(src.ETag),
	})
	if err != nil {
		return 0, err
	}
	return aws.ToInt64(out.ContentLength), nil
}

// copyParts copies by UploadPartCopy. What was begun is aborted on failure.
func (s *Store) copyParts(ctx context.Context, key string, src bucket.Source, size int64, o bucket.PutOptions) (bucket.Info, error) {
	p := &putting{store: s}
	up, err := p.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &s.name, Key: &key, ContentType: optional(o.ContentType), Metadata: o.Metadata,
	})
	if err == nil {
		err = s.completeCopy(ctx, p, up, src, size)
	}
	if err != nil {
		if up != nil {
			_, _ = p.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.name, Key: &key, UploadId: up.UploadId})
		}
		return bucket.Info{}, renamed(err, "copy")
	}
	p.info.Key, p.info.Size = key, size
	return p.info, nil
}

func (s *Store) completeCopy(ctx context.Context, p *putting, up *s3.CreateMultipartUploadOutput, src bucket.Source, size int64) error {
	var parts []types.CompletedPart
	for from := int64(0); from < size; from += s.o.CopyPartSize {
		part, err := s.copyPart(ctx, up, src, int32(len(parts)+1), from, min(from+s.o.CopyPartSize, size)-1)
		if err != nil {
			return err
		}
		parts = append(parts, part)
	}
	_, err := p.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: up.Bucket, Key: up.Key, UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	return err
}

// copyPart copies the bytes first to last, both included.
func (s *Store) copyPart(ctx context.Context, up *s3.CreateMultipartUploadOutput, src bucket.Source, number int32, first, last int64) (types.CompletedPart, error) {
	ctx, w := watch(ctx)
	out, err := s.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: up.Bucket, Key: up.Key, UploadId: up.UploadId, PartNumber: &number,
		CopySource: aws.String(copySource(src)), CopySourceIfMatch: quote(src.ETag),
		CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", first, last)),
	})
	if err != nil {
		return types.CompletedPart{}, fail(ctx, "copy", err, w, harmless)
	}
	return types.CompletedPart{PartNumber: &number, ETag: out.CopyPartResult.ETag}, nil
}

// renamed says which operation failed where another one's helper was used.
func renamed(err error, op string) error {
	var be *bucket.Error
	if errors.As(err, &be) {
		be.Op = op
	}
	return err
}

// copySource writes the x-amz-copy-source header. Everything but unreserved
// characters is escaped: stores differ in what a "+" means there.
func copySource(src bucket.Source) string {
	out := escape(src.Bucket) + "/" + escape(src.Key)
	if src.Version != "" {
		out += "?versionId=" + url.QueryEscape(src.Version)
	}
	return out
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
