package extract

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// refusal is an error in the provider's words.
type refusal string

func (r refusal) Error() string { return string(r) }

// What the provider says of a schema that it refuses, word for word; but the
// text of ErrNoJSON is ours, because nothing quotes that one.
const (
	ErrNoJSON  = refusal("The provided schema is not valid JSON.")
	ErrInvalid = refusal("The provided JSON object was not a valid JSON schema.")
	ErrRoot    = refusal(`The provided schema must have "type": "object" for the root.`)
	ErrCycle   = refusal("The provided schema contains recursive local $ref cycles")
)

// maxNodes bounds a schema with all its references put in.
const maxNodes = 20_000

// Schema is an extraction schema with references resolved and what is not
// honoured left out. It is read-only and safe to share.
type Schema struct {
	root        *node
	unsupported []string
	defaults    bool
}

// node is one field.
type node struct {
	kind        string // object, array, string, number, integer, boolean
	description string
	names       []string // x-alternativeNames
	format      string
	enum        []string
	properties  map[string]*node
	items       *node
}

func (n *node) isLeaf() bool { return n.kind != "object" && n.kind != "array" }

// order gives the properties' names in an order that does not change.
func (n *node) order() []string { return slices.Sorted(maps.Keys(n.properties)) }

// ParseSchema reads a schema by the published rules of extract-20260314. The
// error is one of the Err variables.
func ParseSchema(raw []byte) (*Schema, error) {
	doc, err := decodeOne(raw)
	if err != nil {
		return nil, ErrNoJSON
	}
	root, ok := doc.(map[string]any)
	if !ok {
		return nil, ErrRoot
	}
	r := &reader{root: root, words: map[string]bool{}}
	n, err := r.read(root)
	switch {
	case err != nil:
		return nil, err
	case root["type"] != "object":
		return nil, ErrRoot
	case root["properties"] == nil:
		return nil, ErrInvalid
	}
	return &Schema{root: n, unsupported: slices.Sorted(maps.Keys(r.words)), defaults: r.defaults}, nil
}

func decodeOne(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrNoJSON
	}
	return doc, nil
}

// Unsupported are the keywords that strict refuses and that are else left out.
func (s *Schema) Unsupported() []string { return slices.Clone(s.unsupported) }

// Nonconformance says what of the schema was not honoured; "" for nothing.
func (s *Schema) Nonconformance() string {
	var said []string
	if len(s.unsupported) > 0 {
		said = append(said, "The following schema fields were not supported: "+strings.Join(s.unsupported, ", "))
	}
	if s.defaults {
		said = append(said, "Default values are not supported")
	}
	return strings.Join(said, "; ")
}
