package worker

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Where a route's answers go. Nothing else is ever written there.
const (
	resultsPrefix  = "results/"
	failuresPrefix = "failures/"
)

// Capture is one {name} of a prefix with what it stood for.
type Capture struct{ Name, Value string }

// Match is how a key answers a route's pattern.
type Match struct {
	Captures []Capture // in the order of the pattern
	Rest     string    // what follows the prefix: the whole file name and any folders
	Suffix   string    // the suffix that matched, as the route spells it
}

// NeedsParse reports whether the document has to be parsed first: Markdown alone
// is extracted as it is.
func (m Match) NeedsParse() bool { return !strings.EqualFold(m.Suffix, Markdown) }

// path is what a result's key says after the route: captures and rest.
func (m Match) path() string {
	var b strings.Builder
	for _, c := range m.Captures {
		b.WriteString(c.Value)
		b.WriteByte('/')
	}
	b.WriteString(m.Rest)
	return b.String()
}

// Match finds the first route of a key. Nothing matches where the worker
// itself writes, so that no loop of events can start, and no "folder" does.
func (rs Routes) Match(key string) (Route, Match, bool) {
	for _, r := range rs {
		if m, why := r.match(key); why == Matched {
			return r.withDefaults(), m, true
		}
	}
	return Route{}, Match{}, false
}

// Find gives the route of that name.
func (rs Routes) Find(name string) (Route, bool) {
	for _, r := range rs {
		if r.Name == name {
			return r.withDefaults(), true
		}
	}
	return Route{}, false
}

// Why says how one route looked upon a key.
type Why string

const (
	Matched      Why = "matches"
	OwnPrefix    Why = "the worker's own prefix"
	OtherPrefix  Why = "another prefix"
	OtherSuffix  Why = "another suffix"
	NotAskedMore Why = "not asked, an earlier route matches"
)

// Verdict is one route's answer to a key.
type Verdict struct {
	Route Route
	Match Match // of Why == Matched only
	Why   Why
}

// Explain gives every route's answer, in the order in which they are asked.
func (rs Routes) Explain(key string) []Verdict {
	all := make([]Verdict, 0, len(rs))
	done := false
	for _, r := range rs {
		v := Verdict{Route: r.withDefaults(), Why: NotAskedMore}
		if !done {
			v.Match, v.Why = r.match(key)
			done = v.Why == Matched
		}
		all = append(all, v)
	}
	return all
}

// match compares one key with one route.
func (r Route) match(key string) (Match, Why) {
	if ours(key) {
		return Match{}, OwnPrefix
	}
	m, ok := matchPrefix(r.Prefix, key)
	if !ok || m.Rest == "" {
		return Match{}, OtherPrefix
	}
	for _, suffix := range r.withDefaults().Suffixes {
		if hasSuffixFold(m.Rest, suffix) {
			m.Suffix = suffix
			return m, Matched
		}
	}
	return Match{}, OtherSuffix
}

// matchPrefix walks pattern and key side by side, a segment at a time.
func matchPrefix(pattern, key string) (Match, bool) {
	m := Match{Rest: key}
	for pattern != "" {
		var want, got string
		var ok bool
		want, pattern, _ = strings.Cut(pattern, "/")
		if got, m.Rest, ok = strings.Cut(m.Rest, "/"); !ok || got == "" {
			return Match{}, false
		}
		if name, capture := captured(want); capture {
			m.Captures = append(m.Captures, Capture{name, got})
		} else if got != want {
			return Match{}, false
		}
	}
	return m, true
}

// hasSuffixFold is strings.HasSuffix without regard to case: scanners write
// ".PDF". The comparison is by bytes, so a suffix cuts no character in two.
func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// ResultKey is where the sealed result of a source object goes:
// results/<route>/<captures and rest>.json, with the whole file name kept.
// Different keys of one route have different result keys. Errors: *KeyRefused,
// *KeyTooLong, *NoRoute. A key is accepted only if its failure object, whose
// key is a byte longer, could be written too.
func (r Route) ResultKey(sourceKey string) (string, error) {
	if _, err := r.FailureKey(sourceKey); err != nil {
		return "", err
	}
	return r.answerKey(resultsPrefix, sourceKey)
}

// FailureKey is where the failure object of a source object goes, by the rule
// of ResultKey.
func (r Route) FailureKey(sourceKey string) (string, error) {
	return r.answerKey(failuresPrefix, sourceKey)
}

func (r Route) answerKey(under, sourceKey string) (string, error) {
	m, why := r.match(sourceKey)
	if why != Matched {
		return "", &NoRoute{Route: r.Name}
	}
	if err := CheckKey(sourceKey); err != nil {
		return "", err
	}
	key := under + r.Name + "/" + m.path() + ".json"
	if len(key) > maxKey {
		return "", &KeyTooLong{Route: r.Name, Bytes: len(key)}
	}
	return key, nil
}

// CheckKey refuses source keys that some store, listing or folder could read
// as another name. The error is a *KeyRefused and does not quote the key.
func CheckKey(key string) error {
	switch {
	case key == "":
		return &KeyRefused{"it is empty"}
	case len(key) > maxKey:
		return &KeyTooLong{Bytes: len(key)}
	case !utf8.ValidString(key):
		return &KeyRefused{"it is not UTF-8"}
	case strings.ContainsFunc(key, isControl):
		return &KeyRefused{"it has a control character, which listings cannot carry"}
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "." || segment == ".." {
			return &KeyRefused{`it has "." or ".." between slashes, which stores read differently`}
		}
	}
	return nil
}

// isControl names what XML 1.0, the format of a listing, cannot say, and the
// rest of the control characters with it.
func isControl(r rune) bool {
	return r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0xfffe || r == 0xffff
}

// KeyTooLong is a key over 1,024 bytes. Nothing is ever cut to fit.
type KeyTooLong struct {
	Route string // "" when the source's own key is too long
	Bytes int    // what it would take
}

// Error gives one line that is safe to log.
func (e *KeyTooLong) Error() string {
	return fmt.Sprintf("key would have %d bytes, %d is the most", e.Bytes, maxKey)
}

// Code is the stable code of this class of error.
func (e *KeyTooLong) Code() string { return "key_too_long" }

// KeyRefused is a source key that cannot be worked with.
type KeyRefused struct{ Reason string }

// Error gives one line that is safe to log.
func (e *KeyRefused) Error() string { return "key refused: " + e.Reason }

// Code is the stable code of this class of error.
func (e *KeyRefused) Code() string { return "key_refused" }

// NoRoute says that a key does not belong to a route, or to any.
type NoRoute struct{ Route string }

// Error gives one line that is safe to log.
func (e *NoRoute) Error() string {
	if e.Route == "" {
		return "no route matches"
	}
	return "route " + e.Route + " does not match"
}

// Code is the stable code of this class of error.
func (e *NoRoute) Code() string { return "no_route" }
