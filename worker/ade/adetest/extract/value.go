package extract

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// convert brings a text into a field's type. When it will not fit it says
// false and gives what there is.
func convert(n *node, s string) (value any, fits bool) {
	switch {
	case len(n.enum) > 0:
		return member(n.enum, s)
	case n.kind == "number":
		return readNumber(s)
	case n.kind == "integer":
		return readInteger(s)
	case n.kind == "boolean":
		return readBoolean(s)
	case n.format == "date":
		return isoDate(s), true
	}
	return s, true
}

// fits says whether a text can be a value of a field, to choose among labels.
func fits(n *node, s string) bool {
	_, ok := convert(n, s)
	return ok
}

// member finds the one member of an enum that a text means.
func member(enum []string, s string) (any, bool) {
	for _, like := range []func(a, b string) bool{
		func(a, b string) bool { return a == b },
		strings.EqualFold,
		func(a, b string) bool { return slices.Equal(words(a), words(b)) },
		func(a, b string) bool { return contains(words(b), words(a)) },
	} {
		for _, m := range enum {
			if like(m, s) {
				return m, true
			}
		}
	}
	return s, false
}

// contains says whether some words follow each other within others.
func contains(among, some []string) bool {
	for i := range among {
		if len(some) > 0 && i+len(some) <= len(among) && slices.Equal(among[i:i+len(some)], some) {
			return true
		}
	}
	return false
}

var (
	trueWords  = []string{"true", "yes", "y", "x", "checked", "ja", "oui", "si", "☑", "☒", "✓", "✔", "[x]", "on"}
	falseWords = []string{"false", "no", "n", "unchecked", "nein", "non", "none", "☐", "✗", "✘", "[ ]", "off"}
)

func readBoolean(s string) (any, bool) {
	w := strings.ToLower(strings.Trim(s, " .,;"))
	first, _, _ := strings.Cut(w, " ")
	first = strings.Trim(first, ".,;")
	switch {
	case slices.Contains(trueWords, w) || slices.Contains(trueWords, first):
		return true, true
	case slices.Contains(falseWords, w) || slices.Contains(falseWords, first):
		return false, true
	}
	return s, false
}

// digits is a number as it is written, with its groups and decimals.
var digits = regexp.MustCompile(`\d[\d.,'’\x{00a0}\x{202f} ]*\d|\d`)

func readNumber(s string) (any, bool) {
	f, ok := parseNumber(s)
	if !ok {
		return s, false
	}
	return asJSON(f), true
}

func readInteger(s string) (any, bool) {
	f, ok := parseNumber(s)
	if !ok {
		return s, false
	}
	return asJSON(f), f == math.Trunc(f)
}

func asJSON(f float64) json.Number {
	if math.Abs(f) < 1e15 {
		return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
	}
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
}

// parseNumber reads the first number in a text: with currency, unit, percent
// sign, thousands by comma, point, blank or apostrophe, a minus before or
// after, or brackets for a minus. Letters that touch the number in front make
// it a name ("A4"), and no number.
func parseNumber(s string) (float64, bool) {
	at := digits.FindStringIndex(s)
	if at == nil {
		return 0, false
	}
	before, after := s[:at[0]], strings.TrimSpace(s[at[1]:])
	if isNameBefore(before) {
		return 0, false
	}
	f, err := strconv.ParseFloat(plainNumber(s[at[0]:at[1]]), 64)
	if err != nil || math.IsInf(f, 0) {
		return 0, false
	}
	before = strings.TrimSpace(before)
	negative := strings.ContainsAny(before, "-−–") || after == "-" || strings.HasPrefix(before, "(") && strings.HasPrefix(after, ")")
	if negative && f != 0 {
		f = -f
	}
	return f, true
}

var currencies = []string{"usd", "eur", "gbp", "chf", "cad", "aud", "jpy", "us", "rs", "kr"}

// isNameBefore says whether what touches a number in front is a word.
func isNameBefore(before string) bool {
	word := before[strings.LastIndexAny(before, " \t(")+1:]
	word = strings.ToLower(strings.TrimRight(word, "-−–.:"))
	if word == "" || slices.Contains(currencies, word) {
		return false
	}
	last := word[len(word)-1]
	return last >= 'a' && last <= 'z'
}

// plainNumber finds out which mark is the decimal one: the last of two kinds;
// a single one unless three digits follow it and it is no point.
func plainNumber(s string) string {
	s = strings.NewReplacer("'", "", "’", "", " ", "", "\u00a0", "", "\u202f", "").Replace(s)
	comma, point := strings.LastIndexByte(s, ','), strings.LastIndexByte(s, '.')
	decimal := max(comma, point)
	mark := byte(0)
	if decimal >= 0 {
		mark = s[decimal]
	}
	alone := comma < 0 || point < 0
	switch {
	case alone && strings.Count(s, string(rune(mark))) > 1:
		decimal = -1
	case alone && mark == ',' && len(s)-decimal-1 == 3:
		decimal = -1
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case i == decimal:
			b.WriteByte('.')
		case s[i] >= '0' && s[i] <= '9':
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
