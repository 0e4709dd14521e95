package trigger

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/zdrworker/zdrworker/zdr"
)

// Kind says what an event is about.
type Kind string

// The kinds of event.
const (
	// Created: an object of a source bucket was written, or can be read again
	// since it was restored from an archive. Bucket, Key and, as far
	// as the message says, Version, ETag, Size and Sequencer are set.
	Created Kind = "created"
	// Removed: an object of a source bucket, or one version of it, is gone.
	Removed Kind = "removed"
	// Result: the provider's result arrived in the exchange bucket. As Created,
	// and Token names the attempt.
	Result Kind = "result"
	// Nudge: a message of ours. Only Token is set.
	Nudge Kind = "nudge"
	// Tick: the time of a schedule has come. Nothing is set.
	Tick Kind = "tick"
)

// Event is one thing that happened, as a message tells it: a hint, at least
// once, in any order.
type Event struct {
	Kind   Kind
	Bucket zdr.Name
	Key    zdr.Name
	// Version is the object's version id; "" in an unversioned bucket, and where
	// the store calls it "null".
	Version string
	// ETag has no quotes. It can be the MD5 of the content, so it is kept like a
	// name.
	ETag zdr.Name
	Size int64 // bytes; 0 in a removal
	// Sequencer orders the events of one key: the longer one is newer, of two of
	// the same length the greater one (AWS S3 user guide, "Event message
	// structure").
	Sequencer string
	// Token leads back to a job: the name of one attempt's objects, or whatever
	// else was given to Send. It says nothing to others.
	Token string
}

// String gives the kind, and nothing of the event itself.
func (e Event) String() string { return "[trigger.Event " + string(e.Kind) + "]" }

// Format prints the kind under every verb.
func (e Event) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.String()) }

// LogValue logs the kind.
func (e Event) LogValue() slog.Value { return slog.StringValue(e.String()) }
