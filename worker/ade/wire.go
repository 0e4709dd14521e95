package ade

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"
)

// object is one JSON object, its members unread. The readers below take null,
// absent and wrongly typed members alike as the zero value: the provider's
// documents do not say which it sends, and a receipt is worth reading even
// when one member of it has changed its type.
type object map[string]json.RawMessage

func readObject(raw []byte) (object, bool) {
	if trimmed := bytes.TrimSpace(raw); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, false
	}
	var o object
	if json.Unmarshal(raw, &o) != nil {
		return nil, false
	}
	return o, true
}

func (o object) object(name string) (object, bool) { return readObject(o[name]) }

// list says whether the member is a list at all: an absent list of jobs must
// not pass for an empty one.
func (o object) list(name string) ([]json.RawMessage, bool) {
	var items []json.RawMessage
	err := json.Unmarshal(o[name], &items)
	return items, err == nil && items != nil
}

func (o object) text(name string) string { return asString(o[name]) }

// identifier keeps only what looks like an id, a version or a code, because it
// may be logged.
func (o object) identifier(name string) string {
	s := strings.TrimSpace(asString(o[name]))
	if len(s) > 128 {
		return ""
	}
	for _, c := range s {
		if !strings.ContainsRune("._:/+-", c) && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return ""
		}
	}
	return s
}

func (o object) number(name string) float64 {
	n, _ := asNumber(o[name])
	return n
}

func (o object) count(name string) int {
	n, _ := asCount(o[name])
	return n
}

func (o object) boolean(name string) bool {
	var b bool
	return json.Unmarshal(o[name], &b) == nil && b
}

// maxSeconds is a bound on unix times, some five thousand years.
const maxSeconds = 1 << 37

// moment reads unix seconds, which v1 sends, and RFC 3339, which the newer API
// sends. Zero, the default of created_at, is no moment.
func (o object) moment(name string) time.Time {
	if n, ok := asNumber(o[name]); ok {
		if n <= 0 || n > maxSeconds {
			return time.Time{}
		}
		return time.Unix(int64(n), 0).UTC()
	}
	t, err := time.Parse(time.RFC3339, asString(o[name]))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// milliseconds reads a duration; a negative or absurd one is none.
func (o object) milliseconds(name string) time.Duration {
	n, ok := asNumber(o[name])
	if !ok || n <= 0 || n > maxSeconds {
		return 0
	}
	return time.Duration(n * float64(time.Millisecond))
}

// fraction reads a number held to 0..1.
func (o object) fraction(name string) float64 {
	return math.Min(1, math.Max(0, o.number(name)))
}

func asString(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func asNumber(raw json.RawMessage) (float64, bool) {
	var n *float64
	if json.Unmarshal(raw, &n) != nil || n == nil {
		return 0, false
	}
	return *n, true
}

// asCount reads a whole number from 0 up, of a size that counts pages.
func asCount(raw json.RawMessage) (int, bool) {
	n, ok := asNumber(raw)
	if !ok || n < 0 || n > 1<<24 || n != math.Trunc(n) {
		return 0, false
	}
	return int(n), true
}
