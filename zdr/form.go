package zdr

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// The boundary is a constant: one that is chosen freely could carry bytes of
// its own. A value that contains it is refused.
const (
	formBoundary    = "zdrworker-form-7d1f0c3e5b9a4826"
	formContentType = "multipart/form-data; boundary=" + formBoundary
	formDelimiter   = "--" + formBoundary
	formHead        = formDelimiter + "\r\nContent-Disposition: form-data; name=\""
	formHeadEnd     = "\"\r\n\r\n"
	formEnd         = formDelimiter + "--\r\n"
)

// fieldOrder is the canonical order of the fields, and at the same time the
// list of all fields that hold options or URLs and never content.
var fieldOrder = []string{
	"schema", "model", "strict", "split", "custom_prompts", "password",
	"markdown_url", "document_url", "output_save_url",
}

// fieldRank is the place of a field in the canonical order, -1 for a field that
// the boundary does not know.
func fieldRank(name string) int { return slices.Index(fieldOrder, name) }

// Form builds the one body that the guard lets out for a create: a multipart
// form whose every byte follows from the fields. Values are text; there are no
// file parts, no part headers beyond the name, no preamble. It prints without
// its values.
type Form struct{ fields []field }

// field keeps its value in a func, because it can be a presigned URL.
type field struct {
	name  string
	value func() string
}

// NewForm starts an empty form.
func NewForm() *Form { return &Form{} }

// Add adds one field. The order of calls does not matter to known fields.
// Nothing is checked here: the guard refuses what it does not know.
func (f *Form) Add(name, value string) { f.fields = append(f.fields, field{name, keep(value)}) }

// Encode gives the Content-Type and the canonical body.
func (f *Form) Encode() (contentType string, body []byte) {
	return formContentType, encodeForm(f.fields)
}

// Format prints the form without its fields.
func (*Form) Format(s fmt.State, _ rune) { placeholder(s, "zdr.Form") }

func encodeForm(fields []field) []byte {
	ordered := slices.Clone(fields)
	slices.SortStableFunc(ordered, func(a, b field) int { return orderOf(a.name) - orderOf(b.name) })
	var b bytes.Buffer
	for _, f := range ordered {
		b.WriteString(formHead + f.name + formHeadEnd + f.value() + "\r\n")
	}
	b.WriteString(formEnd)
	return b.Bytes()
}

// orderOf sorts unknown fields last.
func orderOf(name string) int {
	if r := fieldRank(name); r >= 0 {
		return r
	}
	return len(fieldOrder)
}

// parseForm reads a canonical body. It is no general multipart reader: other
// readers take the same bytes for other fields, so whatever is not the exact
// form that Encode writes is no form here.
func parseForm(body []byte) ([]field, bool) {
	var fields []field
	rest := string(body)
	for rest != formEnd {
		f, after, ok := parseField(rest)
		if !ok {
			return nil, false
		}
		fields, rest = append(fields, f), after
	}
	return fields, len(fields) > 0 && bytes.Equal(encodeForm(fields), body)
}

func parseField(s string) (f field, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, formHead)
	if !ok {
		return f, "", false
	}
	name, s, ok := strings.Cut(s, formHeadEnd)
	if !ok || !isFieldName(name) {
		return f, "", false
	}
	end := strings.Index(s, "\r\n"+formDelimiter)
	if end < 0 || !isFieldValue(s[:end]) {
		return f, "", false
	}
	return field{name, keep(s[:end])}, s[end+2:], true
}

func isFieldName(s string) bool { return isToken(s, 32, "_") && strings.ToLower(s) == s }

// isFieldValue refuses C0 control characters, line ends among them, and anything
// that another reader could take for a boundary.
func isFieldValue(s string) bool {
	if strings.Contains(s, formDelimiter) {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 {
			return false
		}
	}
	return true
}
