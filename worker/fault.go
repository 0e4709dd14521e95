package worker

import (
	"errors"
	"fmt"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Code is a stable word for what went wrong, for people, machines and exit
// codes. Codes are never renamed.
type Code string

// Codes of errors. A job that failed for good carries one of the second group.
const (
	CodeInternal     Code = "internal"
	CodeConfig       Code = "config_invalid"
	CodeNoBucket     Code = "bucket_missing"
	CodeStoreDenied  Code = "access_denied"
	CodeCredentials  Code = "credentials_missing"
	CodeStore        Code = "store_unavailable"
	CodeURLTooShort  Code = "url_lifetime_too_short"
	CodeNotFound     Code = "job_not_found"
	CodeAmbiguous    Code = "ref_ambiguous"
	CodeForeignFleet Code = "foreign_fleet"
	CodeRouteChanged Code = "route_changed"
	CodeNewerFormat  Code = "newer_format"
	CodeNoRoute      Code = "no_route"
	CodeViolation    Code = "violation"
	CodeRefused      Code = "request_refused"
	CodeBreaker      Code = "breaker_open"
	CodePaused       Code = "paused"
	CodeQueue        Code = "queue_unavailable"
	CodeWrongState   Code = "wrong_state"
	CodeStoreUnsafe  Code = "store_unsafe"
	CodeNoBackfill   Code = "backfill_not_found"
	CodeBudget       Code = "budget_used_up"

	CodeSourceGone     Code = "source_gone"
	CodeSourceChanged  Code = "source_changed"
	CodeSourceArchived Code = "source_archived"
	CodeSourceUnread   Code = "source_unreadable"
	CodeEmpty          Code = "document_empty"
	CodeBinary         Code = "document_not_text"
	CodeMismatch       Code = "document_mismatch"
	CodeTooLarge       Code = "document_too_large"
	CodeEncrypted      Code = "document_encrypted"
	CodeBroken         Code = "document_broken"
	CodeNoPages        Code = "document_no_pages"
	CodeKeyTooLong     Code = "key_too_long"
	CodeKeyRefused     Code = "key_refused"
	CodeProviderReject Code = "provider_rejected"
	CodeProviderFailed Code = "provider_job_failed"
	CodeUnreachable    Code = "url_unreachable"
	CodeResultInvalid  Code = "result_invalid"
	CodeResultTooLarge Code = "result_too_large"
	CodeResultForeign  Code = "result_of_another_job"
	CodeResultLost     Code = "result_lost"
	CodePartial        Code = "result_partial"
	CodeParseGone      Code = "parse_result_gone"
	CodeParsed         Code = "no_parse_needed"
	CodeNotDelivered   Code = "billed_not_delivered"
	CodeUncertain      Code = "billing_uncertain"
	CodeAbandoned      Code = "abandoned"
)

// Fault is an error at the pipeline's boundary: operation, job and code. It
// never says a document's name, and Hint is a constant of ours.
type Fault struct {
	Op   string // "put", "stage", "submit", …
	Ref  string // the job, where there is one
	Code Code
	Hint string // what to do next; may be empty
	Err  error  // the cause, free of names
}

// Error gives one line that is safe to log.
func (f *Fault) Error() string {
	s := string(f.Code)
	if f.Op != "" {
		s = f.Op + ": " + s
	}
	if f.Ref != "" {
		s += " (job " + f.Ref + ")"
	}
	if f.Err != nil {
		s = fmt.Sprintf("%s: %v", s, f.Err)
	} else if f.Hint != "" {
		s += ": " + f.Hint
	}
	return s
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// fault wraps an error once, with a code that follows from its class.
func fault(op, ref string, err error) error {
	var f *Fault
	if err == nil || errors.As(err, &f) {
		return err
	}
	return &Fault{Op: op, Ref: ref, Code: codeOf(err), Err: err}
}

// codeOf is the one place where classes of error become codes.
func codeOf(err error) Code {
	var short *presign.TooShort
	for _, c := range []struct {
		is   error
		code Code
	}{
		{bucket.ErrNoBucket, CodeNoBucket},
		{bucket.ErrDenied, CodeStoreDenied},
		{bucket.ErrCredentials, CodeCredentials},
		{bucket.ErrUnavailable, CodeStore},
		{bucket.ErrThrottled, CodeStore},
		{bucket.ErrUnknown, CodeStore},
		{bucket.ErrNotFound, CodeNotFound},
		{errNewerFormat, CodeNewerFormat},
		{ade.ErrViolation, CodeViolation},
		{ade.ErrRefused, CodeRefused},
	} {
		if errors.Is(err, c.is) {
			return c.code
		}
	}
	if errors.As(err, &short) {
		return CodeURLTooShort
	}
	return CodeInternal
}
