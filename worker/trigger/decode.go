package trigger

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr"
)

// Decode reads one message of any shape and gives its events, none for a
// message that means nothing to us (S3's test event, an object that was only
// tagged, our own staging). The error is a *Refusal. Where one of several
// records is refused, the events of the others come with it: handle them, then
// treat the message as poison. Of o, only Buckets, Exchange and MaxBytes count.
func Decode(body []byte, o Options) ([]Event, error) {
	o = o.withDefaults()
	events, shape, err := o.decode(body)
	if r, ok := err.(*Refusal); ok && r.Shape == "" {
		r.Shape = shape
	}
	return events, err
}

// fields are a JSON object's members, by their exact names: encoding/json alone
// would take "key" for "Key".
type fields map[string]json.RawMessage

func (o Options) decode(body []byte) ([]Event, Shape, error) {
	return o.look(body, o.decodeSNS)
}

// look tells the shapes apart. wrapped decodes an SNS notification; it is nil
// inside of one.
func (o Options) look(body []byte, wrapped func(fields) ([]Event, error)) ([]Event, Shape, error) {
	f, err := o.open(body)
	if err != nil {
		return nil, ShapeUnknown, err
	}
	shape, decode := ShapeUnknown, func(fields) ([]Event, error) { return nil, refuse(ReasonShape) }
	switch {
	case f.has("zdr"):
		shape, decode = ShapeNudge, decodeNudge
	case f.text("Type") == "Notification" && f.has("Message") && wrapped != nil:
		shape, decode = ShapeSNS, wrapped
	case f.has("detail-type") && f.text("source") == "aws.s3":
		shape, decode = ShapeEventBridge, o.decodeEventBridge
	case f.has("detail-type") && slices.Contains(clocks, f.text("source")):
		shape, decode = ShapeSchedule, decodeSchedule
	case f.has("EventName") && f.has("Key") && f.has("Records"):
		shape, decode = ShapeMinIO, o.decodeMinIO
	case f.has("Records"):
		shape, decode = ShapeS3, o.decodeS3
	case f.text("Event") == "s3:TestEvent":
		shape, decode = ShapeS3Test, func(fields) ([]Event, error) { return nil, nil }
	}
	events, err := decode(f)
	return events, shape, err
}

// open checks what holds for every shape. Invalid UTF-8 is refused, because
// encoding/json would silently make another key of it.
func (o Options) open(body []byte) (fields, error) {
	if len(body) > o.MaxBytes {
		return nil, refuse(ReasonTooLarge)
	}
	var f fields
	if !utf8.Valid(body) || json.Unmarshal(body, &f) != nil || f == nil {
		return nil, refuse(ReasonNotJSON)
	}
	return f, nil
}

func (f fields) has(name string) bool { _, ok := f[name]; return ok }

// text gives a member that is a string, "" when it is not.
func (f fields) text(name string) string {
	var s string
	if json.Unmarshal(f[name], &s) != nil {
		return ""
	}
	return s
}

// decodeSNS reads what SNS put its envelope around. SNS wraps once.
func (o Options) decodeSNS(f fields) ([]Event, error) {
	events, shape, err := o.look([]byte(f.text("Message")), nil)
	if r, ok := err.(*Refusal); ok && shape != ShapeUnknown {
		r.Shape = shape
	}
	return events, err
}

func refuse(r Reason) *Refusal { return &Refusal{Reason: r} }

// object is what every shape says of an object, in its own words; the key is
// decoded already.
type object struct {
	bucket, key, version, etag, sequencer string
	size                                  int64
}

// Longest values that are passed on, in bytes. S3's own: a key 1,024, a version
// id 1,024 (AWS S3 user guide); ETags and sequencers are far shorter.
const (
	maxKey     = 1024
	maxVersion = 1024
	maxWord    = 256
)

// event turns an object into an event; ok is false for one that is passed over.
func (o Options) event(kind Kind, at object) (e Event, ok bool, err error) {
	if at.bucket == "" || at.size < 0 || len(at.version) > maxVersion || len(at.etag) > maxWord || len(at.sequencer) > maxWord {
		return e, false, refuse(ReasonField)
	}
	exchange := at.bucket == o.Exchange
	if !exchange && !slices.Contains(o.Buckets, at.bucket) {
		return e, false, refuse(ReasonBucket)
	}
	if at.key == "" || len(at.key) > maxKey || !utf8.ValidString(at.key) {
		return e, false, refuse(ReasonKey)
	}
	e = Event{
		Kind: kind, Bucket: zdr.NewName(at.bucket), Key: zdr.NewName(at.key), Version: versionID(at.version),
		ETag: zdr.NewName(strings.Trim(at.etag, `"`)), Size: at.size, Sequencer: at.sequencer,
	}
	if !exchange {
		return e, true, nil
	}
	e.Kind, e.Token = Result, outboxToken(at.key)
	return e, kind == Created && e.Token != "", nil
}

// versionID is "" for the version that stands for none.
func versionID(s string) string {
	if s == "null" {
		return ""
	}
	return s
}

// outboxToken gives the token in an outbox key: its name without the extension.
// It is "" for an object that this program gave nobody a URL for.
func outboxToken(key string) string {
	name, ok := strings.CutPrefix(key, worker.OutboxPrefix)
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(name, ".")
	if !isToken(name) {
		return ""
	}
	return name
}
