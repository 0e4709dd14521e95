package memstore_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

func TestClockIsTheServersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := memstore.NewServer()
		server.SetSkew(-20 * time.Minute)
		s := server.Bucket("acme-docs")
		if err := put(t, s, "a", "x", bucket.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		info, err := s.Head(t.Context(), "a", "")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := info.Date, time.Now().Add(-20*time.Minute); !got.Equal(want) {
			t.Errorf("date: got %v, want %v", got, want)
		}
		if got := info.Date.Sub(info.Modified); got != time.Hour {
			t.Errorf("age: got %v, want an hour", got)
		}
	})
}

func TestListingTakesOneCallAPage(t *testing.T) {
	server := memstore.NewServer()
	s := server.Bucket("acme-docs")
	for i := range 7 {
		if err := put(t, s, fmt.Sprint("a", i), "x", bucket.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	server.SetPageSize(3)
	n := 0
	for _, err := range s.List(t.Context(), bucket.Page{Prefix: "a"}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if got := server.Requests()[memstore.List]; n != 7 || got != 3 {
		t.Errorf("got %d objects in %d calls, want 7 in 3", n, got)
	}
}

func TestRetentionRefusesRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.NewServer().Create("locked", memstore.Options{Versioned: true, DefaultRetention: time.Hour})
		p, err := s.Properties(t.Context())
		if err != nil || !p.DefaultRetention || p.Versioning != bucket.Enabled {
			t.Errorf("properties: got %+v, %v", p, err)
		}
		if err := put(t, s, "a", "x", bucket.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(t.Context(), "a"); !errors.Is(err, bucket.ErrDenied) {
			t.Errorf("at once: got %v, want %v", err, bucket.ErrDenied)
		}
		time.Sleep(time.Hour)
		if err := s.Remove(t.Context(), "a"); err != nil {
			t.Errorf("an hour later: got %v", err)
		}
	})
}

func TestBucketsAreShared(t *testing.T) {
	server := memstore.NewServer()
	if err := put(t, server.Bucket("acme-docs"), "a", "one", ifAbsent); err != nil {
		t.Fatal(err)
	}
	if got := content(t, server.Bucket("acme-docs"), "a"); got != "one" {
		t.Errorf("got %q", got)
	}
	_, _, err := server.GetRaw("other", "a")
	if !errors.Is(err, bucket.ErrNoBucket) || server.Lookup("other") != nil || len(server.Buckets()) != 1 {
		t.Errorf("other: got %v, %v", err, server.Buckets())
	}
	_, err = server.Bucket("acme-docs").Copy(t.Context(), "b", bucket.Source{Bucket: "other", Key: "a", ETag: "e"}, bucket.PutOptions{})
	if !errors.Is(err, bucket.ErrNoBucket) {
		t.Errorf("copy: got %v", err)
	}
}
