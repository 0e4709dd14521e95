package pdf

import (
	"iter"

	"github.com/ledongthuc/pdf"
)

// maxNesting bounds the tree of pages.
const maxNesting = 64

// Page is one page.
type Page struct {
	// Width and Height are those of the page's visible part, in points.
	Width, Height float64

	left, bottom float64
	page         pdf.Page
	source       *source
}

// Pages walks the pages in their order, once over the tree. A page that cannot
// be found ends the walk with ErrBroken.
func (d *Document) Pages() iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		w := walk{source: d.source, yield: yield}
		if err := w.enter(d.root, maxNesting); err != nil && !w.over {
			yield(Page{}, err)
		}
	}
}

type walk struct {
	source *source
	yield  func(Page, error) bool
	seen   int
	over   bool // the caller has had enough
}

func (w *walk) enter(node pdf.Value, depth int) error {
	kids, n, err := w.kids(node)
	if err != nil || depth == 0 {
		return ErrBroken
	}
	for i := range n {
		if err := w.visit(kids, i, depth); err != nil || w.over {
			return err
		}
	}
	return nil
}

func (w *walk) kids(node pdf.Value) (kids pdf.Value, n int, err error) {
	defer func() { err = w.source.explain(err, recover()) }()
	kids = node.Key("Kids")
	return kids, kids.Len(), nil
}

func (w *walk) visit(kids pdf.Value, i, depth int) error {
	kid, inner, err := w.kid(kids, i)
	if err != nil {
		return err
	}
	if inner {
		return w.enter(kid, depth-1)
	}
	if w.seen++; w.seen > maxPages {
		return ErrBroken
	}
	p, err := newPage(w.source, kid)
	w.over = !w.yield(p, err)
	return nil
}

func (w *walk) kid(kids pdf.Value, i int) (kid pdf.Value, inner bool, err error) {
	defer func() { err = w.source.explain(err, recover()) }()
	kid = kids.Index(i)
	return kid, kid.Key("Kids").Kind() == pdf.Array, nil
}

func newPage(s *source, v pdf.Value) (p Page, err error) {
	defer func() { err = s.explain(err, recover()) }()
	p = Page{page: pdf.Page{V: v}, source: s, Width: 612, Height: 792}
	for _, name := range []string{"MediaBox", "CropBox"} {
		box := inherited(v, name)
		if box.Len() != 4 {
			continue
		}
		x0, y0, x1, y1 := box.Index(0).Float64(), box.Index(1).Float64(), box.Index(2).Float64(), box.Index(3).Float64()
		x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
		if x1 > x0 && y1 > y0 {
			p.left, p.bottom, p.Width, p.Height = x0, y0, x1-x0, y1-y0
		}
	}
	return p, nil
}

// inherited looks for an entry of a page up its tree.
func inherited(v pdf.Value, name string) pdf.Value {
	for range maxNesting {
		if e := v.Key(name); e.Kind() != pdf.Null || v.Kind() == pdf.Null {
			return e
		}
		v = v.Key("Parent")
	}
	return pdf.Value{}
}
