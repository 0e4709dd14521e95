package memstore_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

var ifAbsent = bucket.PutOptions{Condition: bucket.Condition{Absent: true}}

func put(t *testing.T, s *memstore.Store, key, body string, o bucket.PutOptions) error {
	t.Helper()
	_, err := s.Put(t.Context(), key, strings.NewReader(body), o)
	return err
}

func content(t *testing.T, s *memstore.Store, key string) string {
	t.Helper()
	o, err := s.Get(t.Context(), key, bucket.GetOptions{})
	if err != nil {
		return "(" + err.Error() + ")"
	}
	b, _ := io.ReadAll(o.Body)
	return string(b)
}

func TestInterceptor(t *testing.T) {
	for _, c := range []struct {
		name string
		f    memstore.Interceptor
		want error
		left string
	}{
		{"pass", func(_ context.Context, _ memstore.Call, do func() error) error { return do() }, nil, "one"},
		{"refuse", func(context.Context, memstore.Call, func() error) error { return bucket.ErrThrottled }, bucket.ErrThrottled, "(get: not found)"},
		{"lose the answer", func(_ context.Context, _ memstore.Call, do func() error) error {
			if err := do(); err != nil {
				return err
			}
			return bucket.ErrUnknown
		}, bucket.ErrUnknown, "one"},
		{"double", func(_ context.Context, _ memstore.Call, do func() error) error {
			if err := do(); err != nil {
				return err
			}
			return do()
		}, bucket.ErrPrecondition, "one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := memstore.NewServer()
			s := server.Bucket("acme-docs")
			server.Intercept(c.f)
			err := put(t, s, "a", "one", ifAbsent)
			server.Intercept(nil)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			var be *bucket.Error
			if err != nil && (!errors.As(err, &be) || be.Op != "put") {
				t.Errorf("got %T %v", err, err)
			}
			if got := content(t, s, "a"); got != c.left {
				t.Errorf("left: got %q, want %q", got, c.left)
			}
		})
	}
}

func TestPostponedWriteArrivesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := memstore.NewServer()
		s := server.Bucket("acme-docs")
		late := make(chan error, 1)
		server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
			if !c.Op.Writes() {
				return do()
			}
			go func() { time.Sleep(time.Hour); late <- do() }()
			return bucket.ErrUnknown
		})
		if err := put(t, s, "a", "ghost", ifAbsent); !errors.Is(err, bucket.ErrUnknown) {
			t.Fatalf("got %v", err)
		}
		if got := content(t, s, "a"); got != "(get: not found)" {
			t.Errorf("at once: got %q", got)
		}
		if err := <-late; err != nil {
			t.Errorf("late: got %v", err)
		}
		if got := content(t, s, "a"); got != "ghost" {
			t.Errorf("an hour later: got %q", got)
		}
	})
}

func TestInterceptorSeesTheCall(t *testing.T) {
	server := memstore.NewServer()
	s := server.Bucket("acme-docs")
	var calls []memstore.Call
	server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		calls = append(calls, c)
		return do()
	})
	if err := put(t, s, "a", "one", ifAbsent); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	want := []memstore.Call{
		{Op: memstore.Put, Bucket: "acme-docs", Key: "a", Condition: bucket.Condition{Absent: true}},
		{Op: memstore.Remove, Bucket: "acme-docs", Key: "a"},
		{Op: memstore.Remove, Bucket: "acme-docs", Key: "b"},
	}
	for i, c := range want {
		if i >= len(calls) || calls[i] != c {
			t.Errorf("call %d: got %+v, want %+v", i, calls, c)
		}
	}
	if got := server.Requests(); got[memstore.Put] != 1 || got[memstore.Remove] != 2 {
		t.Errorf("requests: got %v", got)
	}
}

func TestFalseSuccessPanics(t *testing.T) {
	server := memstore.NewServer()
	s := server.Bucket("acme-docs")
	server.Intercept(func(context.Context, memstore.Call, func() error) error { return nil })
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	_ = put(t, s, "a", "one", ifAbsent)
}

func TestInterceptorThatGivesUp(t *testing.T) {
	server := memstore.NewServer()
	s := server.Bucket("acme-docs")
	ctx, cancel := context.WithCancel(t.Context())
	server.Intercept(func(ctx context.Context, _ memstore.Call, _ func() error) error {
		cancel()
		return ctx.Err()
	})
	_, err := s.Put(ctx, "a", strings.NewReader("x"), bucket.PutOptions{})
	if !errors.Is(err, bucket.ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("put: got %v", err)
	}
}
