package worker_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// crooked is a store that does not keep a promise.
type crooked struct {
	worker.Store
	put func(ctx context.Context, s worker.Store, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error)
	get func(bucket.Object) bucket.Object
}

func (c crooked) Put(ctx context.Context, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error) {
	if c.put == nil {
		return c.Store.Put(ctx, key, body, o)
	}
	return c.put(ctx, c.Store, key, body, o)
}

func (c crooked) Get(ctx context.Context, key string, o bucket.GetOptions) (bucket.Object, error) {
	obj, err := c.Store.Get(ctx, key, o)
	if err == nil && c.get != nil {
		obj = c.get(obj)
	}
	return obj, err
}

type put = func(ctx context.Context, s worker.Store, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error)

// without drops a condition.
func without(drop func(*bucket.Condition)) put {
	return func(ctx context.Context, s worker.Store, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error) {
		drop(&o.Condition)
		return s.Put(ctx, key, body, o)
	}
}

// looking decides before it writes, as a store without atomic conditions does.
func looking() put {
	var looked sync.WaitGroup
	looked.Add(8)
	return func(ctx context.Context, s worker.Store, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error) {
		_, err := s.Head(ctx, key, "")
		looked.Done()
		looked.Wait() // all of the first race have looked, nobody has written
		if o.Absent && err == nil {
			return bucket.Info{}, &bucket.Error{Op: "put", Class: bucket.ErrPrecondition}
		}
		o.Condition = bucket.Condition{}
		return s.Put(ctx, key, body, o)
	}
}

func failing(class error) put {
	return func(context.Context, worker.Store, string, io.Reader, bucket.PutOptions) (bucket.Info, error) {
		return bucket.Info{}, &bucket.Error{Op: "put", Class: class}
	}
}

func TestCheckSwap(t *testing.T) {
	tests := []struct {
		name string
		put  put
		get  func(bucket.Object) bucket.Object
		want error // nil: kept
		lies bool
	}{
		{name: "a store that keeps it"},
		{name: "If-None-Match is ignored", put: without(func(c *bucket.Condition) { c.Absent = false }), lies: true},
		{name: "If-Match is ignored", put: without(func(c *bucket.Condition) { c.IfMatch = "" }), lies: true},
		{name: "it looks, then writes", put: looking(), lies: true},
		{name: "everybody loses", put: failing(bucket.ErrPrecondition), lies: true},
		{name: "an older state is read", get: func(o bucket.Object) bucket.Object { o.ETag = "older"; return o }, lies: true},
		{name: "it is away", put: failing(bucket.ErrUnavailable), want: bucket.ErrUnavailable},
		{name: "it denies", put: failing(bucket.ErrDenied), want: bucket.ErrDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := memstore.NewServer()
			s.Create(storeName, memstore.Options{})
			err := worker.CheckSwap(t.Context(), crooked{s.Bucket(storeName), tt.put, tt.get}, worker.Race{Prefix: "race/"})
			f, isFault := errors.AsType[*worker.Fault](err)
			switch {
			case tt.lies && (!isFault || f.Code != worker.CodeStoreUnsafe || f.Hint == ""):
				t.Errorf("got %v, want a fault of %s with a hint", err, worker.CodeStoreUnsafe)
			case !tt.lies && !errors.Is(err, tt.want):
				t.Errorf("got %v, want %v", err, tt.want)
			}
			for o, err := range s.Bucket(storeName).List(t.Context(), bucket.Page{}) {
				t.Errorf("left: %v, %v", o.Key != "", err)
			}
		})
	}
}

// TestAWriteThatWasSentTwice: the winner is told that it lost. That is no proof
// of anything.
func TestAWriteThatWasSentTwice(t *testing.T) {
	s := memstore.NewServer()
	s.Create(storeName, memstore.Options{})
	s.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		if err := do(); c.Op != memstore.Put || err != nil {
			return err
		}
		return bucket.ErrPrecondition
	})
	err := worker.CheckSwap(t.Context(), s.Bucket(storeName), worker.Race{})
	if !errors.Is(err, bucket.ErrUnknown) {
		t.Errorf("got %v, want %v", err, bucket.ErrUnknown)
	}
}

// TestNewRefusesAStoreThatLies: before anything else is written, and an honest
// pair of buckets is raced on once, not at every start.
func TestNewRefusesAStoreThatLies(t *testing.T) {
	s := memstore.NewServer()
	s.Create(storeName, memstore.Options{})
	s.Create(exchangeName, memstore.Options{})
	begin := func(exchange worker.Store) error {
		_, err := worker.New(t.Context(), worker.Config{
			Store: s.Bucket(storeName), Exchange: exchange,
			Provider: struct{ worker.Provider }{}, Signer: struct{ worker.Signer }{},
		})
		return err
	}
	lies := crooked{Store: s.Bucket(exchangeName), put: without(func(c *bucket.Condition) { *c = bucket.Condition{} })}
	if f, ok := errors.AsType[*worker.Fault](begin(lies)); !ok || f.Code != worker.CodeStoreUnsafe {
		t.Fatalf("got %v, want %s", f, worker.CodeStoreUnsafe)
	}
	if n := len(keys(t, s.Bucket(storeName))) + len(keys(t, s.Bucket(exchangeName))); n != 0 {
		t.Errorf("%d objects are left of a refused start", n)
	}
	if err := begin(s.Bucket(exchangeName)); err != nil {
		t.Fatal(err)
	}
	first := s.Requests()[memstore.Put]
	if err := begin(s.Bucket(exchangeName)); err != nil {
		t.Fatal(err)
	}
	if again := s.Requests()[memstore.Put] - first; first < 48 || again != 0 {
		t.Errorf("%d writes at the first start, %d at the second; want a race and none", first, again)
	}
}

func keys(t *testing.T, s worker.Store) (all []string) {
	t.Helper()
	for o, err := range s.List(t.Context(), bucket.Page{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o.Key)
	}
	return all
}
