package worker

import "testing"

// A new revision leaves alone what has its answer, will have one, or was billed.
func TestAnswers(t *testing.T) {
	failed := func(billed string) *record { return &record{State: Closed, Failure: &failure{Billed: billed}} }
	sealedAs := func(status string) *record { return &record{State: Closed, Result: &sealed{Status: status}} }
	for _, tt := range []struct {
		name string
		rec  *record
		want bool
	}{
		{"under way", &record{State: Submitted}, true},
		{"held", &record{State: Held}, true},
		{"sealed", sealedAs(StatusOK), true},
		{"superseded", sealedAs(StatusSuperseded), true},
		{"discarded", sealedAs(StatusDiscarded), false},
		{"failed and billed", failed("yes"), true},
		{"failed, perhaps billed", failed("unknown"), true},
		{"failed for nothing", failed("no"), false},
		{"failed for nothing just now", &record{State: Draining, Failure: &failure{Billed: "no"}}, false},
		{"discarded just now", &record{State: Sealed, Result: &sealed{Status: StatusDiscarded}}, false},
	} {
		if got := tt.rec.answers(); got != tt.want {
			t.Errorf("%s: answers = %t, want %t", tt.name, got, tt.want)
		}
	}
}
