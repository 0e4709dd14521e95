package worker

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// A document is given up when its tries are used up and others go through beside
// it, or none is left to go.
func TestWhenAnUnreadDocumentIsGivenUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		others bool // go through between its tries
		ended  bool // the lane is walked to its end
		want   bool
	}{
		{"nothing else was given", false, false, false},
		{"another was given", true, false, true},
		{"there is no other", false, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &feeder{p: &Pipeline{log: slog.New(slog.DiscardHandler)}, hands: []*hand{{dry: c.ended}}}
				for try := 1; try <= unreadTries; try++ {
					if try > 1 {
						if _, early := f.again(); early {
							t.Error("it is tried again at once")
						}
						time.Sleep(unreadAgain)
						if d, ok := f.again(); !ok || d.Key != "inbox/a.md" {
							t.Errorf("it is not tried again: %v", ok)
						}
					}
					passed, halt := f.refused(t.Context(), "inbox/a.md", unreadable(bucket.ErrDenied))
					if halt != nil || passed != (c.want && try == unreadTries) {
						t.Errorf("try %d: passed %v, %v", try, passed, halt)
					}
					if c.others {
						f.gave("inbox/b.md")
					}
				}
			})
		})
	}
}

// A document that was set aside and has ended otherwise is tried no more.
func TestWhatHasEndedIsNotSetAside(t *testing.T) {
	f := &feeder{}
	if _, halt := f.refused(t.Context(), "inbox/a.md", bucket.ErrDenied); halt != nil || len(f.setAside()) != 1 {
		t.Fatalf("after one denial: %v, %d set aside", halt, len(f.setAside()))
	}
	if f.settled("inbox/a.md", Counts{Failed: 1}); len(f.setAside()) != 0 {
		t.Error("it is to be tried again")
	}
}
