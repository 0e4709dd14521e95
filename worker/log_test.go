package worker

import (
	"log/slog"
	"testing"
)

func TestAProviderOutOfReachIsHeardOf(t *testing.T) {
	for _, tt := range []struct {
		event   Event
		waiting Reason
		want    slog.Level
	}{
		{EventDefer, WaitProvider, slog.LevelWarn},
		{EventDefer, WaitRate, slog.LevelDebug},
		{EventHold, WaitOperator, slog.LevelWarn},
		{EventSeal, WaitNothing, slog.LevelInfo},
		{EventLand, WaitNothing, slog.LevelDebug},
	} {
		if got := levelOf(tt.event, tt.waiting); got != tt.want {
			t.Errorf("%s, waiting for %q: got %v, want %v", tt.event, tt.waiting, got, tt.want)
		}
	}
}
