package extract_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/ade/adetest/extract"
)

func TestParseSchemaRefuses(t *testing.T) {
	tests := []struct {
		name, schema string
		want         error
	}{
		{"no JSON", `{`, extract.ErrNoJSON},
		{"two documents", `{"type":"object","properties":{}} {}`, extract.ErrNoJSON},
		{"a list", `[]`, extract.ErrRoot},
		{"no type", `{"properties":{}}`, extract.ErrRoot},
		{"root array", `{"type":"array","items":{"type":"string"}}`, extract.ErrRoot},
		{"no properties", `{"type":"object"}`, extract.ErrInvalid},
		{"unknown type", object(`"a":{"type":"strin"}`), extract.ErrInvalid},
		{"property is no schema", object(`"a":7`), extract.ErrInvalid},
		{"reference to nowhere", object(`"a":{"$ref":"#/$defs/x"}`), extract.ErrInvalid},
		{"reference abroad", object(`"a":{"$ref":"other.json"}`), extract.ErrInvalid},
		{"cycle", `{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"type":"object","properties":{"b":{"$ref":"#/$defs/x"}}}}}`, extract.ErrCycle},
		{"cycle to the root", object(`"a":{"$ref":"#"}`), extract.ErrCycle},
		{"too much by references", doubling(20), extract.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := extract.ParseSchema([]byte(tt.schema)); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// doubling is a short schema of 2^n fields.
func doubling(n int) string {
	var defs []string
	for i := range n {
		next := `{"$ref":"#/$defs/` + strings.Repeat("x", i+2) + `"}`
		defs = append(defs, `"`+strings.Repeat("x", i+1)+`":`+object(`"a":`+next+`,"b":`+next))
	}
	defs = append(defs, `"`+strings.Repeat("x", n+1)+`":{"type":"string"}`)
	return `{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{` + strings.Join(defs, ",") + `}}`
}

func TestParseSchemaNotes(t *testing.T) {
	tests := []struct {
		name, properties string
		unsupported      []string
		conforms         bool
	}{
		{"plain", `"a":{"type":"string","description":"d","format":"date","enum":["x"],"x-alternativeNames":["A"]}`, nil, true},
		{"dropped in silence", `"a":{"type":"string","title":"A","nullable":true}`, nil, true},
		{"null default", `"a":{"type":"string","default":null}`, nil, true},
		{"default", `"a":{"type":"string","default":"x"}`, nil, false},
		{"bounds", `"a":{"type":"string","maxLength":3,"pattern":"x"}`, []string{"maxLength", "pattern"}, false},
		{"oneOf below", `"a":{"type":"array","items":{"oneOf":[]}}`, []string{"oneOf"}, false},
		{"enum of numbers", `"a":{"type":"integer","enum":[1,2]}`, []string{"enum"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := extract.ParseSchema([]byte(object(tt.properties)))
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Unsupported(); !slices.Equal(got, tt.unsupported) {
				t.Errorf("unsupported: got %v, want %v", got, tt.unsupported)
			}
			if got := s.Nonconformance(); (got == "") != tt.conforms {
				t.Errorf("nonconformance: got %q", got)
			}
		})
	}
}

func TestReferencesResolve(t *testing.T) {
	schema := `{"type":"object","properties":{"seller":{"$ref":"#/$defs/p"},"paid":{"anyOf":[{"type":"null"},{"$ref":"#/definitions/b"}]},"any":{"anyOf":[{"type":"number"},{"type":"boolean"}]}},
		"$defs":{"p":{"type":"object","properties":{"name":{"type":"string"}}}},"definitions":{"b":{"type":"boolean"}}}`
	r := run(t, schema, "## Seller\nName: Alder\n## Rest\nPaid: yes\nAny: 7")
	seller, _ := r.Extraction["seller"].(map[string]any)
	if seller["name"] != "Alder" || r.Extraction["paid"] != true || r.Extraction["any"] != "7" {
		t.Errorf("got %v", r.Extraction)
	}
}
