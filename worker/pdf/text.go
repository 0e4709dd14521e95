package pdf

import (
	"math"
	"strings"

	"github.com/ledongthuc/pdf"
)

// Glyph is one character and where it stands, in points from the top left of
// the page.
type Glyph struct {
	Text                     string
	Left, Top, Right, Bottom float64
}

// Glyphs are the characters of a page in the order in which it draws them. A
// page whose content cannot be read gives ErrBroken. Characters that are part
// of a picture are none.
func (p Page) Glyphs() (glyphs []Glyph, err error) {
	defer func() { err = p.source.explain(err, recover()) }()
	p.source.renew()
	var run advance
	for _, t := range p.page.Content().Text {
		if t.S == "\n" || t.S == "" {
			continue // the library ends each array of strings so
		}
		size := math.Abs(t.FontSize)
		x, width := run.place(t, size)
		base := p.Height - (t.Y - p.bottom)
		glyphs = append(glyphs, Glyph{
			Text: t.S, Left: x - p.left, Right: x - p.left + width,
			Top: base - 0.75*size, Bottom: base + 0.25*size,
		})
	}
	return glyphs, nil
}

// advance places the characters of the standard fonts, which need not say how
// wide they are: the library draws such a string in one place.
type advance struct {
	x, y, next float64
	widthless  bool
}

func (a *advance) place(t pdf.Text, size float64) (x, width float64) {
	if t.W != 0 {
		a.widthless = false
		return t.X, math.Abs(t.W)
	}
	if !a.widthless || a.x != t.X || a.y != t.Y {
		*a = advance{x: t.X, y: t.Y, next: t.X, widthless: true}
	}
	x, width = a.next, standardWidth(t.Font, t.S)*size/1000
	a.next += width
	return x, width
}

// standardWidth is how wide a character of the standard fonts is, by thousandths
// of its size. The proportional ones are all taken for Helvetica, which is near
// enough for a box around a line.
func standardWidth(font, s string) float64 {
	if strings.Contains(font, "Courier") {
		return 600
	}
	if len(s) == 1 && s[0] >= ' ' && s[0] <= '~' {
		return helvetica[s[0]-' ']
	}
	return 556
}

// helvetica is its published metrics, from space to tilde.
var helvetica = [95]float64{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}
