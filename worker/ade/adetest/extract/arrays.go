package extract

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// row is one element of an array of objects, not yet converted.
type row map[*node]find

// elements finds the elements of an array: rows for objects, finds for leaves.
func (d *document) elements(name string, n *node, within []string) (rows []row, finds []find) {
	switch {
	case n.items.kind == "object":
		return d.rowsFor(name, n, within), nil
	case n.items.isLeaf():
		return nil, d.valuesFor(name, n, within)
	}
	return nil, nil
}

// rowsFor reads objects from the tables that fit best, or from sections that
// repeat.
func (d *document) rowsFor(name string, n *node, within []string) []row {
	wanted := fields(n.items, nil)
	names := namesOf(name, n, within)
	best, rows := 0, []row(nil)
	for _, t := range d.tables {
		score, found := t.fit(wanted, names)
		switch {
		case score > best:
			best, rows = score, found
		case score == best && score > 0:
			rows = append(rows, found...)
		}
	}
	if best == 0 {
		return d.sectionsFor(wanted, names)
	}
	return rows
}

// fit reads a table as objects: what it is worth, and the rows. A column that
// has a field counts ten, the array's name over the table three.
func (t table) fit(wanted []field, names names) (int, []row) {
	columns, header := map[int]*node(nil), 0
	for i := range min(3, len(t.rows)-1) {
		if m := mapColumns(t.rows[i], wanted); len(m) > len(columns) {
			columns, header = m, i
		}
	}
	if len(columns) == 0 || len(columns) < 2 && len(wanted) > 1 {
		return 0, nil
	}
	var rows []row
	for _, cells := range t.rows[header+1:] {
		if r := readRow(cells, columns); r != nil && !isTotal(cells) && !sameCells(cells, t.rows[header]) {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return 0, nil
	}
	score := 10 * len(columns)
	for _, own := range names.own {
		if count(own, t.context) > 0 {
			return score + 3, rows
		}
	}
	return score, rows
}

// mapColumns gives columns to fields, the surest first.
func mapColumns(header []cell, wanted []field) map[int]*node {
	var claims []claim
	for i, c := range header {
		label := words(c.text)
		for at, f := range wanted {
			if base := f.names.score(label, nil); len(label) > 0 && base >= enough {
				claims = append(claims, claim{field: at, pair: i, base: base})
			}
		}
	}
	slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(b.base, a.base) })
	columns, taken := map[int]*node{}, map[int]bool{}
	for _, c := range claims {
		if columns[c.pair] == nil && !taken[c.field] {
			columns[c.pair], taken[c.field] = wanted[c.field].node, true
		}
	}
	return columns
}

func readRow(cells []cell, columns map[int]*node) row {
	r := row{}
	for i, n := range columns {
		if i < len(cells) && !isBlank(cells[i].text) {
			r[n] = find{cells[i].text, cells[i].ref}
		}
	}
	if len(r) == 0 {
		return nil
	}
	return r
}

var totalMark = regexp.MustCompile(`(?i)^(sub|grand )?\s*-?total\b|^sum\b|^balance due\b|^amount due\b`)

// isTotal says whether a row adds up others: its first text says so.
func isTotal(cells []cell) bool {
	for _, c := range cells {
		if c.text != "" {
			return totalMark.MatchString(c.text)
		}
	}
	return false
}

func sameCells(a, b []cell) bool {
	return slices.EqualFunc(a, b, func(x, y cell) bool { return x.text == y.text })
}

// sectionsFor reads one object from each section that names two of the fields
// at least, or all of them.
func (d *document) sectionsFor(wanted []field, names names) []row {
	least := min(2, len(wanted))
	var rows []row
	for from := 0; from < len(d.pairs); {
		to := from
		for to < len(d.pairs) && d.pairs[to].section == d.pairs[from].section {
			to++
		}
		group := d.pairs[from:to]
		if names.anyIn(group[0].context) {
			if r := row(assign(wanted, group)); len(r) >= least && len(r) > 0 {
				rows = append(rows, r)
			}
		}
		from = to
	}
	return rows
}

func (q names) anyIn(context []string) bool {
	return slices.ContainsFunc(q.own, func(own []string) bool { return count(own, context) > 0 })
}

// valuesFor reads an array of plain values: a list, a column, or a value that
// counts them up.
func (d *document) valuesFor(name string, n *node, within []string) []find {
	names := namesOf(name, n, within)
	if l := d.listFor(names); l != nil {
		var found []find
		for _, item := range l.items {
			found = append(found, find(item))
		}
		return found
	}
	f := field{&node{kind: "string"}, names}
	if one, ok := assign([]field{f}, d.pairs)[f.node]; ok {
		return enumerate(one)
	}
	return d.columnFor(names)
}

func (d *document) listFor(names names) *list {
	best, found := enough-1, (*list)(nil)
	for i, l := range d.lists {
		if score := names.score(l.words, l.context); len(l.words) > 0 && score > best {
			best, found = score, &d.lists[i]
		}
	}
	return found
}

var commas = regexp.MustCompile(`\s*[;,]\s+|\s*;\s*|\s+(?:and|&)\s+`)

// enumerate cuts "one, two and three".
func enumerate(one find) []find {
	var found []find
	for _, part := range commas.Split(one.text, -1) {
		if part = strings.TrimSpace(part); part != "" {
			found = append(found, find{part, one.ref})
		}
	}
	return found
}

func (d *document) columnFor(names names) []find {
	f := field{&node{kind: "string"}, names}
	for _, t := range d.tables {
		_, rows := t.fit([]field{f}, names)
		var found []find
		for _, r := range rows {
			found = append(found, r[f.node])
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}
