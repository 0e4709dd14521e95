package zdr

import (
	"context"
	"maps"
	"sync"
)

// Tally is a Recorder that counts in memory. It is what a person is shown at
// the end of a run; it is no evidence. The zero value is ready and safe for
// concurrent use.
type Tally struct {
	mu     sync.Mutex
	totals Totals
}

// Totals is what a Tally has counted.
type Totals struct {
	Kinds      map[Kind]int     // entries by kind
	Requests   map[string]int   // requests let out, by operation
	Refusals   map[string]int   // refused requests, by rule
	Violations map[string]int   // violations, by kind
	Fields     map[string]int64 // bytes let out, by form field
	Bytes      int64            // bytes of request bodies let out
}

// Record counts e. It never fails.
func (t *Tally) Record(_ context.Context, e Entry) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.init()
	t.totals.Kinds[e.Kind]++
	switch e.Kind {
	case KindIntent:
		t.totals.Requests[e.Operation]++
		t.totals.Bytes += e.Bytes
		for name, n := range e.Fields {
			t.totals.Fields[name] += int64(n)
		}
	case KindRefused:
		t.totals.Refusals[e.Rule]++
	case KindViolation:
		t.totals.Violations[e.Rule]++
	}
	return nil
}

// Snapshot copies what was counted so far.
func (t *Tally) Snapshot() Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.init()
	s := t.totals
	s.Kinds = maps.Clone(s.Kinds)
	s.Requests = maps.Clone(s.Requests)
	s.Refusals = maps.Clone(s.Refusals)
	s.Violations = maps.Clone(s.Violations)
	s.Fields = maps.Clone(s.Fields)
	return s
}

func (t *Tally) init() {
	if t.totals.Kinds != nil {
		return
	}
	t.totals = Totals{
		Kinds: map[Kind]int{}, Requests: map[string]int{}, Refusals: map[string]int{},
		Violations: map[string]int{}, Fields: map[string]int64{},
	}
}

// RequestCount is the number of requests let out, over all operations.
func (t Totals) RequestCount() int {
	n := 0
	for _, k := range t.Requests {
		n += k
	}
	return n
}

// ContentBytes is the number of bytes let out in fields that are neither
// options nor URLs: content. The guard lets no such field out, so anything but
// 0 is a fault of the guard.
func (t Totals) ContentBytes() int64 {
	var n int64
	for name, k := range t.Fields {
		if fieldRank(name) < 0 {
			n += k
		}
	}
	return n
}
