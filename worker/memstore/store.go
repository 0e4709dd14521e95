package memstore

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore/objects"
)

// Store is one bucket of a Server. It keeps all that worker.Store promises.
type Store struct {
	server    *Server
	name      string
	objects   *objects.Bucket
	retention bool
}

// Name is the bucket's name.
func (s *Store) Name() string { return s.name }

// Properties says how the bucket was made.
func (s *Store) Properties(context.Context) (bucket.Properties, error) {
	return bucket.Properties{Versioning: s.objects.Versioning(), DefaultRetention: s.retention}, nil
}

// Head describes an object or a version of it.
func (s *Store) Head(ctx context.Context, key, version string) (bucket.Info, error) {
	return run(ctx, s.server, s.call(Head, key), func() (bucket.Info, error) {
		v, err := s.objects.Get(key, version)
		if err != nil {
			return bucket.Info{}, err
		}
		return s.info(v), nil
	})
}

// Get reads an object.
func (s *Store) Get(ctx context.Context, key string, o bucket.GetOptions) (bucket.Object, error) {
	return run(ctx, s.server, s.call(Get, key), func() (bucket.Object, error) {
		v, err := s.objects.Get(key, o.Version)
		switch {
		case err != nil:
			return bucket.Object{}, err
		case o.IfMatch != "" && o.IfMatch != v.ETag:
			return bucket.Object{}, bucket.ErrPrecondition
		case o.Changed != "" && o.Changed == v.ETag:
			return bucket.Object{}, bucket.ErrNotModified
		}
		return part(bucket.Object{Info: s.info(v)}, v.Body, o)
	})
}

// part cuts the body as it was asked for.
func part(obj bucket.Object, body []byte, o bucket.GetOptions) (bucket.Object, error) {
	if o.Length > 0 {
		if o.Offset >= int64(len(body)) {
			return bucket.Object{}, bucket.ErrInvalid
		}
		body = body[o.Offset:min(o.Offset+o.Length, int64(len(body)))]
		obj.Size = int64(len(body))
	}
	obj.Body = io.NopCloser(bytes.NewReader(body))
	return obj, nil
}

// Put writes an object. The body is read before anything is sent, so that a
// postponed write has it.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		// The reader is the caller's and so is its error, but its text may
		// name a file.
		return bucket.Info{}, &bucket.Error{Op: string(Put), Class: bucket.ErrUnavailable}
	}
	c := s.call(Put, key)
	c.Condition = o.Condition
	return run(ctx, s.server, c, func() (bucket.Info, error) {
		return s.write(key, content, o)
	})
}

// Copy makes an object from the exact source, in this bucket or another of the
// same server.
func (s *Store) Copy(ctx context.Context, key string, src bucket.Source, o bucket.PutOptions) (bucket.Info, error) {
	c := s.call(Copy, key)
	c.Source, c.Condition = src, o.Condition
	return run(ctx, s.server, c, func() (bucket.Info, error) {
		if src.ETag == "" || o.Condition != (bucket.Condition{}) {
			return bucket.Info{}, bucket.ErrInvalid
		}
		from := s.server.Lookup(src.Bucket)
		if from == nil {
			return bucket.Info{}, bucket.ErrNoBucket
		}
		v, err := from.Get(src.Key, src.Version)
		if err != nil {
			return bucket.Info{}, err
		}
		if v.ETag != src.ETag {
			return bucket.Info{}, bucket.ErrPrecondition
		}
		return s.write(key, v.Body, o)
	})
}

func (s *Store) write(key string, body []byte, o bucket.PutOptions) (bucket.Info, error) {
	v, err := s.objects.Put(objects.Write{
		Key: key, Body: body, Header: header(o), At: s.server.written(), Condition: o.Condition,
	})
	if err != nil {
		return bucket.Info{}, err
	}
	info := s.info(v)
	info.ContentType, info.Metadata = "", nil // a PUT's answer has neither
	return info, nil
}

// Remove takes away every version, marker and unfinished upload of these keys,
// one after the other; it stops at the first that fails.
func (s *Store) Remove(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		_, err := run(ctx, s.server, s.call(Remove, key), func() (struct{}, error) {
			return struct{}{}, s.objects.Purge(key, s.server.now())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) call(op Op, key string) Call { return Call{Op: op, Bucket: s.name, Key: key} }

// info describes a version as the server would now.
func (s *Store) info(v objects.Version) bucket.Info {
	i := bucket.Info{
		Key: v.Key, ETag: v.ETag, Size: int64(len(v.Body)), Modified: v.Modified,
		ContentType: v.Header["Content-Type"], Metadata: metadata(v.Header), Date: s.server.now(),
	}
	if s.objects.Versioning() != bucket.Unversioned {
		i.Version = v.ID
	}
	return i
}

const metaPrefix = "X-Amz-Meta-"

// header is what an object written with o answers with.
func header(o bucket.PutOptions) map[string]string {
	h := map[string]string{}
	if o.ContentType != "" {
		h["Content-Type"] = o.ContentType
	}
	for k, v := range o.Metadata {
		h[http.CanonicalHeaderKey(metaPrefix+k)] = v
	}
	return h
}

// metadata reads user metadata back, with lower-case names.
func metadata(h map[string]string) map[string]string {
	m := map[string]string{}
	for k, v := range h {
		if name, ok := strings.CutPrefix(k, metaPrefix); ok {
			m[strings.ToLower(name)] = v
		}
	}
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}
