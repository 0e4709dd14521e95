package ade

import (
	"net/url"
	"strings"
)

// reference is a keyword that refers, and where it stands.
type reference struct {
	at, to string
}

// references are the keywords that refer.
var references = []string{"$ref", "$dynamicRef", "$recursiveRef"}

// refsIn gives all references in a schema and in those below it, in the order
// of their paths.
func refsIn(at string, node any) []reference {
	var found []reference
	walk(at, node, func(at string, schema map[string]any) {
		for _, keyword := range references {
			if to, ok := schema[keyword].(string); ok {
				found = append(found, reference{at + "/" + keyword, to})
			}
		}
	})
	return found
}

// refWalk looks for a circle: a schema that contains, through references, a
// reference to itself.
type refWalk struct {
	targets map[string]place // by JSON pointer and by anchor
	open    map[string]bool  // places on the way from the root to here
	closed  map[string]bool  // places that lead to no circle
}

// checkRefs refuses what the provider cannot resolve.
func checkRefs(root map[string]any) error {
	w := refWalk{targets: map[string]place{}, open: map[string]bool{"": true}, closed: map[string]bool{}}
	walk("", root, func(at string, schema map[string]any) {
		w.targets[at] = place{at, schema}
		for _, keyword := range []string{"$anchor", "$dynamicAnchor"} {
			if name, ok := schema[keyword].(string); ok && name != "" {
				w.targets[name] = place{at, schema}
			}
		}
	})
	return w.follow(place{"", root})
}

func (w *refWalk) follow(from place) error {
	for _, ref := range refsIn(from.at, from.node) {
		to, advice := w.resolve(ref.to)
		switch {
		case advice != "":
			return &SchemaError{Path: ref.at, Advice: advice}
		case w.open[to.at]:
			return &SchemaError{Path: ref.at, Advice: "the reference leads back to itself: write out as many levels as the documents have"}
		case w.closed[to.at]:
			continue
		}
		w.open[to.at] = true
		if err := w.follow(to); err != nil {
			return err
		}
		delete(w.open, to.at)
		w.closed[to.at] = true
	}
	return nil
}

// resolve finds the schema that a reference names by pointer or anchor, or says
// what to do.
func (w *refWalk) resolve(to string) (place, string) {
	local, ok := strings.CutPrefix(to, "#")
	if !ok {
		return place{}, "copy the schema that it refers to into $defs: references outside are not followed"
	}
	name, err := url.PathUnescape(local)
	target, ok := w.targets[name]
	if err != nil || !ok {
		return place{}, "the reference leads to no schema: put the schema into $defs"
	}
	return target, ""
}
