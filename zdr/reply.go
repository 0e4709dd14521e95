package zdr

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// errCut says that a reply's body ended early.
var errCut = errors.New("cut")

// maxRetryAfter bounds what a server may ask us to wait.
const maxRetryAfter = 24 * time.Hour

// Reply is what the provider answered, held to receipt fields. It prints
// without its body, but Body is plain bytes: read it at once and keep what is a
// text in a Text; do not keep a Reply in a struct of your own.
type Reply struct {
	Status     int
	RetryAfter time.Duration // 0 where the server asks for nothing, at most 24h
	Date       time.Time     // the server's clock; zero where it says nothing
	// Body is JSON of our own writing with the known receipt fields of the
	// operation, or with `message`, `error` and `detail` where Status is not
	// 2xx. An output_url that is ours appears as "output_url_ours":true and,
	// where its last part is a name as we give them, that as "output_name".
	// nil where the reply was not JSON. Texts in it can quote the document: wrap
	// them in Text.
	Body []byte
	// Created is the job that a create made.
	Created JobID
	// Jobs are the ids of a list, in its order.
	Jobs []JobID
	// Unrecorded is true when the recorder could not keep the answer.
	Unrecorded bool

	size int64 // bytes read
}

// Format prints the status only.
func (r Reply) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "[zdr.Reply HTTP %d]", r.Status) }

// LogValue logs the status only.
func (r Reply) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

// MarshalText encodes the status only.
func (r Reply) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(r)), nil }

// read holds a response to its operation. Reason phrase, Location and every
// header but three are never looked at.
func (g *Guard) read(out outgoing, resp *http.Response) (*Reply, error) {
	reply := &Reply{Status: resp.StatusCode, Date: dateOf(resp.Header)}
	reply.RetryAfter = retryAfter(resp.Header, reply.Date)
	if resp.StatusCode < 200 || resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return nil, out.unusable(ClassRedirect, resp.StatusCode)
	}
	success := resp.StatusCode < 300
	if !isJSON(resp.Header) {
		if success {
			return nil, out.unusable(ClassMalformed, resp.StatusCode)
		}
		return reply, nil
	}
	if out.op.streams && success {
		return out.pass(reply, resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(out.op.limit)+1))
	if len(body) > out.op.limit {
		return nil, out.violation(ViolationSize, resp.StatusCode)
	}
	if err != nil {
		return nil, errCut
	}
	reply.size = int64(len(body))
	return g.hold(out, reply, body, success)
}

// hold reads the receipt fields and makes the body again from them.
func (g *Guard) hold(out outgoing, reply *Reply, body []byte, success bool) (*Reply, error) {
	form := errorShape
	if success {
		form = out.op.reply
	}
	held, err := readReceipt(body, form, g.isOutbox)
	if v, ok := errors.AsType[violationError](err); ok {
		return nil, out.violation(string(v), reply.Status)
	}
	switch {
	case err != nil && success:
		return nil, out.unusable(ClassMalformed, reply.Status)
	case err != nil:
		return reply, nil // the status is the answer
	case success && !out.op.finish(reply, held, out.about):
		return nil, out.unusable(ClassMalformed, reply.Status)
	}
	reply.Body = held.encode()
	return reply, nil
}

func (out outgoing) unusable(class string, status int) error {
	return &TransportError{Op: out.about.Operation, Ref: out.about.Ref, Sent: true, Class: class, Status: status}
}

func (out outgoing) violation(kind string, status int) error {
	a := out.about
	return &Violation{Kind: kind, Operation: a.Operation, Ref: a.Ref, Attempt: a.Attempt, Status: status}
}

// isOutbox compares a URL of a reply, with or without its query, with what was
// let out and with the policy's prefixes. It is never fetched. The name is the
// last part of its path: a token of ours, which says whose outbox it is.
func (g *Guard) isOutbox(raw string) (name outboxName, ours bool) {
	u, ok := g.policy.parseURL(raw)
	if !ok || !g.grants.holds(placeOf(u), time.Now()) && !underPrefix(g.policy.URLPrefixes, raw) {
		return "", false
	}
	last := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	if !isToken(last, 512, "._-=~+") {
		return "", true
	}
	return outboxName(last), true
}

func isJSON(h http.Header) bool {
	if e := h.Get("Content-Encoding"); e != "" && e != "identity" {
		return false
	}
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

func dateOf(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t
}

// retryAfter reads retry-after-ms, then Retry-After in seconds or as a date
// (RFC 9110, section 10.2.3), which counts from the server's own clock.
func retryAfter(h http.Header, date time.Time) time.Duration {
	if d, ok := countOf(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return d
	}
	if d, ok := countOf(h.Get("Retry-After"), time.Second); ok {
		return d
	}
	at, err := http.ParseTime(h.Get("Retry-After"))
	if err != nil {
		return 0
	}
	if date.IsZero() {
		date = time.Now()
	}
	return min(max(at.Sub(date), 0), maxRetryAfter)
}

func countOf(v string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseUint(v, 10, 32)
	if err != nil {
		return 0, false
	}
	return min(time.Duration(n)*unit, maxRetryAfter), true
}
