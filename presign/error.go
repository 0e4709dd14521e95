package presign

import (
	"context"
	"errors"
	"fmt"
)

// The classes of a failed signing; errors.Is tells them apart. A *TooShort and
// the errors of package context come besides.
var (
	// ErrKey: the key does not lie where its identity may sign, or holds a
	// character that our keys never have.
	ErrKey = errors.New("key is not one that this identity signs")
	// ErrCredentials: the provider of credentials failed or gave none. Its own
	// words are dropped, because they quote endpoints, roles and profiles.
	ErrCredentials = errors.New("no usable credentials")
	// ErrDeposit: the depository did not take the grant, so no URL was handed
	// out.
	ErrDeposit = errors.New("signature could not be deposited")
	// ErrSDK: the SDK failed, or signed something else than host, or added a
	// parameter.
	ErrSDK = errors.New("SDK did not sign as expected")
)

// Error is one failed signing. It says which operation for which job, and the
// class; never a key, a URL or the words of anybody else.
type Error struct {
	Op    string // "sign", "sign get", "sign put", "separate"
	Ref   string // the job's name outside the bucket; may be empty
	Class error  // one of the sentinels, a *TooShort, or context's errors

	cause error // for errors.Is and errors.As; never printed
}

// Error gives one line that is safe to log.
func (e *Error) Error() string {
	if e.Ref == "" {
		return fmt.Sprintf("presign: %s: %v", e.Op, e.Class)
	}
	return fmt.Sprintf("presign: %s for %s: %v", e.Op, e.Ref, e.Class)
}

// Unwrap gives the class and, for a refused deposit, what the depository said.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.cause}
}

// stopped gives the context's error where that is what ended a call, else
// class.
func stopped(ctx context.Context, class error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return class
}
