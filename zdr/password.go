package zdr

import (
	"fmt"
	"log/slog"
)

// maxPassword is the longest password that a PDF can have, in bytes.
const maxPassword = 127

// Password opens an encrypted document. It comes from a secret store, goes into
// the one field of a parse that takes it and is kept nowhere: the record has
// not even its length. The zero value is none.
type Password struct{ reveal func() string }

// NewPassword wraps a password.
func NewPassword(s string) Password { return Password{keep(s)} }

// Reveal gives the password, "" for the zero value. Its one use is the form of
// a request that a Guard checks.
func (p Password) Reveal() string { return revealed(p.reveal) }

// IsZero reports whether the password is empty.
func (p Password) IsZero() bool { return p.Reveal() == "" }

// Format prints a placeholder for every verb.
func (Password) Format(f fmt.State, _ rune) { placeholder(f, "zdr.Password") }

// LogValue logs a placeholder.
func (Password) LogValue() slog.Value { return slog.StringValue(redacted("zdr.Password")) }

// MarshalText encodes a placeholder.
func (Password) MarshalText() ([]byte, error) { return []byte(redacted("zdr.Password")), nil }

func checkPassword(_ Policy, v string) string {
	if v == "" || len(v) > maxPassword {
		return RulePassword
	}
	return ""
}
