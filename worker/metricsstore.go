package worker

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// countedStore counts the calls of a bucket.
type countedStore struct {
	Store
	m *meter
}

// storeCodes are the words for the classes of a store's errors, in metrics.
var storeCodes = []struct {
	class error
	code  string
}{
	{bucket.ErrNotFound, "not_found"},
	{bucket.ErrNoBucket, "no_bucket"},
	{bucket.ErrPrecondition, "precondition_failed"},
	{bucket.ErrNotModified, "not_modified"},
	{bucket.ErrConflict, "conflict"},
	{bucket.ErrDenied, "denied"},
	{bucket.ErrThrottled, "throttled"},
	{bucket.ErrCredentials, "credentials"},
	{bucket.ErrTooLarge, "too_large"},
	{bucket.ErrInvalid, "invalid"},
	{bucket.ErrUnknown, "outcome_unknown"},
	{bucket.ErrUnavailable, "unavailable"},
	{context.Canceled, "canceled"},
}

func storeCode(err error) string {
	if err == nil {
		return "ok"
	}
	for _, c := range storeCodes {
		if errors.Is(err, c.class) {
			return c.code
		}
	}
	return "error"
}

func (s *countedStore) count(operation string, err error) {
	s.m.store.WithLabelValues(operation, storeCode(err)).Inc()
}

// wrote counts a write, and whether somebody else was faster.
func (s *countedStore) wrote(operation string, c bucket.Condition, err error) {
	s.count(operation, err)
	if c != (bucket.Condition{}) && (errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrConflict)) {
		s.m.conflicts.Inc()
	}
}

// Head counts and asks.
func (s *countedStore) Head(ctx context.Context, key, version string) (bucket.Info, error) {
	i, err := s.Store.Head(ctx, key, version)
	s.count("head", err)
	return i, err
}

// Get counts and asks.
func (s *countedStore) Get(ctx context.Context, key string, o bucket.GetOptions) (bucket.Object, error) {
	obj, err := s.Store.Get(ctx, key, o)
	s.count("get", err)
	return obj, err
}

// Put counts and asks.
func (s *countedStore) Put(ctx context.Context, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error) {
	i, err := s.Store.Put(ctx, key, body, o)
	s.wrote("put", o.Condition, err)
	return i, err
}

// Copy counts and asks.
func (s *countedStore) Copy(ctx context.Context, key string, src bucket.Source, o bucket.PutOptions) (bucket.Info, error) {
	i, err := s.Store.Copy(ctx, key, src, o)
	s.count("copy", err)
	return i, err
}

// Remove counts and asks.
func (s *countedStore) Remove(ctx context.Context, keys ...string) error {
	err := s.Store.Remove(ctx, keys...)
	s.count("remove", err)
	return err
}

// pageSize is how many objects S3 lists in one answer.
const pageSize = 1000

// List counts pages and asks.
func (s *countedStore) List(ctx context.Context, p bucket.Page) iter.Seq2[bucket.Info, error] {
	return countPages(s, "list", s.Store.List(ctx, p))
}

// Remnants counts pages and asks.
func (s *countedStore) Remnants(ctx context.Context, prefix string) iter.Seq2[bucket.Remnant, error] {
	return countPages(s, "remnants", s.Store.Remnants(ctx, prefix))
}

func countPages[T any](s *countedStore, operation string, all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for v, err := range all {
			if err != nil || n%pageSize == 0 {
				s.count(operation, err)
			}
			n++
			if !yield(v, err) {
				return
			}
		}
		if n == 0 {
			s.count(operation, nil)
		}
	}
}

// Properties passes on what the bucket says of itself; nothing where it cannot.
func (s *countedStore) Properties(ctx context.Context) (bucket.Properties, error) {
	if l, ok := s.Store.(propertied); ok {
		return l.Properties(ctx)
	}
	return bucket.Properties{}, nil
}
