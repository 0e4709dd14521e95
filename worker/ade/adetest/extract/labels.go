package extract

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest label, in characters and in words: longer ones are sentences.
const (
	maxLabel      = 60
	maxLabelWords = 8
)

var (
	boldLabel = regexp.MustCompile(`\*\*[^*]+[:：]\s*\*\*|\*\*[^*]+\*\*\s*[:：]|__[^_]+[:：]__|__[^_]+__\s*[:：]`)
	boldStart = regexp.MustCompile(`^(?:\*\*([^*]+)\*\*|__([^_]+)__)\s*[:：]?\s*(.+)$`)
	columns   = regexp.MustCompile(`\t+| {2,}| \| | · `)
	dots      = regexp.MustCompile(`^(.+?)\s*(?:\.{3,}|…+|_{3,})\s*(.+)$`)
	numbered  = regexp.MustCompile(`^(\pL[\pL ]{0,40}(?: No\.?| Nr\.?| Number| ?#))\s+(\S*\d\S*)$`)
	equals    = regexp.MustCompile(`^(.+?)\s+(?:=|–|—)\s+(.+)$`)
)

// pairs reads all pairs on a line and says whether there was one, or a label
// that waits for the next line.
func (s *scanner) pairs(line, ref string) bool {
	found := false
	for _, piece := range splitBold(line) {
		found = s.pieces(piece, ref) || found
	}
	return found
}

// splitBold cuts a line before each bold label.
func splitBold(line string) []string {
	var pieces []string
	at := 0
	for _, m := range boldLabel.FindAllStringIndex(line, -1) {
		if m[0] > at {
			pieces = append(pieces, line[at:m[0]])
		}
		at = m[0]
	}
	return append(pieces, line[at:])
}

// pieces reads the columns of a line: "A: 1   B: 2", "A:   1", "A   1".
func (s *scanner) pieces(line, ref string) bool {
	parts := columns.Split(strings.TrimSpace(line), -1)
	found, open := false, ""
	for _, part := range parts {
		label, value, weight := split(part)
		switch {
		case label != "" && value != "":
			s.add(label, value, ref, weight)
			found, open = true, ""
		case label != "":
			open = label
		case open != "":
			s.add(open, part, ref, plain)
			found, open = true, ""
		}
	}
	if open != "" {
		s.label, s.strength = open, below
		return true
	}
	if !found && len(parts) == 2 && isLabel(parts[0]) {
		s.add(parts[0], parts[1], ref, below)
		return true
	}
	return found
}

// split reads one pair. A label without value means that it comes later.
func split(part string) (label, value string, weight int) {
	part = strings.TrimSpace(part)
	if m := boldStart.FindStringSubmatch(part); m != nil && isLabel(m[1]+m[2]) {
		return strings.TrimRight(m[1]+m[2], ":： "), m[3], looser
	}
	if label, value, ok := cutColon(part); ok && isLabel(label) {
		return label, strings.TrimSpace(strings.Trim(value, "*_")), plain
	}
	for _, form := range []*regexp.Regexp{dots, equals, numbered} {
		if m := form.FindStringSubmatch(part); m != nil && isLabel(m[1]) {
			return m[1], m[2], looser
		}
	}
	return "", "", 0
}

// cutColon cuts at the first colon that is not within a time or a URL.
func cutColon(s string) (label, value string, ok bool) {
	at := strings.IndexAny(s, ":：")
	if at <= 0 {
		return "", "", false
	}
	_, width := utf8.DecodeRuneInString(s[at:])
	rest := s[at+width:]
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, _ := utf8.DecodeRuneInString(rest)
	if unicode.IsDigit(before) && unicode.IsDigit(after) || strings.HasPrefix(rest, "//") {
		return "", "", false
	}
	return s[:at], strings.TrimSpace(rest), true
}

func isLabel(s string) bool {
	s = clean(s)
	n := len(strings.Fields(s))
	return n > 0 && n <= maxLabelWords && utf8.RuneCountInString(s) <= maxLabel && strings.ContainsFunc(s, unicode.IsLetter)
}
