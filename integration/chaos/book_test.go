//go:build unix

package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// book is what happened, for the account in the end.
type book struct {
	t    *testing.T
	mark []byte
	log  *os.File

	mu     sync.Mutex
	counts map[string]int
	exits  map[int]int
	events map[string]int
	leaks  int
	broken []outage
	terms  []leaving
}

// outage is a time in which a way was cut.
type outage struct {
	from, to time.Time
}

// leaving is how a process took its SIGTERM.
type leaving struct {
	at         time.Time
	took       time.Duration
	exit       int
	unanswered []string // submissions in hand that had no answer at the end
}

func newBook(t *testing.T, mark string) *book {
	b := &book{t: t, mark: []byte(mark), counts: map[string]int{}, exits: map[int]int{}, events: map[string]int{}}
	if *logFlag != "" {
		f, err := os.Create(*logFlag)
		if err != nil {
			t.Fatal(err)
		}
		b.log = f
		t.Cleanup(func() { _ = f.Close() })
	}
	return b
}

func (b *book) count(what string) { b.mu.Lock(); b.counts[what]++; b.mu.Unlock() }

// note writes what the test does into the log of the processes.
func (b *book) note(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.log != nil {
		fmt.Fprintf(b.log, "%s test: %s\n", time.Now().UTC().Format("15:04:05.000"), fmt.Sprintf(format, args...))
	}
}

// line takes one line of a process in and gives the event that it tells of.
func (b *book) line(pid int, text []byte) (ref, event string) {
	var said struct {
		Msg, Ref, Event, Type, Code string
	}
	known := json.Unmarshal(text, &said) == nil
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.log != nil {
		fmt.Fprintf(b.log, "%s %d: %s\n", time.Now().UTC().Format("15:04:05.000"), pid, text)
	}
	if bytes.Contains(text, b.mark) {
		b.leaks++
	}
	if known && said.Type == "error" {
		b.counts["error "+said.Code]++
	}
	if !known || said.Msg != "job" || said.Event == "" {
		return "", ""
	}
	b.events[said.Event]++
	return said.Ref, said.Event
}

func (b *book) ended(exit int) { b.mu.Lock(); b.exits[exit]++; b.mu.Unlock() }

func (b *book) left(l leaving) { b.mu.Lock(); b.terms = append(b.terms, l); b.mu.Unlock() }

func (b *book) cut(o outage) { b.mu.Lock(); b.broken = append(b.broken, o); b.mu.Unlock() }

// disturbed says whether a way was cut in a span of time.
func (b *book) disturbed(from, to time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.broken, func(o outage) bool { return o.from.Before(to) && from.Before(o.to) })
}

// tally is a map of counts in one line.
func tally[K int | string](m map[K]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%v: %d", k, m[k]))
	}
	return strings.Join(parts, ", ")
}
