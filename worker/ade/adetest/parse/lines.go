package parse

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/worker/pdf"
)

type rectangle struct{ left, top, right, bottom float64 }

func (r rectangle) with(o rectangle) rectangle {
	return rectangle{math.Min(r.left, o.left), math.Min(r.top, o.top), math.Max(r.right, o.right), math.Max(r.bottom, o.bottom)}
}

func (r rectangle) height() float64 { return r.bottom - r.top }

// segment is text without a wide gap in it.
type segment struct {
	rectangle
	text string
}

// line is what stands on one base line, from left to right.
type line struct {
	rectangle
	segments []segment
}

func (l line) text() string {
	parts := make([]string, 0, len(l.segments))
	for _, s := range l.segments {
		parts = append(parts, s.text)
	}
	return strings.Join(parts, " ")
}

// lines puts characters together, from top to bottom.
func lines(glyphs []pdf.Glyph) []line {
	sorted := slices.Clone(glyphs)
	slices.SortStableFunc(sorted, func(a, b pdf.Glyph) int { return cmp.Compare(a.Bottom, b.Bottom) })
	var found []line
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].Bottom-sorted[0].Bottom < (sorted[0].Bottom-sorted[0].Top)/3 {
			n++
		}
		if l := newLine(sorted[:n]); len(l.segments) > 0 {
			found = append(found, l)
		}
		sorted = sorted[n:]
	}
	return found
}

// newLine reads the characters of one line. A gap of a quarter of their size is
// a space, and one of more than their size begins another segment.
func newLine(glyphs []pdf.Glyph) line {
	slices.SortStableFunc(glyphs, func(a, b pdf.Glyph) int { return cmp.Compare(a.Left, b.Left) })
	var l line
	var s segment
	for _, g := range glyphs {
		r, size := rectangle{g.Left, g.Top, g.Right, g.Bottom}, g.Bottom-g.Top
		gap := r.left - s.right
		if strings.TrimSpace(g.Text) == "" {
			continue
		}
		switch {
		case s.text == "":
			s = segment{r, g.Text}
			continue
		case gap > 1.2*size:
			l.end(s)
			s = segment{r, g.Text}
			continue
		case gap > size/8:
			s.text += " "
		}
		s.text, s.rectangle = s.text+g.Text, s.with(r)
	}
	l.end(s)
	return l
}

func (l *line) end(s segment) {
	if s.text == "" {
		return
	}
	if len(l.segments) == 0 {
		l.rectangle = s.rectangle
	}
	l.segments, l.rectangle = append(l.segments, s), l.with(s.rectangle)
}

// block is lines that belong together.
type block struct {
	rectangle
	lines   []line
	columns []float64 // where the columns of a table begin; none: a paragraph
}

// blocks cuts lines into tables and paragraphs.
func blocks(all []line) []block {
	var found []block
	for len(all) > 0 {
		b := table(all)
		if len(b.lines) < 2 {
			b = paragraph(all)
		}
		found = append(found, b)
		all = all[len(b.lines):]
	}
	return found
}

// aligned is how far from its column a cell may begin, in points.
const aligned = 4

// table takes lines whose segments all begin where those of the first do.
func table(all []line) block {
	b := block{rectangle: all[0].rectangle}
	if len(all[0].segments) < 2 {
		return b
	}
	for _, s := range all[0].segments {
		b.columns = append(b.columns, s.left)
	}
	for _, l := range all {
		if !b.fits(l) {
			break
		}
		b.lines, b.rectangle = append(b.lines, l), b.with(l.rectangle)
	}
	return b
}

func (b block) fits(l line) bool {
	if len(b.lines) > 0 && l.top-b.lines[len(b.lines)-1].bottom > 2*l.height() {
		return false
	}
	for _, s := range l.segments {
		if b.column(s) < 0 {
			return false
		}
	}
	return len(l.segments) > 1 || b.column(l.segments[0]) > 0
}

// column is the column of a segment, -1 where it stands in none.
func (b block) column(s segment) int {
	return slices.IndexFunc(b.columns, func(left float64) bool { return math.Abs(left-s.left) < aligned })
}

// paragraph takes lines that follow closely, up to the next table.
func paragraph(all []line) block {
	b := block{rectangle: all[0].rectangle}
	for i, l := range all {
		if i > 0 && (l.top-b.bottom > 0.75*l.height() || len(table(all[i:]).lines) > 1) {
			break
		}
		b.lines, b.rectangle = append(b.lines, l), b.with(l.rectangle)
	}
	return b
}
