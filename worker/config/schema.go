package config

import (
	"encoding/json"
	"strings"
	"time"
)

// JSONSchema gives the JSON Schema (2020-12) of the file, for editors. It
// follows the table of keys.
func JSONSchema() ([]byte, error) {
	root := object()
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "zdrworker configuration"
	root["required"] = []string{"version"}
	for _, k := range fileKeys {
		insert(root, strings.Split(k.Path, "."), property(k))
	}
	route := object()
	var required []string
	for _, k := range routeKeys {
		path := strings.Split(strings.TrimPrefix(k.Path, "routes[]."), ".")
		insert(route, path, property(k))
		if k.Required {
			required = append(required, path[0])
		}
	}
	route["required"] = required
	insert(root, []string{"routes"}, map[string]any{
		"type": "array", "items": route, "description": "First match wins.",
	})
	source := object()
	for _, k := range feedKeys {
		insert(source, strings.Split(strings.TrimPrefix(k.Path, "sources[]."), "."), property(k))
	}
	insert(root, []string{"sources"}, map[string]any{
		"type": "array", "items": source, "description": "Where serve takes nudges from; one source an entry.",
	})
	return json.MarshalIndent(root, "", "  ")
}

func object() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{}}
}

// insert puts a property at its path and makes the sections on the way.
func insert(into map[string]any, path []string, p map[string]any) {
	properties := into["properties"].(map[string]any)
	if len(path) == 1 {
		properties[path[0]] = p
		return
	}
	section, ok := properties[path[0]].(map[string]any)
	if !ok {
		section = object()
		properties[path[0]] = section
	}
	insert(section, path[1:], p)
}

// property describes one key. Every value may be text with a ${VAR} in it.
func property(k Key) map[string]any {
	p := map[string]any{"description": k.Doc}
	variable := map[string]any{"type": "string", "pattern": `\$\{`}
	kind := map[string]any{"type": "string"}
	switch k.field(k.owner()).(type) {
	case *bool:
		kind["type"] = "boolean"
	case *int:
		kind["type"] = "integer"
	case *float64:
		kind["type"] = "number"
	case *time.Duration:
		kind["pattern"] = `^([0-9.]+(ns|us|ms|s|m|h))+$|^[0-9]+d$`
	case *[]string:
		p["type"], p["items"] = "array", map[string]any{"type": "string"}
		return p
	}
	if k.Values != nil {
		kind["enum"] = k.Values
	}
	if k.Path == "version" {
		kind["const"] = 1
	}
	p["anyOf"] = []any{kind, variable}
	if k.Default != "" {
		p["default"] = k.Default
	}
	return p
}
