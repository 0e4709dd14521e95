package s3store

import (
	"context"
	"iter"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// pageSize is S3's limit for one listing.
const pageSize = 1000

// List yields current objects in key order, a thousand a request.
func (s *Store) List(ctx context.Context, p bucket.Page) iter.Seq2[bucket.Info, error] {
	return func(yield func(bucket.Info, error) bool) {
		in := &s3.ListObjectsV2Input{
			Bucket: &s.name, Prefix: optional(p.Prefix), StartAfter: optional(p.After), EncodingType: types.EncodingTypeUrl,
		}
		for left := p.Limit; ; {
			in.MaxKeys = aws.Int32(limit(left))
			out, err := s.listPage(ctx, in)
			if err != nil {
				yield(bucket.Info{}, err)
				return
			}
			for _, o := range out.Contents {
				if !yield(listed(o, out), nil) {
					return
				}
			}
			left -= len(out.Contents)
			if !aws.ToBool(out.IsTruncated) || p.Limit > 0 && left <= 0 {
				return
			}
			in.ContinuationToken = out.NextContinuationToken
		}
	}
}

func (s *Store) listPage(ctx context.Context, in *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error) {
	ctx, w := watch(ctx)
	out, err := s.client.ListObjectsV2(ctx, in)
	if err != nil {
		return nil, fail(ctx, "list", err, w, harmless)
	}
	return out, nil
}

func limit(left int) int32 {
	if left > 0 && left < pageSize {
		return int32(left)
	}
	return pageSize
}

func listed(o types.Object, out *s3.ListObjectsV2Output) bucket.Info {
	return bucket.Info{
		Key: decode(o.Key, out.EncodingType), ETag: unquote(o.ETag), Size: aws.ToInt64(o.Size),
		Modified: aws.ToTime(o.LastModified), Date: date(out.ResultMetadata),
	}
}

// decode undoes the encoding of keys that listings are asked for: without it a
// key with a control character cannot be in XML at all.
func decode(key *string, e types.EncodingType) string {
	if e == types.EncodingTypeUrl {
		if k, err := url.QueryUnescape(aws.ToString(key)); err == nil {
			return k
		}
	}
	return aws.ToString(key)
}
