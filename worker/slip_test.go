package worker

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSlipKey(t *testing.T) {
	s := slip{Format: 1}
	due := time.Date(2026, 3, 1, 12, 0, 0, 1, time.UTC)
	s.add(ID{1}, retired{gen: 2, due: due, keys: []string{"s/x.md"}})
	s.add(ID{2}, retired{gen: 1, due: due.Add(-time.Hour)})
	key := s.key("nonce")
	l, ok := parseSlipKey(key)
	if !ok || l.jobs != 2 || l.failed != 1 || !l.due.Equal(due.Truncate(time.Second).Add(time.Second)) {
		t.Errorf("%s: got %+v, %t; a slip is due with the last of its jobs, in whole seconds, never before", key, l, ok)
	}
	if got := s.entries(); !slices.Equal(got, []slipped{{ID{1}, 2}, {ID{2}, 1}}) {
		t.Errorf("got %v", got)
	}
	later := slip{Due: due.Add(time.Hour)}
	if strings.Compare(key, later.key("a")) >= 0 {
		t.Error("slips do not sort by when they are due")
	}
	for _, bad := range []string{"", slipPrefix, slipPrefix + "1-2-3", slipPrefix + "x-1-1-n.json", slipPrefix + "1--1-0-n.json", "zdr/open/1-1-0-n.json"} {
		if l, ok := parseSlipKey(bad); ok {
			t.Errorf("%q is taken for a slip: %+v", bad, l)
		}
	}
}

func TestBinTakesOneRemovalsWorth(t *testing.T) {
	b := newBin()
	for i := range 2*binFull + 1 {
		b.add(&job{id: ID{byte(i), byte(i >> 8)}, rec: &record{}}, time.Time{}, nil)
	}
	seen := 0
	for n := len(b.take()); n > 0; n = len(b.take()) {
		if seen += n; n > binFull {
			t.Errorf("%d at once, want at most %d", n, binFull)
		}
	}
	if seen != 2*binFull+1 {
		t.Errorf("%d of %d", seen, 2*binFull+1)
	}
}
