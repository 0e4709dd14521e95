package extract

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Result is what a schema found in a document.
type Result struct {
	// Extraction has the shape of the schema.
	Extraction map[string]any
	// Metadata mirrors it; each leaf is {"value": …, "references": [ids]}.
	Metadata map[string]any

	violations []string
}

// Violation describes every value that does not conform to the schema, and
// quotes it, as the provider's schema_violation_error does; "" when all do.
func (r Result) Violation() string { return strings.Join(r.violations, "\n\n") }

// Run reads a document. The same input gives the same result.
func Run(s *Schema, markdown []byte) Result {
	doc := scan(string(markdown))
	b := &builder{doc: &doc, found: assign(fields(s.root, nil), doc.pairs)}
	values, metas := b.object(s.root, nil, nil)
	return Result{Extraction: values, Metadata: metas, violations: b.violations}
}

// builder puts a result together.
type builder struct {
	doc        *document
	found      map[*node]find
	violations []string
}

// object builds an object. Within the rows of an array, found holds the row,
// and arrays in it stay empty.
func (b *builder) object(n *node, path []string, within []string) (values, metas map[string]any) {
	values, metas = map[string]any{}, map[string]any{}
	for _, name := range n.order() {
		values[name], metas[name] = b.value(name, n.properties[name], append(slices.Clone(path), strconv.Quote(name)), within)
	}
	return values, metas
}

func (b *builder) value(name string, n *node, path, within []string) (value, meta any) {
	switch n.kind {
	case "object":
		return b.object(n, path, slices.Concat(within, words(name)))
	case "array":
		return b.array(name, n, path, within)
	}
	f, ok := b.found[n]
	return b.leaf(n, f, ok, path)
}

func (b *builder) leaf(n *node, f find, ok bool, path []string) (value, meta any) {
	if !ok {
		return nil, map[string]any{"value": nil, "references": []string{}}
	}
	value, fit := convert(n, f.text)
	if !fit {
		b.violations = append(b.violations, violation(n, value, path))
	}
	references := []string{}
	if f.ref != "" {
		references = append(references, f.ref)
	}
	return value, map[string]any{"value": value, "references": references}
}

func (b *builder) array(name string, n *node, path, within []string) (value, meta any) {
	values, metas := []any{}, []any{}
	if b.doc == nil {
		return values, metas
	}
	rows, finds := b.doc.elements(name, n, within)
	for i, r := range rows {
		inner := builder{found: r}
		v, m := inner.object(n.items, append(slices.Clone(path), strconv.Itoa(i)), nil)
		values, metas = append(values, v), append(metas, m)
		b.violations = append(b.violations, inner.violations...)
	}
	for i, f := range finds {
		v, m := b.leaf(n.items, f, true, append(slices.Clone(path), strconv.Itoa(i)))
		values, metas = append(values, v), append(metas, m)
	}
	return values, metas
}

// violation says what is wrong in the words of the validator that the
// provider uses, instance and part of the schema included.
func violation(n *node, value any, path []string) string {
	shown, what, rule := said(value), fmt.Sprintf("is not of type '%s'", n.kind), "type"
	if len(n.enum) > 0 {
		what, rule = "is not one of "+said(n.enum), "enum"
	}
	return fmt.Sprintf("%s %s\n\nFailed validating '%s' in schema\n\nOn instance[%s]:\n    %s", shown, what, rule, strings.Join(path, "]["), shown)
}

func said(v any) string {
	if s, ok := v.(string); ok {
		return "'" + s + "'"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(b)
}
