package grounding

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/zdrworker/zdrworker/zdr"
)

// Field is one value of a result and where it was found.
type Field struct {
	Path   string   // such as line_items[2].amount
	Value  zdr.Text // as JSON
	Places []Place  // in the order of the references
	// Unplaced counts the references that the parse result does not know.
	Unplaced int
}

// Box is a part of a page, in fractions of its width and height from its upper
// left corner.
type Box struct {
	Left   float64 `json:"left"`
	Top    float64 `json:"top"`
	Right  float64 `json:"right"`
	Bottom float64 `json:"bottom"`
}

// Place is where a chunk or a table's cell stands.
type Place struct {
	Page int    `json:"page"` // from 0
	Box  Box    `json:"box"`
	Type string `json:"type,omitempty"` // of the chunk: text, table, tableCell, …; "" where none was said
}

// Most is the largest result and the largest parse result that are joined, in
// bytes: what a person looks at, held in memory.
const Most = 256 << 20

// ErrTooLarge is for a result or a parse result of more than [Most] bytes.
var ErrTooLarge = fmt.Errorf("result is larger than %d MiB, too large to be joined with its places", Most>>20)

// Join reads a result and the parse result that its document was made from. A
// field whose places are not known is there all the same. Errors are
// ErrTooLarge, or say that one of the two is not what it should be; nothing of
// either is in an error.
func Join(result, parsed io.Reader) ([]Field, error) {
	fields, err := read(result)
	if err != nil {
		return nil, err
	}
	places, err := readPlaces(parsed, wanted(fields))
	if err != nil {
		return nil, err
	}
	out := make([]Field, len(fields))
	for i, f := range fields {
		out[i] = f.placed(places)
	}
	return out, nil
}

// Fields reads the fields of a result without their places, for a document that
// was not parsed.
func Fields(result io.Reader) ([]Field, error) {
	fields, err := read(result)
	out := make([]Field, len(fields))
	for i, f := range fields {
		out[i] = Field{Path: f.path, Value: f.value}
	}
	return out, err
}

// found is a field with references that are not looked up yet.
type found struct {
	path  string
	value zdr.Text
	refs  []string
}

func (f found) placed(places map[string]Place) Field {
	out := Field{Path: f.path, Value: f.value}
	for _, ref := range f.refs {
		if p, ok := places[ref]; ok {
			out.Places = append(out.Places, p)
		} else {
			out.Unplaced++
		}
	}
	return out
}

func wanted(fields []found) map[string]bool {
	refs := map[string]bool{}
	for _, f := range fields {
		for _, r := range f.refs {
			refs[r] = true
		}
	}
	return refs
}

func read(result io.Reader) ([]found, error) {
	top, err := decode(limit(result))
	switch {
	case errors.Is(err, ErrTooLarge):
		return nil, err
	case err != nil || top.member("extraction") == nil:
		return nil, errors.New("the result is not one JSON object with an extraction")
	}
	var out []found
	walk("", top.member("extraction"), top.member("extraction_metadata"), &out)
	return out, nil
}

// walk goes through an extraction and its mirror, which has an object with the
// references where the extraction has a value.
func walk(path string, value, mirror *node, out *[]found) {
	switch {
	case value.object:
		for i, name := range value.names {
			walk(below(path, name), &value.values[i], mirror.member(name), out)
		}
	case value.array:
		for i := range value.values {
			walk(at(path, i), &value.values[i], mirror.element(i), out)
		}
	default:
		*out = append(*out, found{path: path, value: zdr.NewText(string(value.leaf)), refs: references(mirror)})
	}
}

func references(mirror *node) []string {
	list := mirror.member("references")
	if list == nil {
		return nil
	}
	var refs []string
	for _, v := range list.values {
		var ref string
		if json.Unmarshal(v.leaf, &ref) == nil {
			refs = append(refs, ref)
		}
	}
	return refs
}
