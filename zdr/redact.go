package zdr

import (
	"fmt"
	"io"
	"log/slog"
)

// A redacting type is a struct around a func. A func prints as an address and
// encodes as nothing, so what it holds stays hidden even where the type sits in
// somebody's unexported field, where fmt cannot call its methods.

// Document is content: bytes of a document, of Markdown or of a result. It
// prints as a placeholder under every verb of fmt, in slog and in encoding/json.
// The zero value is empty.
type Document struct{ reveal func() []byte }

// NewDocument wraps content. The bytes are not copied; do not change them.
func NewDocument(b []byte) Document { return Document{func() []byte { return b }} }

// Reveal gives the content, nil for the zero value. What is revealed goes into
// an object of the store or to a person who asked for content, nowhere else.
func (d Document) Reveal() []byte {
	if d.reveal == nil {
		return nil
	}
	return d.reveal()
}

// Format prints a placeholder for every verb.
func (Document) Format(f fmt.State, _ rune) { placeholder(f, "zdr.Document") }

// LogValue logs a placeholder.
func (Document) LogValue() slog.Value { return slog.StringValue(redacted("zdr.Document")) }

// MarshalText encodes a placeholder.
func (Document) MarshalText() ([]byte, error) { return []byte(redacted("zdr.Document")), nil }

// Name is a name that may tell something about a document: an object key, a
// file name, a bucket. The zero value is empty.
type Name struct{ reveal func() string }

// NewName wraps a name.
func NewName(s string) Name { return Name{keep(s)} }

// Reveal gives the name, "" for the zero value.
func (n Name) Reveal() string { return revealed(n.reveal) }

// IsZero reports whether the name is empty.
func (n Name) IsZero() bool { return n.Reveal() == "" }

// Format prints a placeholder for every verb.
func (Name) Format(f fmt.State, _ rune) { placeholder(f, "zdr.Name") }

// LogValue logs a placeholder.
func (Name) LogValue() slog.Value { return slog.StringValue(redacted("zdr.Name")) }

// MarshalText encodes a placeholder.
func (Name) MarshalText() ([]byte, error) { return []byte(redacted("zdr.Name")), nil }

// Text is words that the provider or a document said: a failure reason, a
// validator's message, a warning. They can quote the document. The zero value
// is empty.
type Text struct{ reveal func() string }

// NewText wraps a text.
func NewText(s string) Text { return Text{keep(s)} }

// Reveal gives the text, "" for the zero value.
func (t Text) Reveal() string { return revealed(t.reveal) }

// IsZero reports whether the text is empty.
func (t Text) IsZero() bool { return t.Reveal() == "" }

// Format prints a placeholder for every verb.
func (Text) Format(f fmt.State, _ rune) { placeholder(f, "zdr.Text") }

// LogValue logs a placeholder.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted("zdr.Text")) }

// MarshalText encodes a placeholder.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted("zdr.Text")), nil }

// APIKey is the key that the provider's API asks for. The zero value is empty.
type APIKey struct{ reveal func() string }

// NewAPIKey wraps a key.
func NewAPIKey(s string) APIKey { return APIKey{keep(s)} }

// Reveal gives the key, "" for the zero value. Its one use is the Authorization
// header of a request that a Guard checks.
func (k APIKey) Reveal() string { return revealed(k.reveal) }

// IsZero reports whether the key is empty.
func (k APIKey) IsZero() bool { return k.Reveal() == "" }

// Format prints a placeholder for every verb.
func (APIKey) Format(f fmt.State, _ rune) { placeholder(f, "zdr.APIKey") }

// LogValue logs a placeholder.
func (APIKey) LogValue() slog.Value { return slog.StringValue(redacted("zdr.APIKey")) }

// MarshalText encodes a placeholder.
func (APIKey) MarshalText() ([]byte, error) { return []byte(redacted("zdr.APIKey")), nil }

func keep(s string) func() string { return func() string { return s } }

func revealed(f func() string) string {
	if f == nil {
		return ""
	}
	return f()
}

func redacted(what string) string { return "[" + what + " redacted]" }

func placeholder(w io.Writer, what string) { _, _ = io.WriteString(w, redacted(what)) }
