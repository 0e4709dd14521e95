package ade

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// The classes of failure that a caller acts on; errors.Is tells them apart.
// For a create, all but ErrUnknownOutcome and ErrViolation say that no job was
// made.
var (
	ErrUnauthorized    = errors.New("the provider refused the API key")           // 401
	ErrPaymentRequired = errors.New("the provider's account is out of credits")   // 402
	ErrForbidden       = errors.New("the provider forbids this to the account")   // 403
	ErrNotFound        = errors.New("the provider knows no such job")             // 404; also another key's job
	ErrUnreachableURL  = errors.New("the provider could not read the staged URL") // 400 that says so; fails an attempt, not the document
	ErrInvalid         = errors.New("the provider refused the request")           // 400, 413, 415, 422: the same request is refused again
	ErrThrottled       = errors.New("the provider asks to slow down")             // 429; not accepted
	ErrNotSent         = errors.New("the request was not sent")                   // no byte of it reached the provider
	ErrUnknownOutcome  = errors.New("the provider gave no definite answer")       // sent; timeout, 5xx, cut or unreadable reply
	ErrRefused         = errors.New("the guard refused the request")              // policy; no byte of it reached the provider
	ErrViolation       = errors.New("the provider's reply broke the boundary")    // the request was sent; its reply is not kept
)

// Error is every failure of a [Client]. It says operation, ref, status code
// and class, and never a URL, a key or a word of the provider; those are in
// Text, which prints as redacted.
type Error struct {
	Op     string // extract.create, parse.get and so on
	Ref    string // the caller's name for the job; empty for a list
	Status int    // HTTP status; 0 when there was no reply
	Class  error  // one of the Err variables above, never nil
	// RetryAfter is how long the provider asks to wait; 0 when it says nothing.
	RetryAfter time.Duration
	// Text is what the provider said. It can quote a document or a signed URL.
	Text zdr.Text
	// KeyRenewed: the key was read again after this 401 and is another one, so
	// that the next request may succeed. A create is still not sent again here.
	KeyRenewed bool

	reason string // our own words, constant
	cause  error
}

// Error gives one line without anything that the provider said.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("ade: ")
	b.WriteString(e.Op)
	if e.Ref != "" {
		b.WriteString(" " + e.Ref)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
	}
	b.WriteString(": " + e.Class.Error())
	if e.reason != "" {
		b.WriteString(": " + e.reason)
	}
	return b.String()
}

// Unwrap gives the class and, when there is one, the cause: a *zdr.Refusal,
// *zdr.Violation, *zdr.TransportError or *zdr.RecordError, or an error of the
// caller's context or key source.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.cause}
}

// notSent is a request that was wrong before anybody was asked.
func notSent(about zdr.Call, reason string, cause error) *Error {
	return &Error{Op: about.Operation, Ref: about.Ref, Class: ErrNotSent, reason: reason, cause: cause}
}

// unreadable is a reply that says too little to act on.
func unreadable(about zdr.Call, status int, reason string) *Error {
	return &Error{Op: about.Operation, Ref: about.Ref, Status: status, Class: ErrUnknownOutcome, reason: reason}
}

// boundaryError classes what the guard returned instead of a reply. What is
// not known to have stayed here counts as sent.
func boundaryError(about zdr.Call, err error) *Error {
	e := &Error{Op: about.Operation, Ref: about.Ref, Class: ErrUnknownOutcome, cause: err}
	if r, ok := errors.AsType[*zdr.Refusal](err); ok {
		e.Class, e.reason = ErrRefused, ruleText(r.Rule)
	} else if _, ok := errors.AsType[*zdr.Violation](err); ok {
		e.Class = ErrViolation
	} else if _, ok := errors.AsType[*zdr.RecordError](err); ok {
		e.Class = ErrNotSent
	} else if t, ok := errors.AsType[*zdr.TransportError](err); ok {
		e.Status = t.Status
		if !t.Sent {
			e.Class = ErrNotSent
		}
	}
	return e
}

// ruleText is a rule of the guard, or the setting that it comes from.
func ruleText(rule string) string {
	switch rule {
	case zdr.RuleSyncCalls:
		return "policy.sync_calls is deny, and the reply would carry content"
	case zdr.RuleSchema:
		return "policy.schemas does not name the schema"
	case zdr.RulePrompts:
		return "policy.prompts does not name the words about figures"
	}
	return "rule " + rule
}

// replyError classes a reply whose status is not the one that was hoped for.
func replyError(about zdr.Call, r *zdr.Reply) *Error {
	said := readText(r.Body)
	return &Error{
		Op:         about.Operation,
		Ref:        about.Ref,
		Status:     r.Status,
		Class:      classOf(r.Status, said),
		RetryAfter: r.RetryAfter,
		Text:       zdr.NewText(said),
	}
}

// classOf maps a status to a class. Everything without an entry, 408, 409,
// redirects and 5xx among them, may or may not have made a job.
func classOf(status int, said string) error {
	switch status {
	case 401:
		return ErrUnauthorized
	case 402:
		return ErrPaymentRequired
	case 403:
		return ErrForbidden
	case 404:
		return ErrNotFound
	case 400:
		if saysUnreachable(said) {
			return ErrUnreachableURL
		}
		return ErrInvalid
	case 413, 415, 422:
		return ErrInvalid
	case 429:
		return ErrThrottled
	}
	return ErrUnknownOutcome
}
