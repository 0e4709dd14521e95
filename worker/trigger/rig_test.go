package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/trigger"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

// desk is a handler that writes down what it is given.
type desk struct {
	mu     sync.Mutex
	got    []string
	answer func(n int, e trigger.Event) error // n counts from 1; nil: nil
}

func (d *desk) Handle(_ context.Context, e trigger.Event) error {
	d.mu.Lock()
	d.got = append(d.got, said(e))
	n := len(d.got)
	d.mu.Unlock()
	if d.answer == nil {
		return nil
	}
	return d.answer(n, e)
}

// seen gives what came, sorted: order means nothing.
func (d *desk) seen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(slices.Values(d.got))
}

func (d *desk) count() int { return len(d.seen()) }

// tally counts outcomes.
type tally struct {
	mu sync.Mutex
	n  map[trigger.Outcome]int
}

func (c *tally) observe(_ trigger.Source, o trigger.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[trigger.Outcome]int{}
	}
	c.n[o]++
}

func (c *tally) of(o trigger.Outcome) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[o]
}

// start runs a source until the test ends, or until stop, which gives what Run
// returned.
func start(t *testing.T, run func(context.Context, trigger.Handler) error, h trigger.Handler) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- run(ctx, h) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-result
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return stop
}

// await looks until a condition holds that others bring about.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not so in a minute: %s", what)
		}
	}
}

// book is a log for tests, with the marks that must not be in it.
type book struct {
	buffer zdrtest.Buffer
	marks  *zdrtest.Sentinels
}

func newBook(t *testing.T) *book { return &book{marks: zdrtest.New(t)} }

func (b *book) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(&b.buffer, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// fields is the closed set of what a log line may say.
var fields = []string{
	"time", "level", "msg", "ref", "route", "step", "state", "attempt", "event", "code", "http_status",
	"duration_ms", "bytes", "credits", "worker", "trace_id",
}

// check scans the log, and gives its lines.
func (b *book) check(t *testing.T) []map[string]any {
	t.Helper()
	b.marks.Assert(t, "log", b.buffer.Bytes())
	var lines []map[string]any
	for line := range bytes.Lines(b.buffer.Bytes()) {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		for name := range m {
			if !slices.Contains(fields, name) {
				t.Errorf("the log has a field %q", name)
			}
		}
		lines = append(lines, m)
	}
	return lines
}

// has counts the lines with these values.
func has(lines []map[string]any, msg, event, code string) int {
	n := 0
	for _, l := range lines {
		if l["msg"] == msg && l["event"] == event && l["code"] == code {
			n++
		}
	}
	return n
}

var errAway = errors.New("store is away: inbox/secret.md")
