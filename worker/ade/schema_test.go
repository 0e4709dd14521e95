package ade

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

// around puts one field into a schema.
func around(field string) string { return `{"type":"object","properties":{"f":` + field + `}}` }

// keywordTests: one field, and what becomes of the keyword that is named.
var keywordTests = []struct {
	field, keyword string
	effect         Effect
	attention      bool
}{
	{`{"type":"string"}`, "type", EffectHonoured, false},
	{`{"type":"boolean","description":"d"}`, "description", EffectHonoured, false},
	{`{"type":"string","format":"YYYY-MM-DD"}`, "format", EffectHonoured, false},
	{`{"type":"string","enum":["a","b"]}`, "enum", EffectHonoured, false},
	{`{"type":"integer","enum":[1,2]}`, "enum", EffectUnclear, true},
	{`{"type":"string","enum":[]}`, "enum", EffectUnclear, true},
	{`{"type":"string","x-alternativeNames":["No."]}`, "x-alternativeNames", EffectHonoured, false},
	{`{"type":"string","x-alternativeNames":"No."}`, "x-alternativeNames", EffectUnclear, true},
	{`{"type":"array","items":{"type":"string"}}`, "items", EffectHonoured, false},
	{`{"type":"array","items":[{"type":"string"}]}`, "items", EffectUnclear, true},
	{`{"type":"array"}`, "type", EffectUnclear, true},
	{`{"type":"object","properties":{"g":{"type":"string"}}}`, "properties", EffectHonoured, false},
	{`{"type":"object"}`, "type", EffectUnclear, true},
	{`{"type":["string","null"]}`, "type", EffectUnclear, true},
	{`{"type":"date"}`, "type", EffectRefused, true},
	{`{"type":"string","title":"T"}`, "title", EffectDropped, false},
	{`{"type":"string","nullable":true}`, "nullable", EffectDropped, false},
	{`{"type":"object","properties":{"g":{"type":"string"}},"required":["g"]}`, "required", EffectDropped, false},
	{`{"type":"string","default":null}`, "default", EffectDropped, false},
	{`{"type":"string","default":"x"}`, "default", EffectWarned, true},
	{`{"anyOf":[{"type":"string"},{"type":"null"}]}`, "anyOf", EffectResolved, false},
	{`{"anyOf":[{"type":"string"},{"type":"number"}]}`, "anyOf", EffectResolved, true},
	{`{"anyOf":[{"type":"string"},{"type":"number"},{"type":"null"}]}`, "anyOf", EffectUnclear, true},
	{`{"anyOf":[]}`, "anyOf", EffectRefused, true},
	{`{"type":"string","$id":"x","$anchor":"y"}`, "$anchor", EffectResolved, false},
	{`{"type":"string","pattern":"a+"}`, "pattern", EffectRefused, true},
	{`{"oneOf":[{"type":"string"}]}`, "oneOf", EffectRefused, true},
	{`{"allOf":[{"type":"string"}]}`, "allOf", EffectRefused, true},
	{`{"const":"x"}`, "const", EffectRefused, true},
	{`{"type":"number","minimum":0}`, "minimum", EffectRefused, true},
	{`{"type":"array","items":{"type":"string"},"uniqueItems":true}`, "uniqueItems", EffectRefused, true},
	{`{"type":"object","properties":{"g":{"type":"string"}},"additionalProperties":false}`, "additionalProperties", EffectUnclear, true},
	{`{"type":"string","examples":["x"]}`, "examples", EffectUnclear, true},
	{`{"type":"string","readOnly":true}`, "readOnly", EffectUnclear, true},
	{`true`, "", EffectUnclear, true},
}

func schemaSeeds() []string {
	var seeds []string
	for _, test := range keywordTests {
		seeds = append(seeds, around(test.field))
	}
	return append(seeds, referring)
}

