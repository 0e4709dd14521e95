package zdr

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

var (
	errDoubled = errors.New("an object has the same name twice")
	errDeep    = errors.New("nested too deep")
)

// place is where a value stands: the names and indices that lead to it. Names
// are strings, indices ints. It is valid during the call only.
type place []any

// visit calls see for every value of a JSON document, objects and arrays with
// their opening json.Delim, scalars with their token, numbers as json.Number.
// It ends with errDoubled, errDeep or the decoder's error, which quotes.
func visit(b []byte, depth int, see func(place, json.Token)) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v := visitor{d, depth, see}
	if err := v.value(nil); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("a second document")
	}
	return nil
}

type visitor struct {
	d     *json.Decoder
	depth int
	see   func(place, json.Token)
}

func (v visitor) value(at place) error {
	t, err := v.d.Token()
	if err != nil {
		return err
	}
	v.see(at, t)
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if len(at) >= v.depth {
		return errDeep
	}
	if open == '{' {
		err = v.members(at)
	} else {
		err = v.elements(at)
	}
	if err != nil {
		return err
	}
	_, err = v.d.Token()
	return err
}

func (v visitor) members(at place) error {
	seen := map[string]bool{}
	for v.d.More() {
		t, err := v.d.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok || seen[name] {
			return errDoubled
		}
		seen[name] = true
		if err := v.value(append(at, name)); err != nil {
			return err
		}
	}
	return nil
}

func (v visitor) elements(at place) error {
	for i := 0; v.d.More(); i++ {
		if err := v.value(append(at, i)); err != nil {
			return err
		}
	}
	return nil
}
