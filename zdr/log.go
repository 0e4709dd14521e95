package zdr

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// logFields is everything that a log line may say. What is not in it is
// dropped, so that no library and no later change can log a name.
var logFields = []string{
	"ref", "route", "step", "state", "attempt", "event", "code", "http_status",
	"duration_ms", "bytes", "credits", "worker", "trace_id",
}

// ClosedLog puts a handler behind the closed set of fields: a line says ref,
// route, step and the like, as texts, numbers, times or truth values, and
// whatever else it was given is dropped.
func ClosedLog(base slog.Handler) slog.Handler { return &closedLog{base} }

// closedLog lets through the closed set of fields, with values that are
// texts, numbers, times or truth values. Groups have no place in it.
type closedLog struct{ base slog.Handler }

// Enabled asks the handler beneath.
func (h *closedLog) Enabled(ctx context.Context, l slog.Level) bool {
	return h.base.Enabled(ctx, l)
}

// Handle writes a record with what is left of its fields.
func (h *closedLog) Handle(ctx context.Context, r slog.Record) error {
	kept := slog.NewRecord(r.Time, r.Level, r.Message, 0)
	r.Attrs(func(at slog.Attr) bool {
		kept.AddAttrs(closed(at)...)
		return true
	})
	return h.base.Handle(ctx, kept)
}

// WithAttrs keeps what may be kept.
func (h *closedLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	var kept []slog.Attr
	for _, at := range attrs {
		kept = append(kept, closed(at)...)
	}
	return &closedLog{h.base.WithAttrs(kept)}
}

// WithGroup starts a group that nothing comes out of.
func (h *closedLog) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &mutedLog{h}
}

// closed gives the field if it may be logged. A duration becomes milliseconds.
func closed(at slog.Attr) []slog.Attr {
	v := at.Value.Resolve()
	if v.Kind() == slog.KindDuration && at.Key == "duration" {
		at.Key, v = "duration_ms", slog.Int64Value(v.Duration().Milliseconds())
	}
	if !slices.Contains(logFields, at.Key) {
		return nil
	}
	switch v.Kind() {
	case slog.KindAny, slog.KindGroup, slog.KindLogValuer:
		return nil
	case slog.KindDuration:
		v = slog.Float64Value(float64(v.Duration()) / float64(time.Millisecond))
	}
	return []slog.Attr{{Key: at.Key, Value: v}}
}

// mutedLog is the inside of a group: lines pass, fields do not.
type mutedLog struct{ outside *closedLog }

// Enabled asks the handler outside.
func (m *mutedLog) Enabled(ctx context.Context, l slog.Level) bool {
	return m.outside.Enabled(ctx, l)
}

// Handle writes the line without the fields of the group.
func (m *mutedLog) Handle(ctx context.Context, r slog.Record) error {
	return m.outside.Handle(ctx, slog.NewRecord(r.Time, r.Level, r.Message, 0))
}

// WithAttrs drops them.
func (m *mutedLog) WithAttrs([]slog.Attr) slog.Handler { return m }

// WithGroup stays inside.
func (m *mutedLog) WithGroup(string) slog.Handler { return m }
