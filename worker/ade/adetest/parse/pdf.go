package parse

import (
	"bytes"
	"errors"
	"math"
	"slices"

	"github.com/zdrworker/zdrworker/worker/pdf"
)

func openPDF(in Input) (*pdf.Document, error) {
	d, err := pdf.Open(bytes.NewReader(in.Data), int64(len(in.Data)), in.Password)
	switch {
	case errors.Is(err, pdf.ErrPassword) && in.Password == "":
		return nil, ErrPassword
	case errors.Is(err, pdf.ErrPassword), errors.Is(err, pdf.ErrUndecided):
		return nil, ErrDecrypt
	case err != nil:
		return nil, ErrBroken
	case d.Count == 0:
		return nil, ErrNoPages
	case in.MaxPages > 0 && d.Count > in.MaxPages:
		return nil, &PagesError{in.MaxPages}
	}
	return d, nil
}

func readPDF(in Input) (parsed, error) {
	d, err := openPDF(in)
	if err != nil {
		return parsed{}, err
	}
	p, sum := parsed{}, digestOf(in.Data)
	for page, err := range d.Pages() {
		if p.pages == d.Count {
			return parsed{}, ErrBroken
		}
		if slices.Contains(in.FailPages, p.pages) {
			err = ErrBroken
		}
		chunks, pageErr := readPage(page, err, sum, p.pages)
		if pageErr != nil {
			p.failed = append(p.failed, p.pages)
		}
		p.chunks = append(p.chunks, chunks...)
		p.pages++
	}
	for ; p.pages < d.Count; p.pages++ { // pages that the tree does not lead to
		p.failed = append(p.failed, p.pages)
	}
	return p, nil
}

func readPage(page pdf.Page, err error, sum digest, number int) ([]Chunk, error) {
	if err != nil {
		return nil, err
	}
	glyphs, err := page.Glyphs()
	if err != nil {
		return nil, err
	}
	l := layout{sum: sum, page: number, width: page.Width, height: page.Height}
	l.draw(blocks(lines(glyphs)))
	if len(l.chunks) == 0 {
		l.figure("A page without text of its own. No OCR was done.")
	}
	return l.chunks, nil
}

// layout makes chunks of one page.
type layout struct {
	sum           digest
	page          int
	width, height float64
	chunks        []Chunk
	cells         int // tables and cells so far
}

func (l *layout) add(kind, markdown string, b Box, cells []cell) {
	c := Chunk{Type: kind, ID: l.sum.chunkID(l.page, len(l.chunks)), Place: Place{Box: b, Page: l.page}, cells: cells}
	c.Markdown = anchor(c.ID) + markdown
	l.chunks = append(l.chunks, c)
}

func (l *layout) figure(text string) {
	l.add("figure", "<::"+text+" : figure::>", Box{Right: 1, Bottom: 1}, nil)
}

// box is a rectangle in shares of the page, within it, to a hundredth of a
// thousandth.
func (l *layout) box(r rectangle) Box {
	share := func(v, of float64) float64 { return math.Round(math.Min(1, math.Max(0, v/of))*1e5) / 1e5 }
	return Box{Left: share(r.left, l.width), Top: share(r.top, l.height), Right: share(r.right, l.width), Bottom: share(r.bottom, l.height)}
}
