package trigger

import "errors"

// ErrPoison is the class of a message that must not come again: a shape that
// nobody knows, a bucket that is not ours. A Handler returns it, or an error
// that wraps it, for an event that will never do.
var ErrPoison = errors.New("message refused")

// Shape is what a message looks like.
type Shape string

// The shapes, as logs say them.
const (
	ShapeUnknown     Shape = "unknown"
	ShapeS3          Shape = "s3"
	ShapeS3Test      Shape = "s3_test"
	ShapeEventBridge Shape = "eventbridge"
	ShapeSchedule    Shape = "schedule"
	ShapeSNS         Shape = "sns"
	ShapeMinIO       Shape = "minio"
	ShapeNudge       Shape = "nudge"
)

// Reason is why a message was refused, a word from a closed set.
type Reason string

// The reasons.
const (
	ReasonTooLarge Reason = "message_too_large"
	ReasonNotJSON  Reason = "message_not_json"
	ReasonShape    Reason = "shape_unknown"
	ReasonField    Reason = "field_missing_or_invalid"
	ReasonKey      Reason = "key_invalid"
	ReasonBucket   Reason = "bucket_not_allowed"
	ReasonVersion  Reason = "nudge_of_another_version"
	ReasonHandler  Reason = "handler_refused"
)

// Refusal says why a message is poison, in words of ours only.
type Refusal struct {
	Shape  Shape
	Reason Reason
}

// Error gives one line that is safe to log.
func (r *Refusal) Error() string {
	return "trigger: " + string(r.Shape) + " message refused: " + string(r.Reason)
}

// Unwrap gives ErrPoison.
func (r *Refusal) Unwrap() error { return ErrPoison }
