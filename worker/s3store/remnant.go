package s3store

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// pages is a listing as the store answers it.
type pages = iter.Seq2[[]bucket.Remnant, error]

// Remnants yields versions and delete markers under prefix, then unfinished
// uploads.
func (s *Store) Remnants(ctx context.Context, prefix string) iter.Seq2[bucket.Remnant, error] {
	return func(yield func(bucket.Remnant, error) bool) {
		for _, pages := range []pages{s.versions(ctx, "list", prefix), s.uploads(ctx, "list", prefix)} {
			for page, err := range pages {
				if err != nil {
					yield(bucket.Remnant{}, err)
					return
				}
				for _, r := range page {
					if !yield(r, nil) {
						return
					}
				}
			}
		}
	}
}

// versions yields pages of versions and delete markers. Within a page versions
// come first; pages are in key order.
func (s *Store) versions(ctx context.Context, op, prefix string) pages {
	return func(yield func([]bucket.Remnant, error) bool) {
		in := &s3.ListObjectVersionsInput{Bucket: &s.name, Prefix: optional(prefix), EncodingType: types.EncodingTypeUrl}
		for {
			wctx, w := watch(ctx)
			out, err := s.client.ListObjectVersions(wctx, in)
			if err != nil {
				yield(nil, fail(ctx, op, err, w, harmless))
				return
			}
			if !yield(versionPage(out), nil) || !aws.ToBool(out.IsTruncated) {
				return
			}
			in.KeyMarker, in.VersionIdMarker = aws.String(decode(out.NextKeyMarker, out.EncodingType)), out.NextVersionIdMarker
		}
	}
}

func versionPage(out *s3.ListObjectVersionsOutput) (page []bucket.Remnant) {
	for _, v := range out.Versions {
		page = append(page, bucket.Remnant{
			Key: decode(v.Key, out.EncodingType), Version: aws.ToString(v.VersionId), Modified: aws.ToTime(v.LastModified),
		})
	}
	for _, m := range out.DeleteMarkers {
		page = append(page, bucket.Remnant{
			Key: decode(m.Key, out.EncodingType), Version: aws.ToString(m.VersionId), Marker: true, Modified: aws.ToTime(m.LastModified),
		})
	}
	return page
}

// uploads yields pages of unfinished multipart uploads.
func (s *Store) uploads(ctx context.Context, op, prefix string) pages {
	return func(yield func([]bucket.Remnant, error) bool) {
		in := &s3.ListMultipartUploadsInput{Bucket: &s.name, Prefix: optional(prefix), EncodingType: types.EncodingTypeUrl}
		for {
			wctx, w := watch(ctx)
			out, err := s.client.ListMultipartUploads(wctx, in)
			if err != nil {
				yield(nil, fail(ctx, op, err, w, harmless))
				return
			}
			if !yield(uploadPage(out), nil) || !aws.ToBool(out.IsTruncated) {
				return
			}
			in.KeyMarker, in.UploadIdMarker = aws.String(decode(out.NextKeyMarker, out.EncodingType)), out.NextUploadIdMarker
		}
	}
}

func uploadPage(out *s3.ListMultipartUploadsOutput) (page []bucket.Remnant) {
	for _, u := range out.Uploads {
		page = append(page, bucket.Remnant{
			Key: decode(u.Key, out.EncodingType), Upload: aws.ToString(u.UploadId), Modified: aws.ToTime(u.Initiated),
		})
	}
	return page
}
