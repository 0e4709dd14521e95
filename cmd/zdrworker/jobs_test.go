package main

import (
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

func TestNamesDoNotSteerATerminal(t *testing.T) {
	a := newApp(nil, nil, nil, nil)
	a.names = true
	if got, want := a.name("in/a\nb\t\x1b[31mü.md"), "in/a·b··[31mü.md"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A claim has the worker's clock, and what follows the store's, which knows no
// fractions.
func TestTimesDoNotRunBackwards(t *testing.T) {
	claimed := time.Date(2026, 11, 23, 13, 40, 55, 847e6, time.UTC)
	then := claimed.Truncate(time.Second)
	a := newApp(nil, nil, nil, nil)
	j := worker.Job{Claimed: claimed, Updated: then, History: []worker.Change{{At: claimed}, {At: then}}}
	line := a.detailLine(j, worker.Detail{})
	if at := line["claimed_at"].(time.Time); at.After(then) {
		t.Errorf("claimed at %v, changed at %v", at, then)
	}
	if at := line["history"].([]map[string]any)[0]["at"].(time.Time); at.After(then) {
		t.Errorf("claimed at %v, changed at %v", at, then)
	}
	b := worker.Backfill{Begun: claimed, Ended: then}
	if got := a.backfillText(b, then); !strings.HasSuffix(got, "after 0s") {
		t.Errorf("got %q", got)
	}
}
