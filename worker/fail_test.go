package worker

import (
	"testing"
	"time"
)

// "Not billed" is said only where every submission is proven so.
func TestMayHaveBilled(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		name string
		gen  int
		all  []attempt
		want bool
	}{
		{"no attempt", 1, nil, false},
		{"rejected just now", 1, []attempt{{Gen: 1, SignedAt: at}}, false},
		{"never signed", 2, []attempt{{Gen: 1}, {Gen: 2}}, false},
		{"all proven unbilled", 1, []attempt{{Gen: 1, SignedAt: at, End: endFenced}, {Gen: 1, SignedAt: at, End: endFailed}}, false},
		{"given up by choice", 1, []attempt{{Gen: 1, SignedAt: at, End: endResubmitted}, {Gen: 1, SignedAt: at, End: endFailed}}, true},
		{"given up and nothing since", 1, []attempt{{Gen: 1, SignedAt: at, End: endResubmitted}}, true},
		{"an older one was accepted after all", 1, []attempt{{Gen: 1, SignedAt: at}, {Gen: 1, SignedAt: at, End: endFailed}}, true},
		{"billed in an earlier generation", 2, []attempt{{Gen: 1, SignedAt: at}}, true},
	} {
		if got := (&record{Gen: c.gen, Attempts: c.all}).mayHaveBilled(); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}
