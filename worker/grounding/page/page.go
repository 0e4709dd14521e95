package page

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/worker/grounding"
	"github.com/zdrworker/zdrworker/zdr"
)

// View is what is shown.
type View struct {
	Document zdr.Name // empty: not said
	Facts    []Fact
	Fields   []grounding.Field
	// Sheets are the pages of the document, by number from 0. A page that a field
	// was found on and that is not here is drawn empty.
	Sheets map[int]Sheet
}

// Fact is a line above the fields, such as "route" and "invoices".
type Fact struct{ Name, Value string }

// Sheet is the picture of a page.
type Sheet struct {
	Type          string // image/png, image/jpeg, image/gif or image/webp
	Picture       zdr.Document
	Width, Height int // pixels
}

//go:embed page.html
var source string

var layout = template.Must(template.New("page").Parse(source))

// Write writes the page. Errors are w's.
func Write(w io.Writer, v View) error {
	if err := layout.Execute(w, v.laid()); err != nil {
		// Its text could quote the document.
		return errors.New("the page could not be written")
	}
	return nil
}

// laid is the view in the template's terms.
type laid struct {
	Document string
	Facts    []Fact
	Fields   []row
	Sheets   []leaf
}

type row struct {
	Path, Value string
	Marks       []mark
	Null        bool
	Missing     bool // there is no place for it
}

// mark leads from a field to its box.
type mark struct {
	ID   string
	Page int // from 1
}

type leaf struct {
	Number  int // from 1
	Picture template.URL
	Style   template.CSS
	Boxes   []frame
}

type frame struct {
	ID, Path, Value string
	Style           template.CSS
}

// paper is the shape of an empty page: A4.
var paper = Sheet{Width: 210, Height: 297}

func (v View) laid() laid {
	out := laid{Document: v.Document.Reveal(), Facts: v.Facts}
	leaves := map[int]*leaf{}
	for n, s := range v.Sheets {
		leaves[n] = s.leaf(n)
	}
	for i, f := range v.Fields {
		r := row{Path: f.Path, Value: readable(f.Value), Null: f.Value.Reveal() == "null", Missing: len(f.Places) == 0}
		for k, p := range f.Places {
			if leaves[p.Page] == nil {
				leaves[p.Page] = paper.leaf(p.Page)
			}
			m := mark{ID: fmt.Sprintf("f%d-%d", i, k), Page: p.Page + 1}
			r.Marks = append(r.Marks, m)
			leaves[p.Page].Boxes = append(leaves[p.Page].Boxes, frame{ID: m.ID, Path: r.Path, Value: r.Value, Style: style(p.Box)})
		}
		out.Fields = append(out.Fields, r)
	}
	for _, l := range leaves {
		out.Sheets = append(out.Sheets, *l)
	}
	slices.SortFunc(out.Sheets, func(a, b leaf) int { return a.Number - b.Number })
	return out
}

// pictures are the types that a browser shows and that run nothing.
var pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

func (s Sheet) leaf(n int) *leaf {
	l := &leaf{Number: n + 1, Style: template.CSS(fmt.Sprintf("aspect-ratio:%d/%d", max(s.Width, 1), max(s.Height, 1)))}
	if slices.Contains(pictures, s.Type) {
		l.Picture = template.URL("data:" + s.Type + ";base64," + base64.StdEncoding.EncodeToString(s.Picture.Reveal()))
	}
	return l
}

func style(b grounding.Box) template.CSS {
	return template.CSS(fmt.Sprintf("left:%.3f%%;top:%.3f%%;width:%.3f%%;height:%.3f%%",
		100*b.Left, 100*b.Top, 100*(b.Right-b.Left), 100*(b.Bottom-b.Top)))
}

// readable is a value as a person reads it: a text without its quotes.
func readable(value zdr.Text) string {
	raw := value.Reveal()
	var text string
	if json.Unmarshal([]byte(raw), &text) == nil {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	return raw
}
