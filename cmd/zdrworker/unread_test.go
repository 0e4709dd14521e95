package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// What could not be read is told of as such, among what failed, with what to do.
func TestUnreadDocumentsAreTold(t *testing.T) {
	var out bytes.Buffer
	a, now := newApp(nil, nil, &out, &out), time.Now()
	b := worker.Backfill{ID: "b", Begun: now, Lanes: []worker.Lane{{Sum: worker.Counts{Claimed: 7, Refused: 3, Unread: 2}}}}
	if got := a.backfillText(b, now); !strings.Contains(got, "3 failed (2 could not be read: zdrworker help errors, source_unreadable)") {
		t.Errorf("a backfill: %s", got)
	}
	if line := a.backfillLine(b, now); line["failed"] != 3 || line["unreadable"] != 2 {
		t.Errorf("a backfill: %v", line)
	}
	if err := a.unread(0); err != nil || out.Len() != 0 {
		t.Errorf("of none something is said: %s %v", out.String(), err)
	}
	if err := a.unread(2); err != nil || !strings.Contains(out.String(), "2 documents could not be read: let them (s3:GetObject, kms:Decrypt)") {
		t.Errorf("got %s %v", out.String(), err)
	}
}
