package parse

import (
	"html"
	"strings"
)

// cell is a cell of a table, or the whole table.
type cell struct {
	id       string
	box      Box
	row, col int
	whole    bool
}

// draw makes chunks of blocks.
func (l *layout) draw(blocks []block) {
	for _, b := range blocks {
		if len(b.columns) > 0 && len(b.lines) > 1 {
			l.table(b)
			continue
		}
		text := make([]string, 0, len(b.lines))
		for _, line := range b.lines {
			text = append(text, line.text())
		}
		l.add("text", strings.Join(text, "\n"), l.box(b.rectangle), nil)
	}
}

func (l *layout) nextCell() string {
	l.cells++
	return cellID(l.page, l.cells)
}

// table writes a table in HTML, as Parse does, with an id on each cell.
func (l *layout) table(b block) {
	whole := cell{id: l.nextCell(), box: l.box(b.rectangle), whole: true}
	cells := []cell{whole}
	var out strings.Builder
	out.WriteString(`<table id="` + whole.id + "\">\n")
	for row, line := range b.lines {
		out.WriteString("<tr>")
		for col, s := range b.row(line) {
			c := cell{id: l.nextCell(), box: l.box(s.rectangle), row: row, col: col}
			cells = append(cells, c)
			out.WriteString(`<td id="` + c.id + `">` + html.EscapeString(s.text) + "</td>")
		}
		out.WriteString("</tr>\n")
	}
	out.WriteString("</table>")
	l.add("table", out.String(), l.box(b.rectangle), cells)
}

// row spreads the segments of a line over the columns. A cell without text has
// the height of its line and the width up to the next column.
func (b block) row(l line) []segment {
	cells := make([]segment, len(b.columns))
	for i, left := range b.columns {
		right := b.right
		if i+1 < len(b.columns) {
			right = b.columns[i+1]
		}
		cells[i].rectangle = rectangle{left, l.top, right, l.bottom}
	}
	for _, s := range l.segments {
		cells[b.column(s)] = s
	}
	return cells
}
