package grounding

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// node is a JSON value that keeps the order of its members, so that a person
// finds the fields in the order of the schema.
type node struct {
	names  []string // of an object's members
	values []node   // of members or elements
	object bool
	array  bool
	leaf   json.RawMessage // of anything else
}

// member gives the value of a name, nil where there is none.
func (n *node) member(name string) *node {
	if n == nil || !n.object {
		return nil
	}
	for i := range n.names {
		if n.names[i] == name {
			return &n.values[i]
		}
	}
	return nil
}

// element gives the i-th value of an array, nil where there is none.
func (n *node) element(i int) *node {
	if n == nil || !n.array || i >= len(n.values) {
		return nil
	}
	return &n.values[i]
}

// maxDepth is how deep a result may be nested.
const maxDepth = 200

var errDeep = errors.New("nested too deep")

// readNode reads the next value.
func readNode(d *json.Decoder, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, errDeep
	}
	t, err := d.Token()
	if err != nil {
		return node{}, err
	}
	switch t {
	case json.Delim('{'):
		return readMembers(d, depth)
	case json.Delim('['):
		return readElements(d, depth)
	}
	raw, err := json.Marshal(t)
	return node{leaf: raw}, err
}

func readMembers(d *json.Decoder, depth int) (node, error) {
	n := node{object: true}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return n, err
		}
		v, err := readNode(d, depth+1)
		if err != nil {
			return n, err
		}
		text, _ := name.(string)
		n.names, n.values = append(n.names, text), append(n.values, v)
	}
	_, err := d.Token()
	return n, err
}

func readElements(d *json.Decoder, depth int) (node, error) {
	n := node{array: true}
	for d.More() {
		v, err := readNode(d, depth+1)
		if err != nil {
			return n, err
		}
		n.values = append(n.values, v)
	}
	_, err := d.Token()
	return n, err
}

// decode reads one JSON value and nothing after it.
func decode(r io.Reader) (node, error) {
	d := json.NewDecoder(r)
	d.UseNumber()
	n, err := readNode(d, 0)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("more than one JSON value")
		}
	}
	return n, err
}

// below names a member or an element of a field.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
