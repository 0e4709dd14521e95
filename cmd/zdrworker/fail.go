package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"syscall"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/zdr"
)

// failure is an error as a person sees it. Neither text nor hint names a
// document.
type failure struct {
	code  code
	text  string // default: the cause's
	hint  string // default: the code's
	cause error
}

// Error gives the text.
func (f *failure) Error() string {
	if f.text == "" && f.cause != nil {
		return f.cause.Error()
	}
	return f.text
}

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.cause }

// coded is an error that knows its code: the worker's packages have some.
type coded interface {
	error
	Code() string
}

// explain turns any error into what is shown.
func explain(err error) *failure {
	f := &failure{code: codeInternal, text: safe(err), cause: err}
	if own, ok := errors.AsType[*failure](err); ok {
		f.code, f.text, f.hint = own.code, own.Error(), own.hint
	} else if unapproved(err) {
		f.code, f.text = codeNotApproved, "a job has to be submitted whose schema the policy does not name"+ofJob(err)
		f.hint = "give the schema with --schema, or `zdrworker policy approve FILE` adds it"
	} else if w, ok := errors.AsType[*worker.Fault](err); ok {
		f.code, f.text, f.hint = classOf(code(w.Code)).code, told(w), w.Hint
	} else if c, ok := errors.AsType[coded](err); ok {
		f.code = classOf(code(c.Code())).code
	} else {
		f.code = codeByClass(err)
	}
	if f.hint == "" {
		f.hint = hintOf(err)
	}
	if f.hint == "" {
		f.hint = classOf(f.code).hint
	}
	return f
}

// told is a fault without what the code says already.
func told(w *worker.Fault) string {
	text := classOf(code(w.Code)).meaning
	if w.Err != nil {
		text = safe(w.Err)
	}
	return text + ofJob(w)
}

// unapproved: the boundary let a schema not out. It comes that late where a job
// was made with a schema that this command was not given.
func unapproved(err error) bool {
	r, ok := errors.AsType[*zdr.Refusal](err)
	return ok && r.Rule == zdr.RuleSchema
}

// ofJob says which job an error is about.
func ofJob(err error) string {
	if w, ok := errors.AsType[*worker.Fault](err); ok && w.Ref != "" {
		return " (job " + w.Ref + ")"
	}
	return ""
}

// codeByClass finds the code of errors that are classes.
func codeByClass(err error) code {
	for _, c := range []struct {
		class error
		code  code
	}{
		{config.ErrNoFile, codeConfigAbsent},
		{bucket.ErrCredentials, codeNoCredentials},
		{bucket.ErrNoBucket, codeNoBucket},
		{bucket.ErrDenied, codeDenied},
		{bucket.ErrThrottled, codeUnavailable},
		{bucket.ErrUnavailable, codeUnavailable},
		{bucket.ErrUnknown, codeUnavailable},
		{ade.ErrViolation, codeViolation},
		{ade.ErrRefused, codeRefused},
		{ade.ErrUnauthorized, codeBreaker},
		{ade.ErrPaymentRequired, codeBreaker},
		{ade.ErrForbidden, codeBreaker},
		{ade.ErrThrottled, codeStopped},
		{ade.ErrNotSent, codeStopped},
		{ade.ErrUnknownOutcome, codeStopped},
		{presign.ErrCredentials, codeNoCredentials},
	} {
		if errors.Is(err, c.class) {
			return c.code
		}
	}
	if _, ok := errors.AsType[*zdr.PolicyError](err); ok {
		return codePolicy
	}
	if _, ok := errors.AsType[*presign.TooShort](err); ok {
		return codeURLTooShort
	}
	if ofFile(err) {
		return codeFile
	}
	return codeInternal
}

// ofFile: the system refused something about a file.
func ofFile(err error) bool {
	if _, ok := errors.AsType[*os.LinkError](err); ok {
		return true
	}
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}

// hintOf asks the error itself what to do.
func hintOf(err error) string {
	if all, ok := errors.AsType[config.Errors](err); ok {
		return all[0].Hint
	}
	if e, ok := errors.AsType[*config.Error](err); ok {
		return e.Hint
	}
	if e, ok := errors.AsType[*config.Missing](err); ok {
		if e.Key.Path == "store" || e.Key.Path == "exchange" {
			hint := "set ZDRWORKER_STORE=s3://BUCKET and ZDRWORKER_EXCHANGE=s3://ANOTHER, or `zdrworker init` for a file"
			if hasSandbox {
				hint += "; to try it without buckets: `zdrworker run PATH --schema FILE --sandbox`"
			}
			return hint
		}
		return fmt.Sprintf("set %s, --%s or %s in the configuration file", e.Key.Variable(), e.Key.Flag(), e.Key.Path)
	}
	return ""
}

// safe gives an error's text. Errors of the system quote paths, addresses and
// URLs, and a path can be a document's name: of those only the reason is told.
func safe(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Op + ": " + reason(e.Err)
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Op + ": " + reason(e.Err)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Op + ": " + fmt.Sprintf("%T", e.Err)
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Op + ": " + fmt.Sprintf("%T", e.Err)
	}
	return err.Error()
}

// reason keeps the system's own words, which quote nothing.
func reason(err error) string {
	for _, known := range []error{fs.ErrNotExist, fs.ErrExist, fs.ErrPermission} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return no.Error()
	}
	return fmt.Sprintf("%T: %v", err, err)
}

// fail shows an error on standard error and gives its exit code. With --json it
// is one JSON line there.
func (a *app) fail(err error) int {
	f := explain(err)
	exit := classOf(f.code).exit
	if a.json {
		_ = json.NewEncoder(a.stderr).Encode(map[string]any{
			"type": "error", "code": f.code, "text": f.text, "hint": f.hint, "exit_code": exit,
		})
		return exit
	}
	fmt.Fprintf(a.stderr, "zdrworker: %s: %s\n", f.code, f.text)
	if f.hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", f.hint)
	}
	return exit
}
