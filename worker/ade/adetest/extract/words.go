package extract

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// synonyms bring the short forms of labels and property names to one word.
var synonyms = map[string]string{
	"#": "number", "№": "number", "no": "number", "nr": "number", "num": "number", "nbr": "number",
	"qty": "quantity", "amt": "amount", "desc": "description", "inv": "invoice", "acct": "account",
	"addr": "address", "tel": "phone", "telephone": "phone", "mobile": "phone", "mail": "email",
	"id": "identifier", "ref": "reference", "pct": "percent", "%": "percent", "dept": "department",
	"org": "organization", "organisation": "organization", "dob": "birth date", "birthdate": "birth date",
	"zip": "postal code", "postcode": "postal code", "surname": "last name", "colour": "color",
}

var stopWords = []string{"the", "of", "a", "an", "for", "in", "to", "is", "was", "on", "at", "by", "or", "and", "with", "as"}

// words turns a label, a property's name or a sentence into words that can be
// compared: lower case, camelCase and snake_case split, singular, short forms
// written out, small words left out.
func words(s string) []string {
	var found, small []string
	for _, w := range splitWords(s) {
		if slices.Contains(stopWords, w) {
			small = append(small, w)
			continue
		}
		if long, ok := synonyms[w]; ok {
			found = append(found, strings.Fields(long)...)
			continue
		}
		found = append(found, singular(w))
	}
	if len(found) == 0 {
		return small
	}
	return found
}

func splitWords(s string) []string {
	var found []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			found = append(found, strings.ToLower(b.String()))
			b.Reset()
		}
	}
	last := rune(0)
	for _, c := range s {
		switch {
		case c == '#' || c == '№' || c == '%':
			flush()
			found = append(found, string(c))
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			if c != '\'' && c != '’' && c != '.' {
				flush()
			}
		case unicode.IsUpper(c) && unicode.IsLower(last):
			flush()
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
		last = c
	}
	flush()
	return found
}

func singular(w string) string {
	switch {
	case len(w) > 4 && strings.HasSuffix(w, "ies"):
		return w[:len(w)-3] + "y"
	case len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "is"):
		return w[:len(w)-1]
	}
	return w
}

var (
	linkMark  = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	tagMark   = regexp.MustCompile(`</?[A-Za-z][^<>]*>|<::|::>`)
	boldMark  = regexp.MustCompile(`\*\*|__|` + "`" + `|~~`)
	thinMark  = regexp.MustCompile(`(^|[\s(])[*_]([^*_\s][^*_]*)[*_]($|[\s).,;:])`)
	escapMark = regexp.MustCompile(`\\([\\*_{}\[\]()#+\-.!|$~` + "`" + `])`)
)

// clean takes Markdown's marks off a piece of a line.
func clean(s string) string {
	s = linkMark.ReplaceAllString(s, "$1")
	s = tagMark.ReplaceAllString(s, " ")
	s = boldMark.ReplaceAllString(s, "")
	s = thinMark.ReplaceAllString(s, "$1$2$3")
	s = escapMark.ReplaceAllString(s, "$1")
	return strings.Join(strings.Fields(html.UnescapeString(s)), " ")
}

// count is how many of some words are among others.
func count(some, among []string) int {
	n := 0
	for _, w := range some {
		if slices.Contains(among, w) {
			n++
		}
	}
	return n
}

// isBlank says whether a value only says that there is none.
func isBlank(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "-", "–", "—", "--", "n/a", "n.a.", "null", "not available", "not applicable", "...":
		return true
	}
	return false
}
