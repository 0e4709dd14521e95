package ade

import (
	"maps"
	"slices"
	"strconv"
)

// place is a schema and the JSON pointer to it.
type place struct {
	at   string
	node any
}

// holds says where in a keyword's value schemas are: the value itself, each
// entry of a list, or each member of an object. Every other value (an enum, a
// default, examples) is data, in which a "title" is no keyword.
var holds = map[string]string{
	"items": "one", "additionalProperties": "one", "not": "one", "if": "one", "then": "one", "else": "one",
	"contains": "one", "propertyNames": "one", "unevaluatedItems": "one", "unevaluatedProperties": "one",
	"anyOf": "list", "allOf": "list", "oneOf": "list", "prefixItems": "list",
	"properties": "members", "patternProperties": "members", "$defs": "members", "definitions": "members",
	"dependentSchemas": "members",
}

// schemasIn gives the schemas in the value of a keyword, in a fixed order.
func schemasIn(at, keyword string, value any) []place {
	var found []place
	switch v := value.(type) {
	case map[string]any:
		switch holds[keyword] {
		case "one":
			found = append(found, place{at, v})
		case "members":
			for _, name := range slices.Sorted(maps.Keys(v)) {
				found = append(found, place{at + "/" + escape(name), v[name]})
			}
		}
	case []any: // items may be a list in old dialects
		if holds[keyword] == "list" || keyword == "items" {
			for i, item := range v {
				found = append(found, place{at + "/" + strconv.Itoa(i), item})
			}
		}
	}
	return found
}

// mapSchemas copies the value of a keyword with every schema in it replaced.
func mapSchemas(keyword string, value any, replace func(any) any) any {
	switch v := value.(type) {
	case map[string]any:
		switch holds[keyword] {
		case "one":
			return replace(v)
		case "members":
			out := make(map[string]any, len(v))
			for name, s := range v {
				out[name] = replace(s)
			}
			return out
		}
	case []any:
		if holds[keyword] == "list" || keyword == "items" {
			out := make([]any, len(v))
			for i, s := range v {
				out[i] = replace(s)
			}
			return out
		}
	}
	return value
}

// walk visits a schema and all schemas in it, parents first.
func walk(at string, node any, visit func(at string, schema map[string]any)) {
	m, ok := node.(map[string]any)
	if !ok {
		return
	}
	visit(at, m)
	for _, keyword := range slices.Sorted(maps.Keys(m)) {
		for _, sub := range schemasIn(at+"/"+escape(keyword), keyword, m[keyword]) {
			walk(sub.at, sub.node, visit)
		}
	}
}
