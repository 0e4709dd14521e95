package zdr

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The rules of LintSchema.
const (
	LintExamples = "examples"  // an example value, perhaps a real one
	LintDefault  = "default"   // a default value
	LintConst    = "const"     // a constant value
	LintLongEnum = "long-enum" // more choices than a vocabulary has
	LintEmail    = "email"     // an e-mail address
	LintDate     = "date"      // a date
	LintNumber   = "number"    // a run of digits as long as an account's or a person's number
)

// maxEnum is how many choices a vocabulary has; a list of customers has more.
const maxEnum = 20

var advice = map[string]string{
	LintExamples: "remove it: the provider ignores it, and keeps it with the schema",
	LintDefault:  "remove it: the provider answers a default with a partial result, and keeps it with the schema",
	LintConst:    "remove it: the provider does not support it, and keeps it with the schema",
	LintLongEnum: "make sure that it is a vocabulary and no list of people, accounts or cases",
	LintEmail:    "remove the address: the schema stays with the provider",
	LintDate:     "make sure that the date is nobody's: the schema stays with the provider",
	LintNumber:   "make sure that the number is nobody's: the schema stays with the provider",
}

// Finding is one thing to look at before a schema is approved. It never quotes
// a value; Path is a JSON pointer made of keywords and field names, and a field
// name that is itself a finding is left out of it.
type Finding struct {
	Path   string
	Rule   string // one of the Lint constants
	Advice string
}

// LintSchema finds what a schema may tell the provider beyond a vocabulary, in
// the order of the canonical JSON. It cannot know what a name or a word means:
// an empty answer is no approval.
func LintSchema(s Schema) []Finding {
	l := linter{enums: map[string]int{}}
	if !s.IsZero() {
		// A Schema was parsed with the same depth, so visit cannot fail.
		_ = visit(s.canonical(), maxDepth, l.see)
	}
	return l.findings
}

type linter struct {
	findings []Finding
	enums    map[string]int // choices seen so far, by path
}

func (l *linter) see(at place, t json.Token) {
	path, role, keyword := explain(at)
	switch role {
	case isKeyword:
		l.keyword(path, keyword, t)
	case isField:
		l.words(path, keyword)
	case isChoice:
		l.enums[path]++
		if l.enums[path] == maxEnum+1 {
			l.add(path, LintLongEnum)
		}
	}
	if s, ok := t.(string); ok && keyword != "$schema" {
		l.words(path, s)
	}
}

func (l *linter) keyword(path, keyword string, t json.Token) {
	switch keyword {
	case "example", "examples":
		l.add(path, LintExamples)
	case "default":
		if t != nil {
			l.add(path, LintDefault)
		}
	case "const":
		l.add(path, LintConst)
	}
}

var (
	email  = regexp.MustCompile(`[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+`)
	date   = regexp.MustCompile(`\b(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})\b`)
	number = regexp.MustCompile(`\d([ -]?\d){7,}`)
)

// words looks at one text. A date is no number on top.
func (l *linter) words(path, s string) {
	if email.MatchString(s) {
		l.add(path, LintEmail)
	}
	if date.MatchString(s) {
		l.add(path, LintDate)
	}
	if number.MatchString(date.ReplaceAllString(s, "")) {
		l.add(path, LintNumber)
	}
}

// add keeps one finding of a rule for each path.
func (l *linter) add(path, rule string) {
	f := Finding{path, rule, advice[rule]}
	if !slices.Contains(l.findings, f) {
		l.findings = append(l.findings, f)
	}
}

// schemaRole is what a place in a schema means.
type schemaRole int

const (
	isInner   schemaRole = iota // inside of a value or a list
	isKeyword                   // the value of a keyword
	isField                     // the schema of a field; keyword is the field's name
	isChoice                    // one choice of an enum
)

// explain tells keywords from the names of fields, which can be spelled the
// same, and gives the pointer up to where values begin.
func explain(at place) (path string, role schemaRole, keyword string) {
	var b strings.Builder
	inFields := false
	for i, step := range at {
		name, isName := step.(string)
		switch {
		case !isName:
			role = isInner
			b.WriteString("/" + strconv.Itoa(step.(int)))
			continue
		case inFields:
			role, inFields = isField, false
		default:
			role, inFields = isKeyword, isFieldMap(name)
		}
		keyword = name
		b.WriteString("/" + pointer(name))
		if role == isKeyword && isValueKeyword(name) && i < len(at)-1 {
			if name == "enum" && i == len(at)-2 {
				return b.String(), isChoice, name
			}
			return b.String(), isInner, name
		}
	}
	return b.String(), role, keyword
}

func isFieldMap(keyword string) bool {
	return slices.Contains([]string{"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}, keyword)
}

func isValueKeyword(keyword string) bool {
	return slices.Contains([]string{"enum", "default", "const", "example", "examples", "x-alternativeNames", "required"}, keyword)
}

// pointer escapes a name as RFC 6901 says, and leaves out one that should not
// be shown.
func pointer(name string) string {
	if email.MatchString(name) || date.MatchString(name) || number.MatchString(name) {
		return "…"
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
