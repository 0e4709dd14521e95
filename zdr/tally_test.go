package zdr_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

func TestTally(t *testing.T) {
	var tally zdr.Tally
	record := func(e zdr.Entry) {
		if err := tally.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if s := tally.Snapshot(); s.RequestCount() != 0 || s.ContentBytes() != 0 {
		t.Errorf("a new tally has %+v", s)
	}
	record(zdr.Entry{Kind: zdr.KindIntent, Operation: zdr.ExtractCreate, Bytes: 40, Fields: map[string]int{"schema": 10, "markdown_url": 20}})
	record(zdr.Entry{Kind: zdr.KindIntent, Operation: zdr.ExtractGet})
	record(zdr.Entry{Kind: zdr.KindRefused, Operation: zdr.ExtractCreate, Rule: zdr.RuleHost})
	record(zdr.Entry{Kind: zdr.KindViolation, Rule: zdr.ViolationContent})
	s := tally.Snapshot()
	if s.RequestCount() != 2 || s.Requests[zdr.ExtractCreate] != 1 || s.Bytes != 40 || s.Fields["schema"] != 10 ||
		s.Refusals[zdr.RuleHost] != 1 || s.Violations[zdr.ViolationContent] != 1 || s.Kinds[zdr.KindIntent] != 2 {
		t.Errorf("got %+v", s)
	}
	if got := s.ContentBytes(); got != 0 {
		t.Errorf("content bytes %d, want 0: options and URLs are none", got)
	}
	record(zdr.Entry{Kind: zdr.KindIntent, Operation: zdr.ExtractCreate, Fields: map[string]int{"markdown": 7, "schema": 1}})
	if got := tally.Snapshot().ContentBytes(); got != 7 {
		t.Errorf("content bytes %d, want the 7 of a field that no operation has", got)
	}
	if s.Requests[zdr.ExtractCreate] != 1 {
		t.Error("a snapshot changes afterwards")
	}
}

func TestTallyIsShared(t *testing.T) {
	var tally zdr.Tally
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				_ = tally.Record(context.Background(), zdr.Entry{Kind: zdr.KindIntent, Operation: zdr.ExtractGet})
				tally.Snapshot()
			}
		})
	}
	group.Wait()
	if n := tally.Snapshot().RequestCount(); n != 800 {
		t.Errorf("counted %d of 800", n)
	}
}

func TestMulti(t *testing.T) {
	var first, last zdr.Tally
	broken := &journal{fail: map[zdr.Kind]bool{zdr.KindIntent: true}}
	all := zdr.Multi(&first, broken, &last)
	if err := all.Record(t.Context(), zdr.Entry{Kind: zdr.KindIntent}); !errors.Is(err, errJournal) {
		t.Errorf("got %v, want the failure of the second", err)
	}
	if first.Snapshot().RequestCount() != 1 || last.Snapshot().RequestCount() != 0 {
		t.Error("the order is not kept")
	}
	if err := all.Record(t.Context(), zdr.Entry{Kind: zdr.KindRefused}); err != nil || last.Snapshot().Kinds[zdr.KindRefused] != 1 {
		t.Errorf("got %v, want all to have it", err)
	}
}
