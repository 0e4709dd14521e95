package zdr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

// maxPrompt is the provider's bound on a prompt, in characters.
const maxPrompt = 512

// ErrPrompts says that a text is no prompt of a parse.
var ErrPrompts = errors.New("zdr: custom prompts: use 1 to 512 characters of UTF-8")

// Prompts are the words that tell the provider how to describe the figures of
// a document while it parses. They go out in the clear and stay there, as a
// Schema does, so they print as their digest only and must be approved by the
// policy before they leave. The provider takes words for figures and for
// nothing else.
type Prompts struct {
	canonical func() string
	digest    string
}

// NewPrompts wraps the words for figures. Another error than ErrPrompts does
// not occur.
func NewPrompts(figure string) (Prompts, error) {
	if n := utf8.RuneCountInString(figure); n == 0 || n > maxPrompt || !utf8.ValidString(figure) {
		return Prompts{}, ErrPrompts
	}
	raw, err := json.Marshal(map[string]string{"figure": figure})
	if err != nil {
		return Prompts{}, ErrPrompts
	}
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return Prompts{}, ErrPrompts
	}
	return Prompts{canonical: keep(string(canonical)), digest: digestOf(string(canonical))}, nil
}

// parsePrompts reads what NewPrompts writes, and no other spelling of it.
func parsePrompts(raw string) (Prompts, bool) {
	var members map[string]*string
	if json.Unmarshal([]byte(raw), &members) != nil || len(members) != 1 || members["figure"] == nil {
		return Prompts{}, false
	}
	p, err := NewPrompts(*members["figure"])
	return p, err == nil && p.Canonical() == raw
}

// Canonical gives the JSON of the form's field, "" for the zero value.
func (p Prompts) Canonical() string { return revealed(p.canonical) }

// Digest is "sha256:" and the hex digest of the canonical JSON, "" for the zero
// value. It may be logged.
func (p Prompts) Digest() string { return p.digest }

// IsZero reports whether there are no prompts.
func (p Prompts) IsZero() bool { return p.canonical == nil }

func (p Prompts) placeholder() string { return "[zdr.Prompts " + p.digest + "]" }

// Format prints the digest for every verb.
func (p Prompts) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.placeholder()) }

// LogValue logs the digest.
func (p Prompts) LogValue() slog.Value { return slog.StringValue(p.placeholder()) }

// MarshalText encodes the digest.
func (p Prompts) MarshalText() ([]byte, error) { return []byte(p.placeholder()), nil }

func checkPrompts(p Policy, v string) string {
	prompts, ok := parsePrompts(v)
	if !ok {
		return RulePromptsForm
	}
	if !slices.Contains(p.Prompts, prompts.Digest()) {
		return RulePrompts
	}
	return ""
}
