package worker

import (
	"testing"
	"time"
)

// An answer of the provider that came between two of the store bounds how far
// the two clocks are apart, and never says more than it can know.
func TestBracket(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 3, 4, 5, 6, s, 0, time.UTC) }
	for _, c := range []struct {
		name                string
		before, said, after time.Time
		want                *offset
	}{
		{"same second", at(7), at(7), at(7), &offset{-1000, 1000}},
		{"a slow answer", at(7), at(9), at(12), &offset{-4000, 3000}},
		{"ahead", at(7), at(37), at(8), &offset{28000, 31000}},
		{"behind", at(37), at(7), at(38), &offset{-32000, -29000}},
		{"the provider says nothing", at(7), time.Time{}, at(7), nil},
		{"the store says nothing", time.Time{}, at(7), time.Time{}, nil},
		{"the store says nothing at last", at(7), at(7), time.Time{}, nil},
		{"the store's went back", at(8), at(8), at(7), nil},
	} {
		got := bracket(c.before, c.said, c.after)
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// What was measured on both sides is covered; what was not, widely.
func TestCovering(t *testing.T) {
	wide := clockSpread.Milliseconds()
	for _, c := range []struct {
		name          string
		before, after *offset
		want          offset
	}{
		{"both", &offset{-1000, 1000}, &offset{-900, 1100}, offset{-1000, 1100}},
		{"jumped ahead", &offset{-1000, 1000}, &offset{299_000, 301_000}, offset{-1000, 301_000}},
		{"jumped back", &offset{299_000, 301_000}, &offset{-1000, 1000}, offset{-1000, 301_000}},
		{"before only", &offset{59_000, 61_000}, nil, offset{59_000 - wide, 61_000 + wide}},
		{"after only", nil, &offset{59_000, 61_000}, offset{59_000 - wide, 61_000 + wide}},
		{"neither", nil, nil, offset{-wide, wide}},
	} {
		if got := covering(c.before, c.after); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// TestClockIsMeasuredAgain: seldom where it was measured, soon where that failed.
func TestClockIsMeasuredAgain(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name string
		w    clockwatch
		want bool
	}{
		{"never", clockwatch{}, false},
		{"a moment ago", clockwatch{at: now.Add(-2 * time.Minute), seen: &offset{}}, true},
		{"long ago", clockwatch{at: now.Add(-clockFresh), seen: &offset{}}, false},
		{"failed a moment ago", clockwatch{at: now.Add(-time.Second)}, true},
		{"failed a minute ago", clockwatch{at: now.Add(-clockAgain)}, false},
	} {
		if got := c.w.fresh(now); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}
