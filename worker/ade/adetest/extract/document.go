package extract

import (
	"regexp"
	"slices"
	"strings"
)

// How much the form of a pair says that it is one.
const (
	plain    = 10 // Label: value
	rowed    = 9  // a row of a table with two columns
	headed   = 9  // a header over a single row
	looser   = 8  // **Label** value, dots, an equals sign
	below    = 7  // the value is on the next line
	trailing = 6  // the end of a table's row, as totals are
	wide     = 4  // the first two cells of a wide table's row
	titled   = 2  // a paragraph under a heading
)

// pair is a label and what stands beside it.
type pair struct {
	words   []string
	value   string
	ref     string
	context []string // words of the headings over it
	section int
	weight  int
}

type cell struct{ text, ref string }

// table is a table as a grid: a cell that spans rows is in each of them.
type table struct {
	rows    [][]cell
	headers bool // the first row is known to be the header
	context []string
}

// list is a list with the label or heading over it.
type list struct {
	words   []string
	context []string
	items   []cell
}

// document is the Markdown as far as the rules see it.
type document struct {
	pairs    []pair
	tables   []table
	lists    []list
	sections int
}

// scanner reads Markdown line by line.
type scanner struct {
	doc      document
	anchor   string
	headings [7]string // by level; the last is a bold line alone
	context  []string
	label    string // a label or heading whose value is still to come
	strength int    // of that label
	listing  bool   // the last line was of a list
	flowing  bool   // the last pair is a paragraph that may go on
	grid     []string
}

func scan(markdown string) document {
	s := &scanner{}
	lines := strings.Split(strings.ReplaceAll(markdown, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if at := indexTable(lines[i]); at >= 0 {
			s.line(lines[i][:at])
			s.endGrid()
			var html string
			html, i = gatherTable(lines, i, at)
			s.htmlTable(html)
			continue
		}
		s.line(lines[i])
	}
	s.endGrid()
	return s.doc
}

// tableMark and tableEnd are regular expressions because lower case can have
// another length.
var (
	tableMark = regexp.MustCompile(`(?i)<table`)
	tableEnd  = regexp.MustCompile(`(?i)</table>`)
)

func indexTable(line string) int {
	if at := tableMark.FindStringIndex(line); at != nil {
		return at[0]
	}
	return -1
}

// gatherTable takes the lines of an HTML table, to its end, or to the next
// anchor where the end is missing. What follows on the last line is dropped
// into the next one.
func gatherTable(lines []string, i, at int) (html string, last int) {
	var b strings.Builder
	rest := lines[i][at:]
	for {
		if end := tableEnd.FindStringIndex(rest); end != nil {
			b.WriteString(rest[:end[1]])
			if tail := rest[end[1]:]; strings.TrimSpace(tail) != "" {
				lines[i] = tail
				return b.String(), i - 1
			}
			return b.String(), i
		}
		b.WriteString(rest + "\n")
		i++
		if i == len(lines) || anchorMark.MatchString(lines[i]) {
			return b.String(), i - 1
		}
		rest = lines[i]
	}
}

var (
	anchorMark  = regexp.MustCompile(`(?i)<a\s+(?:id|name)\s*=\s*['"]?([^'">\s]+)['"]?\s*>\s*(?:</a>)?`)
	commentMark = regexp.MustCompile(`<!--.*?-->`)
	headingMark = regexp.MustCompile(`^\s{0,3}(#{1,6})\s+(.*?)[\s#]*$`)
	bulletMark  = regexp.MustCompile(`^\s*(?:[-*+•·]|\d{1,3}[.)])\s+(.*)$`)
	checkMark   = regexp.MustCompile(`^(\[[ xX]\]|[☐☑☒✓✔✗✘])\s*(.+)$`)
	ruleMark    = regexp.MustCompile(`^\s*\|?[\s|:-]*-[\s|:-]*$`)
	aloneMark   = regexp.MustCompile(`^\*\*([^*]+)\*\*$`)
)

// line reads one line outside of HTML tables.
func (s *scanner) line(raw string) {
	for _, found := range anchorMark.FindAllStringSubmatch(raw, -1) {
		s.endGrid()
		s.anchor = found[1]
	}
	raw = commentMark.ReplaceAllString(anchorMark.ReplaceAllString(raw, ""), "")
	trimmed := strings.TrimSpace(raw)
	if strings.HasPrefix(trimmed, "|") || len(s.grid) > 0 && strings.Contains(trimmed, "|") || ruleMark.MatchString(trimmed) && strings.Contains(trimmed, "|") {
		s.grid = append(s.grid, trimmed)
		return
	}
	s.endGrid()
	flowing := s.flowing
	s.flowing = false
	switch {
	case trimmed == "" || strings.Trim(trimmed, "-=*_ ") == "":
		return
	case s.heading(trimmed):
	case s.bullet(raw):
		return
	default:
		s.text(trimmed, flowing)
	}
	s.listing = false
}

// heading begins a section.
func (s *scanner) heading(line string) bool {
	level, title := 0, ""
	if m := headingMark.FindStringSubmatch(line); m != nil {
		level, title = len(m[1])-1, clean(m[2])
	} else if m := aloneMark.FindStringSubmatch(line); m != nil && !strings.HasSuffix(strings.TrimSpace(m[1]), ":") {
		level, title = 6, clean(m[1])
	} else {
		return false
	}
	if s.doc.sections == 0 && level < 6 {
		s.add("document title", title, s.anchor, titled)
	}
	s.headings[level] = title
	clear(s.headings[level+1:])
	s.context = words(strings.Join(s.headings[:], " "))
	s.doc.sections++
	s.label, s.strength = title, titled
	return true
}

// bullet reads a line of a list: an item, and a pair if it is one.
func (s *scanner) bullet(raw string) bool {
	m := bulletMark.FindStringSubmatch(raw)
	if m == nil || aloneMark.MatchString(strings.TrimSpace(raw)) {
		return false
	}
	if !s.listing {
		s.doc.lists = append(s.doc.lists, list{words: words(s.label), context: s.context})
		s.label = ""
	}
	s.listing = true
	l := &s.doc.lists[len(s.doc.lists)-1]
	l.items = append(l.items, cell{clean(m[1]), s.anchor})
	if !s.check(m[1]) {
		s.pairs(m[1], s.anchor)
	}
	return true
}

// text reads a line of a paragraph.
func (s *scanner) text(line string, flowing bool) {
	if s.check(line) || s.pairs(line, s.anchor) {
		return
	}
	if flowing {
		last := &s.doc.pairs[len(s.doc.pairs)-1]
		last.value += " " + clean(line)
		s.flowing = true
	} else if s.label != "" {
		before := len(s.doc.pairs)
		s.add(s.label, line, s.anchor, s.strength)
		s.label, s.flowing = "", len(s.doc.pairs) > before && s.strength == titled
	}
}

// check reads a box that is ticked or not.
func (s *scanner) check(line string) bool {
	m := checkMark.FindStringSubmatch(strings.TrimSpace(line))
	if m == nil {
		return false
	}
	value := "no"
	if slices.Contains([]string{"[x]", "[X]", "☑", "☒", "✓", "✔"}, m[1]) {
		value = "yes"
	}
	s.add(m[2], value, s.anchor, looser)
	return true
}

func (s *scanner) add(label, value, ref string, weight int) {
	w := words(clean(label))
	value = clean(value)
	if len(w) == 0 || isBlank(value) {
		return
	}
	s.doc.pairs = append(s.doc.pairs, pair{words: w, value: value, ref: ref, context: s.context, section: s.doc.sections, weight: weight})
}
