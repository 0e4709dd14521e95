package zdr

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

// Bounds of a schema. The provider states none; these keep a document from
// passing for a schema.
const (
	maxSchemaBytes = 256 << 10
	maxDepth       = 64
)

// Schema is an extraction schema in canonical JSON (RFC 8785), so that white
// space and the order of members make no other schema. It is immutable. It goes
// to the provider in the clear and stays there, so it prints as its digest only
// and must be approved by the policy before it leaves.
type Schema struct {
	canonical func() []byte
	digest    string
}

// SchemaError says why a text is no schema. It quotes nothing of it.
type SchemaError struct {
	Advice string // what is wrong, in our words
	Line   int    // 1 and up where the text is no JSON, else 0
}

// Error gives one line that is safe to log.
func (e *SchemaError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("zdr: schema: line %d: %s", e.Line, e.Advice)
	}
	return "zdr: schema: " + e.Advice
}

// ParseSchema reads a schema of at most 256 KiB: one JSON document in UTF-8,
// nested at most 64 deep, no name twice in an object, whose root has
// "type": "object" and an object "properties". The provider refuses another
// root. Other errors than *SchemaError do not occur.
func ParseSchema(b []byte) (Schema, error) {
	if err := checkJSON(b); err != nil {
		return Schema{}, err
	}
	if err := checkRoot(b); err != nil {
		return Schema{}, err
	}
	canonical, err := jcs.Transform(b)
	if err != nil {
		// jcs quotes the text in its errors.
		return Schema{}, &SchemaError{Advice: "it has no canonical form: a number out of range or half a surrogate pair"}
	}
	return Schema{canonical: func() []byte { return canonical }, digest: digestOf(string(canonical))}, nil
}

// Canonical gives a copy of the canonical JSON, nil for the zero value.
func (s Schema) Canonical() []byte {
	if s.canonical == nil {
		return nil
	}
	return bytes.Clone(s.canonical())
}

// Digest is "sha256:" and the hex digest of the canonical JSON, "" for the zero
// value. It may be logged.
func (s Schema) Digest() string { return s.digest }

// IsZero reports whether there is no schema.
func (s Schema) IsZero() bool { return s.canonical == nil }

// Format prints the digest for every verb.
func (s Schema) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "[zdr.Schema "+s.digest+"]")
}

// MarshalText encodes the digest.
func (s Schema) MarshalText() ([]byte, error) { return []byte("[zdr.Schema " + s.digest + "]"), nil }

// checkJSON holds b to one strict JSON document without doubled names.
func checkJSON(b []byte) error {
	switch {
	case len(b) == 0:
		return &SchemaError{Advice: "it is empty"}
	case len(b) > maxSchemaBytes:
		return &SchemaError{Advice: "it is longer than 256 KiB"}
	case !utf8.Valid(b):
		return &SchemaError{Advice: "it is not UTF-8"}
	}
	var raw json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return &SchemaError{Advice: "it is not one JSON document", Line: lineOf(b, err)}
	}
	switch err := visit(b, maxDepth, func(place, json.Token) {}); err {
	case nil:
		return nil
	case errDoubled:
		return &SchemaError{Advice: "an object has the same name twice", Line: doubledLine(b)}
	default:
		return &SchemaError{Advice: "it is nested more than 64 deep"}
	}
}

func lineOf(b []byte, err error) int {
	at := len(b)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = min(int(syntax.Offset), len(b))
	}
	return 1 + bytes.Count(b[:at], []byte("\n"))
}

// doubledLine is where a name comes again: there the decoder stopped.
func doubledLine(b []byte) int {
	d := json.NewDecoder(bytes.NewReader(b))
	_ = visitor{d, maxDepth, func(place, json.Token) {}}.value(nil)
	return 1 + bytes.Count(b[:d.InputOffset()], []byte("\n"))
}

// checkRoot reads exact names: encoding/json would take "TYPE" for "type" in a
// struct.
func checkRoot(b []byte) error {
	var root map[string]json.RawMessage
	if json.Unmarshal(b, &root) != nil || root == nil {
		return &SchemaError{Advice: "its root must be an object with \"type\": \"object\" and \"properties\""}
	}
	var kind string
	if json.Unmarshal(root["type"], &kind) != nil || kind != "object" {
		return &SchemaError{Advice: "its root must have \"type\": \"object\""}
	}
	var properties map[string]json.RawMessage
	if json.Unmarshal(root["properties"], &properties) != nil || len(properties) == 0 {
		return &SchemaError{Advice: "its root must have \"properties\" with at least one field"}
	}
	return nil
}

// digestOf is the digest of canonical JSON, "" where there is none.
func digestOf(canonical string) string {
	if canonical == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(canonical))
	return "sha256:" + hex.EncodeToString(sum[:])
}
