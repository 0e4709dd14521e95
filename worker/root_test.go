package worker_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// A panic in whatever goroutine of a Run ends the Run with an error, and what
// the panic was about is nowhere printed: the runtime would print it.
func TestRunSurvivesPanics(t *testing.T) {
	const content = "Invoice of Ann Example"
	for name, o := range map[string]func(*floor) worker.RunOptions{
		"who is told": func(f *floor) worker.RunOptions {
			return worker.RunOptions{Documents: f.these("inbox", 3), Notify: func(worker.Outcome) { panic(content) }}
		},
		"who counts": func(f *floor) worker.RunOptions {
			return worker.RunOptions{Documents: f.these("inbox", 3), Status: func(s worker.Summary) {
				if s.Sealed > 0 {
					panic(content)
				}
			}}
		},
		"who names documents": func(*floor) worker.RunOptions {
			return worker.RunOptions{Documents: func(func(worker.Document, error) bool) { panic(content) }}
		},
		"the store, at a document": func(f *floor) worker.RunOptions {
			docs := f.these("inbox", 3)
			f.panicsAt(memstore.Copy, content)
			return worker.RunOptions{Documents: docs}
		},
	} {
		t.Run(name, func(t *testing.T) {
			said := divertedStderr(t)
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				p := f.pipeline(worker.Limits{}, nil)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				_, err := p.Run(ctx, o(f))
				fault, ok := errors.AsType[*worker.Fault](err)
				if !ok || fault.Code != worker.CodeInternal || strings.Contains(err.Error(), content) {
					t.Errorf("got %v, want a fault that says nothing", err)
				}
				f.server.Intercept(nil)
			})
			if text := said(); !strings.Contains(text, "panic: string\n") || strings.Contains(text, content) {
				t.Errorf("standard error says %q", text)
			}
		})
	}
}

// Who waits for a crew is told that one of it panicked, and not of what; whoever
// hands work to it is not left waiting.
func TestCrewSurvivesPanics(t *testing.T) {
	said := divertedStderr(t)
	done, got := worker.PanicInCrew("Invoice of Ann Example")
	text := said()
	if fault, ok := got.(*worker.Fault); !ok || fault.Code != worker.CodeInternal || done != 1 {
		t.Errorf("got %v after %d pieces of work, want a fault and 1", got, done)
	}
	if !strings.HasPrefix(text, "panic: string\n") || strings.Contains(text, "Ann") {
		t.Errorf("standard error says %q", text)
	}
}

// panicsAt makes a kind of call to the store panic.
func (f *floor) panicsAt(op memstore.Op, value string) {
	f.server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		if c.Op == op {
			panic(value)
		}
		return do()
	})
}

// divertedStderr collects what the process writes to standard error.
func divertedStderr(t *testing.T) (said func() string) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = f
	t.Cleanup(func() { os.Stderr = before; _ = f.Close() })
	return func() string {
		os.Stderr = before
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

// blocks is a parser whose result nobody reads to its end.
type blocks struct{}

func (blocks) ParseTo(_ context.Context, _ ade.Parse, w io.Writer) (ade.Streamed, error) {
	_, err := w.Write([]byte(`{"markdown":"Invoice of Ann Example"}`))
	return ade.Streamed{}, err
}

// A store that panics over a parse result leaves nobody waiting.
func TestParseNowSurvivesAPanic(t *testing.T) {
	said := divertedStderr(t)
	server := memstore.NewServer()
	server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		if c.Op == memstore.Put {
			panic("Invoice of Ann Example")
		}
		return do()
	})
	_, err := worker.ParseNow(t.Context(), blocks{}, ade.Parse{Ref: "1b77"}, server.Bucket("acme"), "a.json")
	text := said()
	fault, ok := errors.AsType[*worker.Fault](err)
	if !ok || fault.Code != worker.CodeInternal || strings.Contains(err.Error(), "Ann") {
		t.Errorf("got %v, want a fault that says nothing", err)
	}
	if !strings.HasPrefix(text, "panic: string\n") || strings.Contains(text, "Ann") {
		t.Errorf("standard error says %q", text)
	}
}
