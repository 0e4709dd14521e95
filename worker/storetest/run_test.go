package storetest

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// careless is a store that forgets conditions, and leaks a key into errors.
type careless struct{ worker.Store }

func (c careless) Put(ctx context.Context, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error) {
	o.Condition = bucket.Condition{}
	return c.Store.Put(ctx, key, body, o)
}

func (c careless) Head(ctx context.Context, key, version string) (bucket.Info, error) {
	info, err := c.Store.Head(ctx, key, version)
	if err != nil {
		err = &bucket.Error{Op: "head " + key, Class: bucket.ErrNotFound}
	}
	return info, err
}

func broken(t *testing.T, s worker.Store, name string) []string {
	t.Helper()
	i := slices.IndexFunc(promises(), func(p promise) bool { return p.name == name })
	if i < 0 {
		t.Fatalf("no promise %q", name)
	}
	p := &probe{Target: Target{Store: s, Other: s}, ctx: t.Context(), prefix: "storetest-x/" + name + "/"}
	p.run(promises()[i].check)
	return p.broken
}

func TestBrokenPromisesAreFound(t *testing.T) {
	for _, name := range []string{
		"put if absent", "put if match", "put if match of an absent key", "put if absent has one winner",
		"put if match has one winner", "a large put if absent", "absent is not found",
	} {
		good := memstore.NewServer().Bucket("acme-docs")
		if b := broken(t, good, name); len(b) != 0 {
			t.Errorf("%s: a good store: got %q", name, b)
		}
		bad := careless{memstore.NewServer().Bucket("acme-docs")}
		if b := broken(t, bad, name); len(b) == 0 {
			t.Errorf("%s: a careless store passes", name)
		}
	}
}

// verdict is a *testing.T that only listens.
type verdict struct{ errors, logs int }

func (v *verdict) Helper()               {}
func (v *verdict) Error(...any)          { v.errors++ }
func (v *verdict) Errorf(string, ...any) { v.errors++ }
func (v *verdict) Logf(string, ...any)   { v.logs++ }

func TestDifferencesMustBeReal(t *testing.T) {
	for _, c := range []struct {
		broken  []string
		differs string
		want    verdict
	}{
		{nil, "", verdict{}},
		{[]string{"x", "y"}, "", verdict{errors: 2}},
		{[]string{"x", "y"}, "does something else", verdict{logs: 1}},
		{nil, "does something else", verdict{errors: 1}},
	} {
		got := verdict{}
		(&probe{broken: c.broken}).judge(&got, c.differs)
		if got != c.want {
			t.Errorf("%q, %q: got %+v, want %+v", c.broken, c.differs, got, c.want)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	names := Names()
	slices.Sort(names)
	if got := slices.Compact(slices.Clone(names)); len(got) != len(names) || len(got) < 40 {
		t.Errorf("got %d names, %d of them different", len(names), len(got))
	}
	for name := range MinIO() {
		if !slices.Contains(names, name) {
			t.Errorf("%q is no promise", name)
		}
	}
}

func TestRandomKeysStayInOneSegment(t *testing.T) {
	for range 1000 {
		if k := randomKey(); k == "" || strings.Contains(k, "/") || k == ".." {
			t.Fatalf("got %q", k)
		}
	}
}
