package zdr

import (
	"errors"
	"fmt"
	"strings"
)

// The rules of the guard, as a Refusal and an Entry name them. The set is
// closed: it is safe as a metric's label. Rules lists it.
const (
	RuleOperation     = "operation"     // not an operation that the guard knows
	RuleReference     = "reference"     // the call's ref or attempt is missing or misshapen
	RuleMethod        = "method"        // another method than the operation's
	RuleHost          = "host"          // another scheme, host or port than the base URL in force
	RulePath          = "path"          // another path, or one that could be read in two ways
	RuleQuery         = "query"         // a query that the operation does not take
	RuleHeader        = "header"        // a header that is not let out
	RuleAuthorization = "authorization" // no bearer key, or a misshapen one
	RuleTransfer      = "transfer"      // a trailer, transfer encoding, cancel channel, or a body that is a stream
	RuleJob           = "job"           // a job id that no 202 and no record gave
	RuleBody          = "body"          // a body where there is none, or none where there is one
	RuleBodySize      = "body-size"     // longer than a create can be
	RuleCanonical     = "canonical"     // not byte for byte the canonical form
	RuleField         = "field"         // a field that is unknown, doubled or missing
	RuleModel         = "model"         // not a plain model name
	RuleStrict        = "strict"        // neither true nor false
	RuleSchemaForm    = "schema-form"   // not canonical JSON
	RuleSchema        = "schema"        // not approved by the policy
	RuleSplit         = "split"         // another word than page
	RulePromptsForm   = "prompts-form"  // not canonical JSON of at most 512 characters for figures
	RulePrompts       = "prompts"       // not approved by the policy
	RulePassword      = "password"      // longer than a password can be
	RuleSyncCalls     = "sync-calls"    // a call that is answered with content, which the policy does not allow
	RuleURL           = "url"           // a URL of a shape that is never signed
	RuleURLPrefix     = "url-prefix"    // an outbox or a staged document outside the policy's prefixes
	RuleCapability    = "capability"    // a URL that was not deposited, or is for another use, job or attempt
	RuleExpired       = "expired"       // a URL past its end
	RuleGrant         = "grant"         // a grant that contradicts itself or the policy
	RuleAddress       = "address"       // a dial to an address that the policy's mode does not allow
)

// Rules lists every rule, for a metric's closed label set.
func Rules() []string {
	return []string{
		RuleOperation, RuleReference, RuleMethod, RuleHost, RulePath, RuleQuery, RuleHeader,
		RuleAuthorization, RuleTransfer, RuleJob, RuleBody, RuleBodySize, RuleCanonical, RuleField,
		RuleModel, RuleStrict, RuleSchemaForm, RuleSchema, RuleSplit, RulePromptsForm, RulePrompts,
		RulePassword, RuleSyncCalls, RuleURL, RuleURLPrefix, RuleCapability,
		RuleExpired, RuleGrant, RuleAddress,
	}
}

// Refusal says that the guard let nothing out: no byte reached the wire. It
// names the rule and nothing of the request.
type Refusal struct {
	Rule      string
	Operation string
	Ref       string
	Attempt   int
	// Unrecorded is true when the recorder could not keep the refusal.
	Unrecorded bool
}

// Error gives one line that is safe to log.
func (e *Refusal) Error() string {
	s := label("refused by the guard, nothing was sent: rule "+e.Rule, e.Operation, e.Ref, e.Attempt)
	if e.Unrecorded {
		s += " (and the recorder failed)"
	}
	return s
}

// The kinds of violation. The set is closed; ViolationKinds lists it.
const (
	ViolationContent   = "content"    // a reply carried content
	ViolationOutputURL = "output-url" // a reply names a result that is not in our bucket
	ViolationUnread    = "unread"     // a reply held too much text that no receipt has
	ViolationSize      = "size"       // a reply longer than any receipt
)

// ViolationKinds lists every kind, for a metric's closed label set.
func ViolationKinds() []string {
	return []string{ViolationContent, ViolationOutputURL, ViolationUnread, ViolationSize}
}

