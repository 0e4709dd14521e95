package worker

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/zdr"
)

// OnChange says what a new revision of a route does about documents that an
// earlier revision has already answered.
type OnChange string

const (
	OnChangeNew    OnChange = "new-documents" // only documents that no revision has taken yet: a corrected schema re-bills nothing
	OnChangeAll    OnChange = "all"           // every document again, each billed again
	OnChangeRefuse OnChange = "refuse"        // stop with an error until somebody decides
)

// Partial says what becomes of a result that the provider calls completed
// although some of it does not answer the schema.
type Partial string

const (
	PartialAccept Partial = "accept" // seal it, its status says so
	PartialFail   Partial = "fail"   // write a failure object; the attempt was billed all the same
)

// Markdown is the suffix of the documents that can be sent as they are. All
// others have to be parsed first.
const Markdown = ".md"

// Route says which documents go with which schema, model and options.
type Route struct {
	// Name is part of every result's key: 1 to 63 of a-z, 0-9 and "-".
	Name string
	// Prefix is a pattern for the start of a key. It is empty (the whole
	// bucket) or ends in "/". A segment "{name}" captures one segment of the
	// key, whatever it says; every other segment is literal.
	Prefix string
	// Suffixes are the endings that belong to the route, each with its dot;
	// upper and lower case are the same. Default: ".md".
	Suffixes []string
	// Schema is what is extracted. Required.
	Schema zdr.Schema
	// Revision numbers the route's real edits. Default: 1.
	Revision int
	// Model is the provider's model name; empty lets the provider choose, which
	// makes results depend on the day. Default: empty.
	Model string
	// Strict makes the provider refuse a schema with keywords that it does not
	// know, instead of dropping them. Default: false.
	Strict bool
	// Parse says how documents that are no Markdown are parsed. Default: the
	// provider chooses.
	Parse ParseOptions
	// OnChange is what a new revision does. Default: OnChangeNew.
	OnChange OnChange
	// Partial is what becomes of incomplete results. Default: PartialAccept.
	Partial Partial
}

// withDefaults fills in what was left out; r itself stays as it is.
func (r Route) withDefaults() Route {
	if len(r.Suffixes) == 0 {
		r.Suffixes = []string{Markdown}
	}
	if r.Revision == 0 {
		r.Revision = 1
	}
	if r.OnChange == "" {
		r.OnChange = OnChangeNew
	}
	if r.Partial == "" {
		r.Partial = PartialAccept
	}
	return r
}

// RouteError says which field of a route is wrong, and why. It quotes the
// route's name and nothing else of it: prefixes can name people.
type RouteError struct {
	Route string // "" when the name itself is wrong
	Field string // "name", "prefix", "suffix", "schema", "revision", "on_change", "partial"
	Text  string
}

// Error gives one line that is safe to log.
func (e *RouteError) Error() string {
	if e.Route == "" {
		return fmt.Sprintf("route %s: %s", e.Field, e.Text)
	}
	return fmt.Sprintf("route %s: %s: %s", e.Route, e.Field, e.Text)
}

// Code is the stable code of this class of error.
func (e *RouteError) Code() string { return "route_invalid" }

var (
	routeName   = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)
	captureName = regexp.MustCompile(`^[a-z_]+$`)
)

// Validate says whether the route can be used; a *RouteError names the field.
func (r Route) Validate() error {
	d := r.withDefaults()
	if !routeName.MatchString(r.Name) {
		return &RouteError{Field: "name", Text: `1 to 63 of a-z, 0-9 and "-" are wanted`}
	}
	if text := checkPrefix(r.Prefix); text != "" {
		return &RouteError{r.Name, "prefix", text}
	}
	for _, s := range d.Suffixes {
		if len(s) < 2 || s[0] != '.' || strings.ContainsAny(s, "/{}") {
			return &RouteError{r.Name, "suffix", `a suffix begins with a dot and has no "/", such as ".md"`}
		}
	}
	switch {
	case r.Schema.IsZero():
		return &RouteError{r.Name, "schema", "a schema is required"}
	case d.Revision < 1:
		return &RouteError{r.Name, "revision", "revisions count from 1"}
	case !slices.Contains([]OnChange{OnChangeNew, OnChangeAll, OnChangeRefuse}, d.OnChange):
		return &RouteError{r.Name, "on_change", "new-documents, all or refuse is wanted"}
	case !slices.Contains([]Partial{PartialAccept, PartialFail}, d.Partial):
		return &RouteError{r.Name, "partial", "accept or fail is wanted"}
	}
	return nil
}

// checkPrefix says what is wrong with a pattern, "" when nothing is.
func checkPrefix(prefix string) string {
	if prefix == "" {
		return ""
	}
	if !strings.HasSuffix(prefix, "/") {
		return `a prefix ends in "/"`
	}
	if ours(prefix) {
		return "results/, failures/ and zdr/ belong to the worker: a route there would feed on its own output"
	}
	seen := map[string]bool{}
	for segment := range strings.SplitSeq(strings.TrimSuffix(prefix, "/"), "/") {
		name, capture := captured(segment)
		switch {
		case capture && !captureName.MatchString(name):
			return "a capture is {name} with a-z and _"
		case capture && seen[name]:
			return "two captures have the same name"
		case !capture && strings.ContainsAny(segment, "{}"):
			return "a capture takes a whole segment between two slashes"
		case segment == "", segment == ".", segment == "..":
			return `"", "." and ".." are no segments of a key`
		}
		seen[name] = capture
	}
	return ""
}

// captured gives the name in "{name}", and whether segment is a capture.
func captured(segment string) (name string, ok bool) {
	if !strings.HasPrefix(segment, "{") || !strings.HasSuffix(segment, "}") || len(segment) < 2 {
		return "", false
	}
	return segment[1 : len(segment)-1], true
}

// Digest is "sha256:…" over all that makes a result differ: name, revision,
// schema (canonical), model, strict, how it parses. Two routes of the same name and revision
// with different digests are an edit without a new revision.
func (r Route) Digest() string {
	d := r.withDefaults()
	h := sha256.New()
	for _, part := range []string{
		"zdr-route-1", d.Name, fmt.Sprint(d.Revision), d.Schema.Digest(), d.Model, fmt.Sprint(d.Strict),
	} {
		writePart(h, part)
	}
	if !d.Parse.IsZero() { // else a route is what it was before it could parse
		writePart(h, d.Parse.Digest())
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// writePart writes a length before the part, so that no two lists of parts
// give the same bytes.
func writePart(h hash.Hash, part string) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(part)))
	h.Write(size[:])
	h.Write([]byte(part))
}

// Routes is an ordered list: the first match wins.
type Routes []Route

// Validate checks every route and that no name is used twice.
func (rs Routes) Validate() error {
	seen := map[string]bool{}
	for _, r := range rs {
		if err := r.Validate(); err != nil {
			return err
		}
		if seen[r.Name] {
			return &RouteError{r.Name, "name", "two routes have this name, so their results would collide"}
		}
		seen[r.Name] = true
	}
	return nil
}
