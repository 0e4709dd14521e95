package ade

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/zdr"
)

// CheckSchema reads an extraction schema and says, keyword by keyword, what
// the provider does with it. The schema that it gives is the one to approve
// and to send: canonical, and without what the provider ignores (see [Prune]).
// Findings are in the order of their paths. The error is zdr's for what is no
// schema, or a [*SchemaError] for one that the provider refuses whole: a root
// that is no object with properties, a reference that leads nowhere, outside,
// or round in a circle.
func CheckSchema(raw []byte) (zdr.Schema, []Finding, error) {
	s, err := zdr.ParseSchema(raw)
	if err != nil {
		return zdr.Schema{}, nil, fmt.Errorf("ade: check schema: %w", err)
	}
	root, err := decodeSchema(s)
	if err != nil {
		return zdr.Schema{}, nil, err
	}
	if err := checkRefs(root); err != nil {
		return zdr.Schema{}, nil, err
	}
	findings := inspect(nil, "", root)
	pruned, err := Prune(s)
	return pruned, findings, err
}

// Prune gives the schema without what the provider drops in silence: required,
// nullable, title, a default of null, $schema, and definitions and anchors
// when nothing refers to them. What is sent is thus what is honoured, and an
// edit that means nothing to the provider leaves the digest as it is. A
// property that is called title or required is a property and stays.
func Prune(s zdr.Schema) (zdr.Schema, error) {
	root, err := decodeSchema(s)
	if err != nil {
		return zdr.Schema{}, err
	}
	drop := ignored
	if len(refsIn("", root)) == 0 {
		drop = slices.Concat(ignored, anchors)
	}
	pruned, err := json.Marshal(prune(root, drop))
	if err != nil {
		return zdr.Schema{}, fmt.Errorf("ade: prune schema: %w", err)
	}
	out, err := zdr.ParseSchema(pruned)
	if err != nil {
		return zdr.Schema{}, fmt.Errorf("ade: prune schema: %w", err)
	}
	return out, nil
}

var (
	ignored = []string{"required", "nullable", "title", "$schema"}
	// anchors mean something to a reference only.
	anchors = []string{"$defs", "definitions", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"}
)

// prune copies a schema and all schemas in it without the keywords in drop.
func prune(node any, drop []string) any {
	m, ok := node.(map[string]any)
	if !ok {
		return node
	}
	out := maps.Clone(m)
	maps.DeleteFunc(out, func(keyword string, value any) bool {
		return slices.Contains(drop, keyword) || keyword == "default" && value == nil
	})
	for keyword, value := range out {
		out[keyword] = mapSchemas(keyword, value, func(s any) any { return prune(s, drop) })
	}
	return out
}

// inspect lists what becomes of each keyword in a schema and in those below.
func inspect(found []Finding, at string, node any) []Finding {
	m, ok := node.(map[string]any)
	if !ok {
		return append(found, Finding{Path: at, Effect: EffectUnclear, Advice: "write a schema object with a type"})
	}
	for _, keyword := range slices.Sorted(maps.Keys(m)) {
		path := at + "/" + escape(keyword)
		r := judge(keyword, m[keyword], m)
		found = append(found, Finding{Path: path, Keyword: keyword, Effect: r.effect, Advice: r.advice})
		if r.effect == EffectRefused {
			continue // what is in it goes with it
		}
		for _, sub := range schemasIn(path, keyword, m[keyword]) {
			if keyword == "anyOf" && isNull(sub.node) {
				continue // taken away by the provider
			}
			found = inspect(found, sub.at, sub.node)
		}
	}
	return found
}

func isNull(node any) bool {
	m, ok := node.(map[string]any)
	return ok && m["type"] == "null"
}

// decodeSchema keeps numbers as they are written.
func decodeSchema(s zdr.Schema) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(s.Canonical()))
	d.UseNumber()
	var root map[string]any
	if err := d.Decode(&root); err != nil {
		return nil, &SchemaError{Advice: "the root must be an object"}
	}
	if p, _ := root["properties"].(map[string]any); root["type"] != "object" || len(p) == 0 {
		return nil, &SchemaError{Advice: `the root must have "type": "object" and properties`}
	}
	return root, nil
}

// escape makes a name a token of a JSON pointer (RFC 6901).
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
