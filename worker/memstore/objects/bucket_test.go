package objects

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

var at = time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)

func put(t *testing.T, b *Bucket, key, body string) Version {
	t.Helper()
	v, err := b.Put(Write{Key: key, Body: []byte(body), At: at})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSuspendedBucketReplacesItsNullVersion(t *testing.T) {
	b := New(bucket.Unversioned, 0)
	put(t, b, "a", "null")
	b.SetVersioning(bucket.Enabled)
	two := put(t, b, "a", "two")
	b.SetVersioning(bucket.Suspended)
	put(t, b, "a", "null again")
	vs, _ := b.Versions("", "", "", 0)
	if len(vs) != 2 || vs[0].ID != NullID || !vs[0].Latest || vs[1].ID != two.ID || vs[1].Latest {
		t.Fatalf("got %+v", vs)
	}
	m, err := b.Delete("a", "", at)
	if err != nil || m.ID != NullID || !m.Marker {
		t.Errorf("delete: got %+v, %v", m, err)
	}
	if _, err := b.Get("a", two.ID); err != nil {
		t.Errorf("the kept version: %v", err)
	}
	if _, err := b.Get("a", ""); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("current: got %v", err)
	}
}

// Pages of any size give the same listing.
func TestPages(t *testing.T) {
	b := New(bucket.Enabled, 0)
	for _, k := range []string{"a", "a/1", "b", "c"} {
		for i := range 3 {
			put(t, b, k, fmt.Sprint(i))
		}
		if _, err := b.Delete(k, "", at); err != nil {
			t.Fatal(err)
		}
		b.Begin(k, nil, at)
		b.Begin(k, nil, at)
	}
	for size := 1; size <= 17; size++ {
		var versions, uploads []string
		for key, id, more := "", "", true; more; {
			var vs []Version
			vs, more = b.Versions("", key, id, size)
			for _, v := range vs {
				versions = append(versions, v.Key+" "+v.ID)
				key, id = v.Key, v.ID
			}
		}
		for key, id, more := "", "", true; more; {
			var us []Upload
			us, more = b.Uploads("", key, id, size)
			for _, u := range us {
				uploads = append(uploads, u.Key+" "+u.ID)
				key, id = u.Key, u.ID
			}
		}
		if len(slices.Compact(slices.Sorted(slices.Values(versions)))) != 16 || len(versions) != 16 {
			t.Errorf("pages of %d: got versions %q", size, versions)
		}
		if len(slices.Compact(slices.Sorted(slices.Values(uploads)))) != 8 || len(uploads) != 8 {
			t.Errorf("pages of %d: got uploads %q", size, uploads)
		}
	}
}

func TestCompleteChecksParts(t *testing.T) {
	b := New(bucket.Unversioned, 0)
	id := b.Begin("a", nil, at)
	one, _ := b.PutPart(id, 1, []byte("one"))
	two, _ := b.PutPart(id, 2, []byte("two"))
	for name, parts := range map[string][]Part{
		"none": nil, "another": {{1, two}}, "missing": {{1, one}, {3, two}}, "order": {{2, two}, {1, one}},
	} {
		if _, err := b.Complete(id, parts, bucket.Condition{}, at); !errors.Is(err, bucket.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	v, err := b.Complete(id, []Part{{1, one}, {2, two}}, bucket.Condition{}, at)
	if err != nil || string(v.Body) != "onetwo" {
		t.Errorf("got %q, %v", v.Body, err)
	}
	if _, err := b.Complete(id, []Part{{1, one}}, bucket.Condition{}, at); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("again: got %v", err)
	}
	if err := b.Abort(id); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("abort: got %v", err)
	}
}

func TestDeleteIfMatch(t *testing.T) {
	b := New(bucket.Unversioned, 0)
	v := put(t, b, "a", "one")
	if _, err := b.Delete("a", "other", at); !errors.Is(err, bucket.ErrPrecondition) {
		t.Errorf("other: got %v", err)
	}
	if _, err := b.Delete("a", v.ETag, at); err != nil || b.Len() != 0 {
		t.Errorf("match: got %v, %d left", err, b.Len())
	}
}
