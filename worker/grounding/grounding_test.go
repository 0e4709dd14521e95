package grounding_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/grounding"
)

const result = `{
 "extraction": {"number": "INV-7", "total": 12.50, "due": null, "items": [{"what": "lamp oil"}, {"what": "wicks"}], "value": {"references": "x"}, "none": []},
 "extraction_metadata": {
  "number": {"value": "INV-7", "references": ["c1"]},
  "total": {"value": 12.50, "references": ["0-b", "c9"]},
  "due": {"value": null, "references": []},
  "items": [{"what": {"value": "lamp oil", "references": ["0-c"]}}],
  "value": {"references": {"value": "x", "references": ["c2"]}}
 },
 "metadata": {"job_id": "j"}}`

const parsed = `{"markdown": "# page", "chunks": [
  {"id": "c1", "type": "text", "markdown": "x", "grounding": {"page": 0, "box": {"left": 0.1, "top": 0.2, "right": 0.5, "bottom": 0.25}}},
  {"id": "c2", "type": "text", "markdown": "x", "grounding": {"page": 3, "box": {"left": 0, "top": 0, "right": 1, "bottom": 1}}},
  {"id": "c3", "type": "text", "markdown": "x", "grounding": null}],
 "grounding": {
  "c1": {"page": 0, "type": "chunkText", "box": {"left": 0.1, "top": 0.2, "right": 0.5, "bottom": 0.25}},
  "0-b": {"page": 1, "type": "tableCell", "box": {"left": 0.6, "top": 0.7, "right": 0.9, "bottom": 0.75}},
  "0-c": {"page": 1, "type": "tableCell", "box": {"left": 0.6, "top": 0.9, "right": 0.5, "bottom": 1.5}}},
 "splits": [], "metadata": {}}`

func TestJoin(t *testing.T) {
	got, err := grounding.Join(strings.NewReader(result), strings.NewReader(parsed))
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		path, value string
		places      []grounding.Place
		unplaced    int
	}
	want := []row{
		{path: "number", value: `"INV-7"`, places: []grounding.Place{{Page: 0, Type: "chunkText", Box: grounding.Box{Left: 0.1, Top: 0.2, Right: 0.5, Bottom: 0.25}}}},
		{path: "total", value: "12.50", places: []grounding.Place{{Page: 1, Type: "tableCell", Box: grounding.Box{Left: 0.6, Top: 0.7, Right: 0.9, Bottom: 0.75}}}, unplaced: 1},
		{path: "due", value: "null"},
		{path: "items[0].what", value: `"lamp oil"`, unplaced: 1}, // its box is none
		{path: "items[1].what", value: `"wicks"`},                 // no mirror
		{path: "value.references", value: `"x"`, places: []grounding.Place{{Page: 3, Type: "text", Box: grounding.Box{Right: 1, Bottom: 1}}}},
	}
	var rows []row
	for _, f := range got {
		rows = append(rows, row{f.Path, f.Value.Reveal(), f.Places, f.Unplaced})
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("got\n%v\nwant\n%v", rows, want)
	}
}

func TestJoinRefuses(t *testing.T) {
	deep := strings.Repeat("[", 300) + strings.Repeat("]", 300)
	for name, in := range map[string][2]string{
		"no JSON":         {"SENTINEL-NAME", parsed},
		"two values":      {result + "{}", parsed},
		"no extraction":   {`{"metadata": {}}`, parsed},
		"too deep":        {`{"extraction": ` + deep + `}`, parsed},
		"parse cut short": {result, parsed[:200]},
		"parse a list":    {result, `["SENTINEL-NAME"]`},
		"chunks no list":  {result, `{"chunks": {"SENTINEL-NAME": 1}}`},
	} {
		_, err := grounding.Join(strings.NewReader(in[0]), strings.NewReader(in[1]))
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "SENTINEL") {
			t.Errorf("%s: the error quotes the document: %v", name, err)
		}
	}
}

// endless is white space without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestJoinEndsWithATooLargeResult(t *testing.T) {
	small := func(r io.Reader) io.Reader { return grounding.Limit(r, 4096) }
	for name, in := range map[string][2]io.Reader{
		"result": {small(endless{}), strings.NewReader(parsed)},
		"parse":  {strings.NewReader(result), small(io.MultiReader(strings.NewReader(`{"markdown": "`), endless{}))},
	} {
		if _, err := grounding.Join(in[0], in[1]); !errors.Is(err, grounding.ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
	if _, err := grounding.Join(grounding.Limit(strings.NewReader(result), int64(len(result))), strings.NewReader(parsed)); err != nil {
		t.Errorf("a result of the very size that is allowed: %v", err)
	}
}

func TestFieldsWithoutAParse(t *testing.T) {
	got, err := grounding.Fields(strings.NewReader(result))
	if err != nil || len(got) != 6 || got[0].Path != "number" || got[0].Places != nil {
		t.Errorf("got %d fields, %v", len(got), err)
	}
}

func FuzzJoin(f *testing.F) {
	f.Add(result, parsed)
	f.Add(`{"extraction":{"a":[1,{"b":null}]},"extraction_metadata":{"a":[{"references":[1,"x"]},{"b":[]}]}}`, `{"chunks":[{"id":"x","grounding":{"page":-1,"box":{}}}]}`)
	f.Add(`{"extraction":1}`, `{"grounding":null}`)
	f.Fuzz(func(t *testing.T, result, parsed string) {
		fields, err := grounding.Join(strings.NewReader(result), strings.NewReader(parsed))
		if err != nil {
			return
		}
		for _, field := range fields {
			for _, p := range field.Places {
				if b := p.Box; p.Page < 0 || b.Left < 0 || b.Right > 1 || b.Left > b.Right || b.Top < 0 || b.Bottom > 1 || b.Top > b.Bottom {
					t.Errorf("a place outside of its page: %+v", p)
				}
			}
		}
	})
}
