package worker

import (
	"context"
	"log/slog"
)

// logEvent writes one line per transition, with the contract's fields only:
// refs and codes, never a name.
func (p *Pipeline) logEvent(ctx context.Context, j *job, e Event, code string) {
	p.meter.event(j, e)
	r := j.rec
	attrs := []slog.Attr{
		slog.String("ref", r.Ref), slog.String("route", r.Route.Name), slog.String("step", r.Step),
		slog.String("state", string(r.State)), slog.String("event", string(e)), slog.String("worker", p.holder),
	}
	if a := r.current(); a != nil {
		attrs = append(attrs, slog.Int("attempt", a.N))
	}
	if code != "" {
		attrs = append(attrs, slog.String("code", code))
	}
	if r.Receipt != nil && e == EventSeal {
		attrs = append(attrs, slog.Float64("credits", r.Receipt.Credits))
	}
	p.log.LogAttrs(ctx, levelOf(e, r.Waiting), "job", attrs...)
}

// levelOf is how loud a transition is. A document that is put off since the
// provider cannot be reached is heard of, or a run would stand still without a
// word; rates and pauses are no surprise.
func levelOf(e Event, waiting Reason) slog.Level {
	switch {
	case e == EventSeal, e == EventClaim:
		return slog.LevelInfo
	case e == EventFail, e == EventHold, e == EventFence, e == EventDefer && waiting == WaitProvider:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}