func TestKeywords(t *testing.T) {
	for _, test := range keywordTests {
		_, findings, err := CheckSchema([]byte(around(test.field)))
		if err != nil {
			t.Errorf("%s: %v", test.field, err)
			continue
		}
		path := "/properties/f"
		if test.keyword != "" {
			path += "/" + test.keyword
		}
		i := slices.IndexFunc(findings, func(f Finding) bool { return f.Path == path })
		if i < 0 {
			t.Errorf("%s: nothing about %s in %v", test.field, path, findings)
			continue
		}
		f := findings[i]
		if f.Effect != test.effect || f.Keyword != test.keyword || f.NeedsAttention() != test.attention {
			t.Errorf("%s: got %s, attention %v", test.field, f, f.NeedsAttention())
		}
		if f.NeedsAttention() && f.Advice == "" {
			t.Errorf("%s: no advice", test.field)
		}
	}
}

// TestEveryRuleGivesAdvice: whoever is told that something is wrong is told what
// to do.
func TestEveryRuleGivesAdvice(t *testing.T) {
	for keyword, r := range rules {
		switch r.effect {
		case EffectRefused, EffectWarned, EffectUnclear:
			if r.advice == "" {
				t.Errorf("%s has no advice", keyword)
			}
		default:
			if r.advice != "" {
				t.Errorf("%s has advice that nobody needs", keyword)
			}
		}
	}
}

