package s3store

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

const (
	removers    = 8    // keys whose remnants are listed at the same time
	deleteBatch = 1000 // S3's limit for one DeleteObjects
)

// Remove takes away every version, delete marker and unfinished upload of
// exactly these keys. Where some fail, the rest are gone all the same; the
// error is the first one's. It needs s3:GetBucketVersioning, s3:ListBucketVersions,
// s3:ListBucketMultipartUploads, s3:AbortMultipartUpload and
// s3:DeleteObjectVersion.
func (s *Store) Remove(ctx context.Context, keys ...string) error {
	if len(keys) > 0 && s.unversioned(ctx) {
		return s.removePlain(ctx, keys)
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		found []bucket.Remnant
		first error
	)
	slots := make(chan struct{}, removers)
	for _, key := range keys {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			rs, err := s.remnantsOf(ctx, key)
			mu.Lock()
			defer mu.Unlock()
			found = append(found, rs...)
			first = firstOf(first, err)
		})
	}
	wg.Wait()
	return firstOf(s.erase(ctx, found), first)
}

// remnantsOf lists what there is of exactly one key. Longer keys sort after it,
// so a page that has gone past it is the last one looked at.
func (s *Store) remnantsOf(ctx context.Context, key string) (out []bucket.Remnant, err error) {
	for _, pages := range []pages{s.versions(ctx, "remove", key), s.uploads(ctx, "remove", key)} {
		for page, err := range pages {
			if err != nil {
				return out, err
			}
			past := false
			for _, r := range page {
				if r.Key == key {
					out = append(out, r)
				}
				past = past || r.Key > key
			}
			if past {
				break
			}
		}
	}
	return out, nil
}

// erase deletes versions and markers in batches and aborts uploads.
func (s *Store) erase(ctx context.Context, rs []bucket.Remnant) (first error) {
	var batch []types.ObjectIdentifier
	for _, r := range rs {
		switch {
		case r.Upload != "":
			first = firstOf(first, s.abort(ctx, r))
		case !inXML(r.Key):
			first = firstOf(first, s.deleteOne(ctx, r))
		default:
			batch = append(batch, types.ObjectIdentifier{Key: aws.String(r.Key), VersionId: optional(r.Version)})
		}
	}
	for chunk := range slices.Chunk(batch, deleteBatch) {
		first = firstOf(first, s.deleteMany(ctx, chunk))
	}
	return first
}

func (s *Store) deleteMany(ctx context.Context, objects []types.ObjectIdentifier) (first error) {
	ctx, w := watch(ctx)
	out, err := s.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &s.name, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)},
	})
	if err != nil {
		return fail(ctx, "remove", err, w, harmless)
	}
	for _, e := range out.Errors {
		first = firstOf(first, perKey(letters(aws.ToString(e.Code))))
	}
	return first
}

// perKey is the error of one key of a batch, which has a code and no status.
func perKey(code string) error {
	switch code {
	case "NoSuchKey", "NoSuchVersion":
		return nil // absent is what was wanted
	case "AccessDenied":
		return &bucket.Error{Op: "remove", Class: bucket.ErrDenied, Code: code}
	case "InternalError", "":
		return &bucket.Error{Op: "remove", Class: bucket.ErrUnavailable, Code: code}
	}
	return &bucket.Error{Op: "remove", Class: class(code, http.StatusBadRequest, harmless), Code: code}
}

func (s *Store) deleteOne(ctx context.Context, r bucket.Remnant) error {
	ctx, w := watch(ctx)
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.name, Key: &r.Key, VersionId: optional(r.Version)})
	return gone(ctx, err, w)
}

func (s *Store) abort(ctx context.Context, r bucket.Remnant) error {
	ctx, w := watch(ctx)
	_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.name, Key: &r.Key, UploadId: &r.Upload})
	return gone(ctx, err, w)
}

// gone makes "not there" a success.
func gone(ctx context.Context, err error, w *wire) error {
	if err == nil {
		return nil
	}
	err = fail(ctx, "remove", err, w, harmless)
	var be *bucket.Error
	if errors.As(err, &be) && (be.Code == "NoSuchUpload" || be.Code == "NoSuchKey" || be.Code == "NoSuchVersion") {
		return nil
	}
	return err
}

// inXML says whether a key can be written in an XML 1.0 document, which the
// body of a DeleteObjects is. One that cannot is deleted by a request of its own.
func inXML(key string) bool {
	if !utf8.ValidString(key) {
		return false
	}
	for _, r := range key {
		if r < 0x20 && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError {
			return false
		}
	}
	return true
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
