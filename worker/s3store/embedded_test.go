//go:build !nosandbox

package s3store_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/s3store/s3serve"
)

// A source that is too large for one request is copied in parts, from the exact
// version and with nothing of its description.
func TestCopyInParts(t *testing.T) {
	srv, err := s3serve.Start(t.Context(), s3serve.Options{
		Buckets: []s3serve.Bucket{{Name: docs, Versioned: true}, {Name: exchange}}, MaxCopy: 6 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	from := open(t, srv, docs)
	to, err := s3store.OpenWith(t.Context(), srv.Config(), "s3://"+exchange, s3store.Options{CopyPartSize: 5 << 20})
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("0123456789abcde\n"), 12<<16) // 12 MiB
	info, err := from.Put(t.Context(), "a b+c.md", bytes.NewReader(content), bucket.PutOptions{Metadata: map[string]string{"name": "doe"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := from.Put(t.Context(), "a b+c.md", strings.NewReader("newer"), bucket.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	src := bucket.Source{Bucket: docs, Key: "a b+c.md", Version: info.Version, ETag: info.ETag}
	if _, err := to.Copy(t.Context(), "s/1.md", src, bucket.PutOptions{ContentType: "text/markdown"}); err != nil {
		t.Fatal(err)
	}
	o, err := to.Get(t.Context(), "s/1.md", bucket.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Body.Close()
	got, err := io.ReadAll(o.Body)
	if err != nil || !bytes.Equal(got, content) || o.ContentType != "text/markdown" || len(o.Metadata) != 0 {
		t.Errorf("got %d bytes, %q, %v (%v)", len(got), o.ContentType, o.Metadata, err)
	}

	src.ETag = "d41d8cd98f00b204e9800998ecf8427e"
	_, err = to.Copy(t.Context(), "s/2.md", src, bucket.PutOptions{})
	if !errors.Is(err, bucket.ErrPrecondition) {
		t.Errorf("another ETag: got %v", err)
	}
	for r, err := range to.Remnants(t.Context(), "") {
		if err != nil || r.Key != "s/1.md" || r.Upload != "" {
			t.Errorf("left: %+v, %v", r, err)
		}
	}
}

func TestEnsureBucket(t *testing.T) {
	srv := serve(t, false)
	s := open(t, srv, "made-new")
	if err := s.Check(t.Context()); !errors.Is(err, bucket.ErrNoBucket) {
		t.Errorf("before: got %v", err)
	}
	_, err := s.Put(t.Context(), "a", strings.NewReader("x"), bucket.PutOptions{})
	if !errors.Is(err, bucket.ErrNoBucket) {
		t.Errorf("put before: got %v", err)
	}
	for range 2 {
		if err := s.EnsureBucket(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("after: got %v", err)
	}
	if err := s.EnableVersioning(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := s.Properties(t.Context())
	if err != nil || p.Versioning != bucket.Enabled || p.DefaultRetention || p.Encryption != "" || !slices.Equal(p.Unknown, []string{"encryption"}) {
		t.Errorf("properties: got %+v, %v", p, err)
	}
}

func TestKeysThatMayNot(t *testing.T) {
	reader := s3serve.RandomKey("READER", s3serve.Reader(exchange))
	srv, err := s3serve.Start(t.Context(), s3serve.Options{
		Keys: []s3serve.Key{reader}, Buckets: []s3serve.Bucket{{Name: exchange}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	s := open(t, srv, exchange)
	if err := s.Check(t.Context()); !errors.Is(err, bucket.ErrDenied) {
		t.Errorf("check: got %v", err)
	}
	p, err := s.Properties(t.Context())
	if err != nil || len(p.Unknown) != 3 {
		t.Errorf("properties: got %+v, %v", p, err)
	}
	for _, err := range s.List(t.Context(), bucket.Page{}) {
		if !errors.Is(err, bucket.ErrDenied) {
			t.Errorf("list: got %v", err)
		}
	}
	if err := s.Remove(t.Context(), "s/1.md"); !errors.Is(err, bucket.ErrDenied) {
		t.Errorf("remove: got %v", err)
	}
	if _, err := s.Head(t.Context(), "s/1.md", ""); !errors.Is(err, bucket.ErrDenied) {
		t.Errorf("head: got %v", err)
	}
	if _, err := s.Get(t.Context(), "s/1.md", bucket.GetOptions{}); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("get: got %v", err)
	}
}