func TestFindingsGoDeepAndAreOrdered(t *testing.T) {
	raw := around(`{"type":"array","items":{"type":"object","properties":{"a/b":{"type":"number","minimum":0},"~":{"type":"string","title":"t"}}}}`)
	_, findings, err := CheckSchema([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range findings {
		paths = append(paths, f.Path)
	}
	for _, want := range []string{"/properties/f/items/properties/a~1b/minimum", "/properties/f/items/properties/~0/title"} {
		if !slices.Contains(paths, want) {
			t.Errorf("%s is not in %q", want, paths)
		}
	}
	if paths[0] != "/properties" || paths[len(paths)-1] != "/type" {
		t.Errorf("got %q", paths)
	}
}

const referring = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
	"properties":{"seller":{"$ref":"#/$defs/party"},"buyer":{"$ref":"#/$defs/party"},"ship_to":{"$ref":"#place"}},
	"$defs":{"party":{"type":"object","properties":{"name":{"type":"string"},"home":{"$ref":"#/$defs/place"}}},
		"place":{"$anchor":"place","type":"string","title":"Place"}}}`

func TestReferences(t *testing.T) {
	schema, findings, err := CheckSchema([]byte(referring))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.NeedsAttention() {
			t.Errorf("got %s", f)
		}
	}
	canonical := string(schema.Canonical())
	for part, want := range map[string]bool{`"$defs"`: true, `"$anchor"`: true, `"$schema"`: false, `"title"`: false} {
		if strings.Contains(canonical, part) != want {
			t.Errorf("%s: want %v in %s", part, want, canonical)
		}
	}
}

func TestRefusedWhole(t *testing.T) {
	tests := map[string]struct{ raw, path string }{
		"circle of one":    {`{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}}}}}`, "/$defs/n/properties/next/$ref"},
		"circle of two":    {`{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"properties":{"b":{"$ref":"#/$defs/b"}}},"b":{"properties":{"a":{"$ref":"#/$defs/a"}}}}}`, ""},
		"root in itself":   {around(`{"$ref":"#"}`), "/properties/f/$ref"},
		"each other":       {`{"type":"object","properties":{"a":{"$ref":"#/properties/b"},"b":{"$ref":"#/properties/a"}}}`, ""},
		"by pointer twist": {around(`{"type":"object","properties":{"g":{"$ref":"#/properties"}}}`), ""},
		"by its own name":  {around(`{"$anchor":"me","type":"object","properties":{"g":{"$ref":"#me"}}}`), ""},
		"outside":          {around(`{"$ref":"https://schemas.example/party.json"}`), "/properties/f/$ref"},
		"nowhere":          {around(`{"$ref":"#/$defs/none"}`), "/properties/f/$ref"},
		"no such anchor":   {around(`{"$ref":"#none"}`), "/properties/f/$ref"},
	}
	for name, test := range tests {
		_, _, err := CheckSchema([]byte(test.raw))
		e, ok := errors.AsType[*SchemaError](err)
		if !ok || e.Advice == "" {
			t.Errorf("%s: got %v, want a *SchemaError", name, err)
			continue
		}
		if test.path != "" && e.Path != test.path {
			t.Errorf("%s: got %s, want %s", name, e.Path, test.path)
		}
	}
}

func TestNoSchemaAtAll(t *testing.T) {
	for _, raw := range []string{``, `{`, `[]`, `"x"`, `{"type":"array","items":{}}`, `{"type":"object"}`, `{"type":"object","properties":{}}`, testSchema + testSchema} {
		schema, _, err := CheckSchema([]byte(raw))
		if _, ok := errors.AsType[*zdr.SchemaError](err); !ok || !schema.IsZero() {
			t.Errorf("%q: got %v", raw, err)
		}
	}
}

// TestPruneKeepsFields: a property's name is no keyword, and data is no schema.
func TestPruneKeepsFields(t *testing.T) {
	tests := map[string][2]string{
		"keywords": {
			`{"type":"object","title":"T","required":["a"],"$schema":"s","$id":"i","$defs":{"x":{"type":"string"}},"properties":{"a":{"type":"string","nullable":true,"default":null,"title":"A"}}}`,
			`{"properties":{"a":{"type":"string"}},"type":"object"}`,
		},
		"properties that are called like keywords": {
			`{"type":"object","properties":{"title":{"type":"string","title":"x"},"required":{"type":"boolean"},"nullable":{"type":"string"},"default":{"type":"string"},"$schema":{"type":"string"},"properties":{"type":"object","title":"p","properties":{"title":{"type":"string"}}}}}`,
			`{"properties":{"$schema":{"type":"string"},"default":{"type":"string"},"nullable":{"type":"string"},"properties":{"properties":{"title":{"type":"string"}},"type":"object"},"required":{"type":"boolean"},"title":{"type":"string"}},"type":"object"}`,
		},
		"data": {
			around(`{"type":"string","enum":["title","required"],"default":{"title":"x","default":null},"examples":[{"required":["y"]}]}`),
			`{"properties":{"f":{"default":{"default":null,"title":"x"},"enum":["title","required"],"examples":[{"required":["y"]}],"type":"string"}},"type":"object"}`,
		},
		"lists": {
			around(`{"type":"array","items":{"type":"object","required":["g"],"properties":{"g":{"anyOf":[{"type":"number","title":"G"},{"type":"null"}]}}}}`),
			`{"properties":{"f":{"items":{"properties":{"g":{"anyOf":[{"type":"number"},{"type":"null"}]}},"type":"object"},"type":"array"}},"type":"object"}`,
		},
		"numbers": {
			around(`{"type":"number","maximum":1e21,"default":12345678901234567890}`),
			`{"properties":{"f":{"default":12345678901234567000,"maximum":1e+21,"type":"number"}},"type":"object"}`,
		},
	}
	for name, test := range tests {
		got, err := Prune(schemaOf(t, test[0]))
		if err != nil || string(got.Canonical()) != test[1] {
			t.Errorf("%s: got %s, %v, want %s", name, got.Canonical(), err, test[1])
		}
	}
}

// TestEditsWithoutMeaningKeepTheDigest: what the provider ignores never makes
// another revision.
func TestEditsWithoutMeaningKeepTheDigest(t *testing.T) {
	plain, _, err := CheckSchema([]byte(testSchema))
	if err != nil {
		t.Fatal(err)
	}
	for _, edited := range []string{
		"{ \"properties\" : {\"total\":{\"description\":\"The sum\",\"type\":\"number\"}}, \"type\":\"object\" }",
		`{"title":"Invoice","required":["total"],"type":"object","properties":{"total":{"type":"number","title":"Total","nullable":true,"description":"The sum"}}}`,
	} {
		got, _, err := CheckSchema([]byte(edited))
		if err != nil || got.Digest() != plain.Digest() {
			t.Errorf("%s: another digest, %v", edited, err)
		}
	}
	meant, _, err := CheckSchema([]byte(strings.Replace(testSchema, "The sum", "The total", 1)))
	if err != nil || meant.Digest() == plain.Digest() {
		t.Errorf("a new description keeps the digest, %v", err)
	}
}

func TestPruneNothing(t *testing.T) {
	if got, err := Prune(zdr.Schema{}); err == nil {
		t.Errorf("no schema became %s", got.Canonical())
	}
}
