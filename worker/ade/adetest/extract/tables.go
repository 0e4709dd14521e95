package extract

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// The largest span and grid that are read.
const (
	maxSpan  = 100
	maxCells = 200_000
)

// endGrid closes a table with bars.
func (s *scanner) endGrid() {
	lines := s.grid
	s.grid = nil
	if len(lines) == 0 {
		return
	}
	t := table{headers: len(lines) > 1 && ruleMark.MatchString(lines[1])}
	for _, line := range lines {
		if ruleMark.MatchString(line) {
			continue
		}
		var row []cell
		for _, text := range splitBars(line) {
			row = append(row, cell{clean(text), s.anchor})
		}
		t.rows = append(t.rows, row)
	}
	s.keep(t, "")
}

// splitBars cuts a row at the bars that are not escaped.
func splitBars(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], "\x00", "|")
	}
	return cells
}

// htmlTable reads a table in HTML, one within another as one.
func (s *scanner) htmlTable(source string) {
	g := grid{ref: s.anchor}
	z := html.NewTokenizer(strings.NewReader(source))
	for g.cells < maxCells {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		g.token(kind, z.Token())
	}
	g.endCell()
	s.keep(table{rows: g.rows, headers: g.allHeaders}, clean(g.caption.String()))
}

// grid builds a table from tokens.
type grid struct {
	ref        string
	rows       [][]cell
	cells      int
	open       bool
	id         string
	col, row   int // spans of the open cell
	text       strings.Builder
	caption    strings.Builder
	inCaption  bool
	below      map[int]span // by column: a cell that reaches further down
	allHeaders bool         // the first row is of th only
}

type span struct {
	cell cell
	rows int
}

func (g *grid) token(kind html.TokenType, t html.Token) {
	start := kind == html.StartTagToken
	switch {
	case kind == html.TextToken && g.inCaption:
		g.caption.WriteString(t.Data)
	case kind == html.TextToken && g.open:
		g.text.WriteString(t.Data)
	case t.Data == "caption":
		g.inCaption = start
	case t.Data == "tr" && start:
		g.endCell()
		g.endRow()
		g.rows = append(g.rows, nil)
	case (t.Data == "td" || t.Data == "th") && start:
		g.endCell()
		g.begin(t)
	case t.Data == "td" || t.Data == "th" || t.Data == "table":
		g.endCell()
	case g.open:
		g.text.WriteByte(' ')
	}
}

func (g *grid) begin(t html.Token) {
	if len(g.rows) == 0 {
		g.rows = append(g.rows, nil)
	}
	if len(g.rows) == 1 {
		g.allHeaders = t.Data == "th" && (g.allHeaders || len(g.rows[0]) == 0)
	}
	g.open, g.id, g.col, g.row = true, "", 1, 1
	for _, a := range t.Attr {
		switch a.Key {
		case "id":
			g.id = a.Val
		case "colspan":
			g.col = spanOf(a.Val)
		case "rowspan":
			g.row = spanOf(a.Val)
		}
	}
}

func spanOf(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 1
	}
	return min(max(n, 1), maxSpan)
}

// endCell puts the open cell into its row, after those that reach down.
func (g *grid) endCell() {
	if !g.open {
		return
	}
	g.fillBelow()
	c := cell{clean(g.text.String()), either(g.id, g.ref)}
	for i := range g.col {
		if i > 0 {
			c.text = ""
		}
		g.place(c, g.row-1)
	}
	g.open = false
	g.text.Reset()
}

// place adds a cell to the last row and lets it reach further down.
func (g *grid) place(c cell, further int) {
	last := len(g.rows) - 1
	g.rows[last] = append(g.rows[last], c)
	g.cells++
	if further > 0 {
		if g.below == nil {
			g.below = map[int]span{}
		}
		g.below[len(g.rows[last])-1] = span{c, further}
	}
}

func (g *grid) fillBelow() {
	for {
		at := len(g.rows[len(g.rows)-1])
		sp, ok := g.below[at]
		if !ok {
			return
		}
		delete(g.below, at)
		g.place(sp.cell, sp.rows-1)
	}
}

func (g *grid) endRow() {
	if len(g.rows) > 0 {
		g.fillBelow()
	}
}

func either(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// keep adds a table, and the pairs that its rows may be.
func (s *scanner) keep(t table, caption string) {
	t.rows = slices.DeleteFunc(t.rows, func(row []cell) bool { return filled(row) == 0 })
	if len(t.rows) == 0 {
		return
	}
	t.context = slices.Concat(s.context, words(caption), words(s.label))
	s.label = ""
	s.doc.tables = append(s.doc.tables, t)
	for i, row := range t.rows {
		if i > 0 || !t.headers || len(row) == 2 {
			s.rowPairs(row)
		}
	}
	if len(t.rows) == 2 {
		for i := range min(len(t.rows[0]), len(t.rows[1])) {
			s.add(t.rows[0][i].text, t.rows[1][i].text, t.rows[1][i].ref, headed)
		}
	}
}

func filled(row []cell) int {
	n := 0
	for _, c := range row {
		if c.text != "" {
			n++
		}
	}
	return n
}

// rowPairs reads a row as label and value.
func (s *scanner) rowPairs(row []cell) {
	full := slices.DeleteFunc(slices.Clone(row), func(c cell) bool { return c.text == "" })
	for _, c := range full {
		if label, value, weight := split(c.text); label != "" && value != "" {
			s.add(label, value, c.ref, weight)
		}
	}
	n := len(full)
	if n < 2 {
		return
	}
	first := wide
	if n == 2 {
		first = rowed
	} else if n == 4 {
		first = trailing
	}
	s.rowPair(full[0], full[1], first)
	if n > 2 {
		s.rowPair(full[n-2], full[n-1], trailing)
	}
}

func (s *scanner) rowPair(label, value cell, weight int) {
	if isLabel(label.text) {
		s.add(strings.TrimRight(label.text, ":："), value.text, value.ref, weight)
	}
}
