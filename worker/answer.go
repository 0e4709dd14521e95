package worker

import (
	"bytes"
	"errors"
	"sync"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/zdrworker/zdrworker/zdr"
)

// compiled are the schemas in use, by digest. A schema is small and a
// deployment has few.
var compiled sync.Map

// answers reports whether an extraction has the shape that the schema asks
// for. What the document does not say is null, whatever the type: the provider
// documents that for every field.
func answers(s zdr.Schema, extraction []byte) bool {
	c, err := compileSchema(s)
	if err != nil {
		return false
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(extraction))
	return err == nil && c.Validate(v) == nil
}

func compileSchema(s zdr.Schema) (*jsonschema.Schema, error) {
	if c, ok := compiled.Load(s.Digest()); ok {
		return c.(*jsonschema.Schema), nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.Canonical()))
	if err != nil {
		return nil, errors.New("schema is not JSON")
	}
	nullable(doc, true)
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	const name = "schema.json"
	if err := c.AddResource(name, doc); err != nil {
		return nil, errors.New("schema cannot be used")
	}
	out, err := c.Compile(name)
	if err != nil {
		return nil, errors.New("schema cannot be compiled")
	}
	compiled.Store(s.Digest(), out)
	return out, nil
}

// noLoader: a schema that refers to a file or an address gets nothing.
type noLoader struct{}

func (noLoader) Load(string) (any, error) {
	return nil, errors.New("references outside the schema are not followed")
}

// nullable lets every value be null and drops what the provider ignores and
// this check therefore must not ask for.
func nullable(v any, root bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	delete(m, "required")
	delete(m, "format")
	if t, ok := m["type"].(string); ok && !root {
		m["type"] = []any{t, "null"}
	}
	if e, ok := m["enum"].([]any); ok {
		m["enum"] = append(e, nil)
	}
	for _, under := range []string{"properties", "$defs", "definitions"} {
		if props, ok := m[under].(map[string]any); ok {
			for _, sub := range props {
				nullable(sub, false)
			}
		}
	}
	nullable(m["items"], false)
	if any, ok := m["anyOf"].([]any); ok {
		for _, sub := range any {
			nullable(sub, false)
		}
	}
}

// CheckMarkdown looks at the first bytes of a document: it must not be empty
// and must be text. It is what a pipeline asks by default.
func CheckMarkdown(head []byte, size int64) error {
	switch {
	case size == 0 || len(bytes.TrimSpace(head)) == 0 && int64(len(head)) == size:
		return &Fault{Op: "put", Code: CodeEmpty, Hint: "the document has no text in it"}
	case bytes.IndexByte(head, 0) >= 0 || !validText(head, size):
		return &Fault{Op: "put", Code: CodeBinary, Hint: "the document is not UTF-8 text; Markdown is wanted"}
	}
	return nil
}

// validText is utf8.Valid for a prefix, whose last character may be cut.
func validText(head []byte, size int64) bool {
	if int64(len(head)) < size && len(head) > 3 {
		cut := len(head)
		for i := 1; i <= 3; i++ {
			if b := head[len(head)-i]; b >= 0xc0 {
				cut = len(head) - i
				break
			} else if b < 0x80 {
				break
			}
		}
		head = head[:cut]
	}
	return utf8.Valid(head)
}
