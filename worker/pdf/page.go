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
		if err := w.enter(d.root, boxes{}, maxNesting); err != nil && !w.over {
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

// enter walks over a branch of the tree, whose boxes its pages inherit. They are
// read here, once: a branch can have thousands of pages, and each reading of it
// reads them all.
func (w *walk) enter(node pdf.Value, above boxes, depth int) error {
	kids, n, own, err := w.kids(node, above)
	if err != nil || depth == 0 {
		return ErrBroken
	}
	for i := range n {
		if err := w.visit(kids, i, own, depth); err != nil || w.over {
			return err
		}
	}
	return nil
}

func (w *walk) kids(node pdf.Value, above boxes) (kids pdf.Value, n int, own boxes, err error) {
	defer func() { err = w.source.explain(err, recover()) }()
	kids = node.Key("Kids")
	return kids, kids.Len(), above.of(node), nil
}

func (w *walk) visit(kids pdf.Value, i int, above boxes, depth int) error {
	kid, inner, err := w.kid(kids, i)
	if err != nil {
		return err
	}
	if inner {
		return w.enter(kid, above, depth-1)
	}
	if w.seen++; w.seen > maxPages {
		return ErrBroken
	}
	p, err := newPage(w.source, kid, above)
	w.over = !w.yield(p, err)
	return nil
}

func (w *walk) kid(kids pdf.Value, i int) (kid pdf.Value, inner bool, err error) {
	defer func() { err = w.source.explain(err, recover()) }()
	w.source.renew()
	kid = kids.Index(i)
	return kid, kid.Key("Kids").Kind() == pdf.Array, nil
}

func newPage(s *source, v pdf.Value, above boxes) (p Page, err error) {
	defer func() { err = s.explain(err, recover()) }()
	b := above.of(v).visible()
	return Page{page: pdf.Page{V: v}, source: s, left: b.x, bottom: b.y, Width: b.width, Height: b.height}, nil
}

// area is a rectangle of a page, in its own coordinates.
type area struct{ x, y, width, height float64 }

// boxes are what a page shows, as far as it or the tree above says.
type boxes struct{ media, crop area }

func (b boxes) of(v pdf.Value) boxes {
	if a := areaOf(v.Key("MediaBox")); a.width > 0 {
		b.media = a
	}
	if a := areaOf(v.Key("CropBox")); a.width > 0 {
		b.crop = a
	}
	return b
}

// visible is the crop box, else the media box, else US letter.
func (b boxes) visible() area {
	switch {
	case b.crop.width > 0:
		return b.crop
	case b.media.width > 0:
		return b.media
	}
	return area{width: 612, height: 792}
}

// areaOf reads two opposite corners; an area without content is none.
func areaOf(v pdf.Value) area {
	if v.Len() != 4 {
		return area{}
	}
	x0, y0, x1, y1 := v.Index(0).Float64(), v.Index(1).Float64(), v.Index(2).Float64(), v.Index(3).Float64()
	a := area{min(x0, x1), min(y0, y1), max(x0, x1) - min(x0, x1), max(y0, y1) - min(y0, y1)}
	if a.width <= 0 || a.height <= 0 {
		return area{}
	}
	return a
}
