package zdr

import (
	"context"
	"time"
)

// Kind is what an Entry tells.
type Kind string

// The kinds of entry. The set is closed.
const (
	KindIntent    Kind = "intent"    // a request is about to go out
	KindRefused   Kind = "refused"   // a request was refused; nothing went out
	KindViolation Kind = "violation" // a reply carried what it must not
	KindAnswered  Kind = "answered"  // how a request ended: a status, or in Rule the class of failure
	KindSigned    Kind = "signed"    // a presigned URL was issued
	KindRemoved   Kind = "removed"   // staged objects were taken away
	KindPolicy    Kind = "policy"    // the policy, the base URL or a schema that is in force from now on
)

// Entry is one line of evidence. It holds nothing of a document and nothing
// derived from one: it may be locked for years. Fields that do not apply are
// zero.
type Entry struct {
	At        time.Time
	Kind      Kind
	Operation string // "extract.create", "parse.get" and so on, or "presign"
	Ref       string // the job's 128 random bits
	Attempt   int
	Job       string // the provider's job id
	Method    string
	Host      string         // the provider's host
	Rule      string         // KindRefused: the rule; KindViolation: its kind; KindPolicy: what it is about
	Status    int            // HTTP status of the answer
	Fields    map[string]int // form field → bytes of its value; 0 for a password
	Bytes     int64          // body: of the request in an intent, without a password; of the reply in an answer
	Key       string         // key in the exchange bucket, for signed and removed
	// AccessKeyID names the credentials that signed; it is no secret.
	AccessKeyID string
	Until       time.Time // when the URL, or the earlier of the two, ends
	Schema      string    // "sha256:…" of the schema that goes out or is approved
	Prompts     string    // "sha256:…" of the custom prompts that go out or are approved
	// Development is true when the policy in force is for loopback only.
	Development bool
}

// Recorder keeps entries. Record returns nil only when the entry is durable;
// after any other answer the guard lets nothing out. It is safe for concurrent
// use, keeps the order of the calls of one goroutine, and does not change e or
// keep its Fields map.
type Recorder interface {
	Record(ctx context.Context, e Entry) error
}

// Multi records into all of recorders, one after the other, and ends at the
// first error. Put the durable one first. Multi of nothing, or with a nil
// among them, fails every time.
func Multi(recorders ...Recorder) Recorder { return multi(append([]Recorder(nil), recorders...)) }

type multi []Recorder

func (m multi) Record(ctx context.Context, e Entry) error {
	if len(m) == 0 {
		return ErrRecorder
	}
	for _, r := range m {
		if r == nil {
			return ErrRecorder
		}
		if err := r.Record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
