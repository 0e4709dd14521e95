package memstore

import (
	"context"
	"iter"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

type listing[T any] struct {
	items []T
	more  bool
}

// List yields current objects in key order. Each page is a call of its own and
// shows the bucket as it is at that moment.
func (s *Store) List(ctx context.Context, p bucket.Page) iter.Seq2[bucket.Info, error] {
	return func(yield func(bucket.Info, error) bool) {
		after, left := p.After, p.Limit
		for {
			l, err := run(ctx, s.server, s.call(List, p.Prefix), func() (listing[bucket.Info], error) {
				return s.page(p.Prefix, after, left), nil
			})
			if err != nil {
				yield(bucket.Info{}, err)
				return
			}
			for _, info := range l.items {
				if !yield(info, nil) {
					return
				}
				after = info.Key
			}
			left -= len(l.items)
			if !l.more || p.Limit > 0 && left <= 0 {
				return
			}
		}
	}
}

func (s *Store) page(prefix, after string, left int) listing[bucket.Info] {
	size := s.server.page()
	if left > 0 {
		size = min(size, left)
	}
	vs, more := s.objects.List(prefix, after, size)
	l := listing[bucket.Info]{more: more}
	for _, v := range vs {
		info := s.info(v)
		info.Version, info.ContentType, info.Metadata = "", "", nil // a listing has none of them
		l.items = append(l.items, info)
	}
	return l
}

// Remnants yields all versions, delete markers and unfinished uploads under
// prefix, in one call.
func (s *Store) Remnants(ctx context.Context, prefix string) iter.Seq2[bucket.Remnant, error] {
	return func(yield func(bucket.Remnant, error) bool) {
		all, err := run(ctx, s.server, s.call(Remnants, prefix), func() ([]bucket.Remnant, error) {
			return s.remnants(prefix), nil
		})
		if err != nil {
			yield(bucket.Remnant{}, err)
			return
		}
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s *Store) remnants(prefix string) (out []bucket.Remnant) {
	vs, _ := s.objects.Versions(prefix, "", "", 0)
	for _, v := range vs {
		out = append(out, bucket.Remnant{Key: v.Key, Version: v.ID, Marker: v.Marker, Modified: v.Modified})
	}
	us, _ := s.objects.Uploads(prefix, "", "", 0)
	for _, u := range us {
		out = append(out, bucket.Remnant{Key: u.Key, Upload: u.ID, Modified: u.Began})
	}
	return out
}
