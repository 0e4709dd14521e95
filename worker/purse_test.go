package worker

import (
	"testing"
	"time"
)

// TestPurseForgetsDays: a worker that runs for months holds the accounts of the
// last days, and of older ones only what it has to write yet.
func TestPurseForgetsDays(t *testing.T) {
	u := newPurse(Budget{CreditsPerDay: 100})
	first := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	u.till("a-run", 10)
	u.of(first)[0].settle("owed", 1)
	for day := range 60 {
		u.of(first.AddDate(0, 0, day))
	}
	if n := len(u.tills); n != 10 || u.tills["a-run"] == nil || u.tills["2026-01-01"] == nil || u.tills["2026-02-22"] == nil {
		t.Errorf("%d tills are held, want eight days', the one that owes, and the run's", n)
	}
}