// Violation says that a reply shows content outside the two URLs. Nothing of
// the reply is kept.
type Violation struct {
	Kind      string
	Operation string
	Ref       string
	Attempt   int
	Status    int // HTTP status of the reply
	// Unrecorded is true when the recorder could not keep the violation.
	Unrecorded bool
}

// Error gives one line that is safe to log.
func (e *Violation) Error() string {
	s := label("violation in the provider's reply: "+e.Kind, e.Operation, e.Ref, e.Attempt)
	if e.Unrecorded {
		s += " (and the recorder failed)"
	}
	return s
}

// The classes of TransportError. The set is closed.
const (
	ClassDial      = "dial"      // no connection: refused, unreachable, name not resolved
	ClassTLS       = "tls"       // the peer could not be verified
	ClassTimeout   = "timeout"   // a deadline passed
	ClassCanceled  = "canceled"  // the caller gave up
	ClassCut       = "cut"       // the connection broke before the reply was whole
	ClassRedirect  = "redirect"  // a 3xx reply, not followed
	ClassMalformed = "malformed" // a reply that is not the JSON of its operation
	ClassSink      = "sink"      // the writer that content was handed to failed
)

// TransportError says that there is no usable answer. Sent tells whether the
// provider may have the request all the same; it is false only when it is
// proved that no byte of the request was written. It quotes nothing that a
// server said.
type TransportError struct {
	Op     string // the operation, e.g. "extract.create"
	Ref    string
	Sent   bool
	Class  string
	Status int // HTTP status where one came: ClassRedirect, ClassMalformed, ClassCut, ClassSink
	cause  error
}

// Error gives one line that is safe to log.
func (e *TransportError) Error() string {
	sent := "nothing was sent"
	if e.Sent {
		sent = "the request may have arrived"
	}
	s := label("no usable answer: "+e.Class+", "+sent, e.Op, e.Ref, 0)
	if e.Status != 0 {
		s += fmt.Sprintf(", HTTP %d", e.Status)
	}
	return s
}

// Unwrap gives context.Canceled or context.DeadlineExceeded where one of them
// ended the call, the writer's error where Class is ClassSink, else nil.
func (e *TransportError) Unwrap() error { return e.cause }

// ErrRecorder is the class of a RecordError.
var ErrRecorder = errors.New("the recorder failed")

// RecordError says that the recorder did not take an entry, so that nothing was
// let out. Its text leaves the recorder's own words out; Unwrap has them.
type RecordError struct {
	Kind      Kind
	Operation string
	Ref       string
	cause     error
}

// errNoRecorder: NewGuard was given nil.
var errNoRecorder = errors.New("there is no recorder")

// Error gives one line that is safe to log.
func (e *RecordError) Error() string {
	if e.cause == errNoRecorder {
		return "zdr: nothing is sent: the guard was given no Recorder; a Tally counts in memory"
	}
	return label("nothing was sent: "+ErrRecorder.Error()+" to keep the entry "+string(e.Kind), e.Operation, e.Ref, 0)
}

// Unwrap gives ErrRecorder and the recorder's error.
func (e *RecordError) Unwrap() []error { return []error{ErrRecorder, e.cause} }

// PolicyError says which setting of a Policy cannot be.
type PolicyError struct {
	Field  string // the field's name, e.g. "Hosts"
	Advice string // what to do; never the value
}

// Error gives one line that is safe to log.
func (e *PolicyError) Error() string { return "zdr: policy: " + e.Field + ": " + e.Advice }

func label(what, op, ref string, attempt int) string {
	var b strings.Builder
	b.WriteString("zdr: ")
	if op != "" {
		b.WriteString(op + ": ")
	}
	b.WriteString(what)
	if ref != "" {
		b.WriteString(", ref " + ref)
	}
	if attempt > 0 {
		fmt.Fprintf(&b, ", attempt %d", attempt)
	}
	return b.String()
}
