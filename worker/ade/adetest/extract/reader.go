package extract

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The keywords by what becomes of them, as published for extract-20260314.
var (
	honoured = []string{"type", "description", "properties", "items", "enum", "format", "x-alternativeNames", "anyOf"}
	dropped  = []string{
		"required", "nullable", "title", "$ref", "$defs", "definitions", "$anchor", "$id", "$schema",
		"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor",
	}
	kinds = []string{"string", "number", "integer", "boolean", "object", "array"}
)

// reader turns a decoded schema into nodes.
type reader struct {
	root     map[string]any
	words    map[string]bool // unsupported keywords met
	defaults bool
	nodes    int
	within   []string // the references that are being resolved
}

func (r *reader) read(raw any) (*node, error) {
	s, ok := raw.(map[string]any)
	r.nodes++
	if !ok || r.nodes > maxNodes {
		return nil, ErrInvalid
	}
	if ref, ok := s["$ref"]; ok {
		return r.resolve(s, ref)
	}
	if branch, ok := s["anyOf"]; ok {
		return r.choose(s, branch)
	}
	r.note(s)
	n := &node{description: text(s["description"]), format: text(s["format"]), names: texts(s["x-alternativeNames"])}
	var err error
	if n.kind, err = kindOf(s); err != nil {
		return nil, err
	}
	r.readEnum(n, s)
	if n.kind == "object" {
		err = r.readProperties(n, s)
	} else if n.kind == "array" {
		err = r.readItems(n, s)
	}
	return n, err
}

// note remembers what of a schema is not honoured.
func (r *reader) note(s map[string]any) {
	for word, value := range s {
		_, isBool := value.(bool)
		switch {
		case word == "default":
			r.defaults = r.defaults || value != nil
		case word == "additionalProperties" && isBool:
		case !slices.Contains(honoured, word) && !slices.Contains(dropped, word):
			r.words[word] = true
		}
	}
}

// kindOf settles a type. null in a list of types means nothing here, because
// every field may be null; a schema without a type is taken by its members.
func kindOf(s map[string]any) (string, error) {
	named := []any{s["type"]}
	if list, ok := s["type"].([]any); ok {
		named = slices.DeleteFunc(slices.Clone(list), func(v any) bool { return v == "null" })
	}
	switch {
	case len(named) > 1 || len(named) == 0:
		return "string", nil
	case named[0] == nil && s["properties"] != nil:
		return "object", nil
	case named[0] == nil && s["items"] != nil:
		return "array", nil
	case named[0] == nil || named[0] == "null":
		return "string", nil
	}
	kind, ok := named[0].(string)
	if !ok || !slices.Contains(kinds, kind) {
		return "", ErrInvalid
	}
	return kind, nil
}

// readEnum keeps the members of an enum that are strings, as the provider
// does; any other but null is not supported.
func (r *reader) readEnum(n *node, s map[string]any) {
	list, _ := s["enum"].([]any)
	for _, v := range list {
		if word, ok := v.(string); ok {
			n.enum = append(n.enum, word)
		} else if v != nil {
			r.words["enum"] = true
		}
	}
}

func (r *reader) readProperties(n *node, s map[string]any) error {
	n.properties = map[string]*node{}
	if s["properties"] == nil {
		return nil
	}
	members, ok := s["properties"].(map[string]any)
	if !ok {
		return ErrInvalid
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		member, err := r.read(members[name])
		if err != nil {
			return err
		}
		n.properties[name] = member
	}
	return nil
}

func (r *reader) readItems(n *node, s map[string]any) (err error) {
	n.items = &node{kind: "string"}
	if s["items"] != nil {
		n.items, err = r.read(s["items"])
	}
	return err
}

// choose reads anyOf: the null branch goes and the other one stands; without a
// null branch the field is a string.
func (r *reader) choose(s map[string]any, raw any) (*node, error) {
	branches, ok := raw.([]any)
	if !ok || len(branches) == 0 {
		return nil, ErrInvalid
	}
	rest := slices.DeleteFunc(slices.Clone(branches), isNullBranch)
	chosen := map[string]any{"type": "string"}
	if len(rest) == 1 && len(rest) < len(branches) {
		if chosen, ok = rest[0].(map[string]any); !ok {
			return nil, ErrInvalid
		}
	}
	return r.read(overlay(chosen, s, "anyOf"))
}

func isNullBranch(v any) bool {
	b, ok := v.(map[string]any)
	return ok && b["type"] == "null"
}

// overlay puts what stands beside a keyword over what the keyword leads to.
func overlay(under, over map[string]any, without string) map[string]any {
	both := maps.Clone(under)
	maps.Copy(both, over)
	delete(both, without)
	if v, ok := under[without]; ok {
		both[without] = v
	}
	return both
}

// resolve follows a local reference.
func (r *reader) resolve(s map[string]any, raw any) (*node, error) {
	ref, ok := raw.(string)
	if !ok || !strings.HasPrefix(ref, "#") {
		return nil, ErrInvalid
	}
	if slices.Contains(r.within, ref) {
		return nil, ErrCycle
	}
	target, ok := r.find(ref)
	if !ok {
		return nil, ErrInvalid
	}
	r.within = append(r.within, ref)
	n, err := r.read(overlay(target, s, "$ref"))
	r.within = r.within[:len(r.within)-1]
	return n, err
}

// find walks a JSON pointer, or looks for an anchor among the definitions.
func (r *reader) find(ref string) (map[string]any, bool) {
	pointer := strings.TrimPrefix(ref, "#")
	if pointer != "" && pointer[0] != '/' {
		return r.anchored(pointer)
	}
	var at any = r.root
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if pointer == "" {
			break
		}
		at = step(at, strings.NewReplacer("~1", "/", "~0", "~").Replace(token))
	}
	target, ok := at.(map[string]any)
	return target, ok
}

func step(at any, token string) any {
	switch v := at.(type) {
	case map[string]any:
		return v[token]
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
	}
	return nil
}

func (r *reader) anchored(name string) (map[string]any, bool) {
	for _, place := range []string{"$defs", "definitions"} {
		defs, _ := r.root[place].(map[string]any)
		for _, d := range defs {
			if target, ok := d.(map[string]any); ok && (target["$anchor"] == name || target["$dynamicAnchor"] == name) {
				return target, true
			}
		}
	}
	return nil, false
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func texts(v any) []string {
	list, _ := v.([]any)
	var found []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			found = append(found, s)
		}
	}
	return found
}
