package worker

import (
	"slices"
	"testing"
)

var allStates = []State{Claimed, Submitting, Submitted, Sealing, Sealed, Draining, Closed, Fencing, Held, Failing}

var allEvents = []Event{
	EventBegin, EventIntend, EventRepeat, EventAccept, EventDefer, EventFence, EventFenced, EventProve, EventHold, EventLand,
	EventReland, EventSeal, EventEnded, EventFail, EventRemove, EventClose, EventRetry, EventResubmit, EventNote, EventClaim,
}

// Every state times every event: what the table does not name is refused, and
// what it names leads to a state that the table knows.
func TestTransitionsAreClosed(t *testing.T) {
	for _, s := range allStates {
		for _, e := range allEvents {
			to, err := next(s, e)
			listed := transitions[s][e] != ""
			if listed != (err == nil) {
				t.Errorf("next(%s, %s) = %q, %v; in the table: %t", s, e, to, err, listed)
			}
			if err == nil && transitions[to] == nil {
				t.Errorf("%s by %s leads to %s, which the table does not know", s, e, to)
			}
		}
	}
	if len(transitions) != len(allStates) {
		t.Errorf("table has %d states, want %d", len(transitions), len(allStates))
	}
}

// What the promise rests on, read off the table itself.
func TestTransitionsKeepThePromise(t *testing.T) {
	for s, row := range transitions {
		for e, to := range row {
			switch {
			case to == Submitting && s != Claimed && s != Submitting:
				t.Errorf("%s by %s reaches submitting: only an attempt that was just minted may be POSTed (I1)", s, e)
			case to == Claimed && !slices.Contains([]Event{EventBegin, EventNote, EventDefer, EventProve, EventEnded, EventResubmit, EventRetry}, e):
				t.Errorf("%s by %s makes room for a new attempt without a proof (I3)", s, e)
			case s == Sealing && to == Claimed:
				t.Errorf("a new attempt after sealing (I5)")
			case to == Draining && s != Sealed && s != Failing && s != Draining:
				t.Errorf("%s by %s removes before the outcome is written (I4)", s, e)
			}
		}
	}
}

// From every state a job can still end.
func TestEveryStateReachesClosed(t *testing.T) {
	for _, s := range allStates {
		seen := map[State]bool{s: true}
		queue := []State{s}
		for len(queue) > 0 {
			for _, to := range transitions[queue[0]] {
				if !seen[to] {
					seen[to] = true
					queue = append(queue, to)
				}
			}
			queue = queue[1:]
		}
		if !seen[Closed] {
			t.Errorf("%s never reaches closed", s)
		}
	}
}
