package trigger

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// tell reports what became of one message. The line has shape and reason, or a
// code, and the queue's own id of the message as trace_id; nothing of its body.
func (o Options) tell(ctx context.Context, s Source, id string, err error) Outcome {
	became := outcome(err)
	o.Observe(s, became)
	var attrs []slog.Attr
	if id != "" {
		attrs = append(attrs, slog.String("trace_id", word(id)))
	}
	switch became {
	case Poison:
		r := refusalOf(err)
		attrs = append(attrs, slog.String("event", string(s)+"."+string(r.Shape)), slog.String("code", string(r.Reason)))
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "message refused", attrs...)
	case Retry:
		attrs = append(attrs, slog.String("event", string(s)))
		attrs = append(attrs, codes(err)...)
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "message comes again later", attrs...)
	}
	return became
}

// broken reports that the source itself did not answer.
func (o Options) broken(ctx context.Context, s Source, err error) {
	o.Observe(s, Broken)
	attrs := append([]slog.Attr{slog.String("event", string(s))}, codes(err)...)
	o.Logger.LogAttrs(ctx, slog.LevelWarn, "source does not answer", attrs...)
}

// codes are what may be said of an error: never its text.
func codes(err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("code", codeOf(err))}
	if f, ok := errors.AsType[*worker.Fault](err); ok && f.Ref != "" {
		attrs = append(attrs, slog.String("ref", f.Ref))
	}
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		attrs = append(attrs, slog.Int("http_status", r.HTTPStatusCode()))
	}
	return attrs
}

func codeOf(err error) string {
	if f, ok := errors.AsType[*worker.Fault](err); ok {
		return string(f.Code)
	}
	if b, ok := errors.AsType[*bucket.Error](err); ok && b.Code != "" {
		return word(b.Code)
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return word(api.ErrorCode())
	}
	if js, ok := errors.AsType[jetstream.JetStreamError](err); ok && js.APIError() != nil {
		return "nats_" + strconv.Itoa(int(js.APIError().ErrorCode))
	}
	switch {
	case errors.Is(err, errAcks):
		return "acks_not_explicit"
	case errors.Is(err, errPanic):
		return "panic"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "unavailable"
}

// word cuts a server's word down to what an id or a code is made of.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (isToken(string(r)) || r == '.') {
			return r
		}
		return -1
	}, s[:min(len(s), maxToken)])
}
