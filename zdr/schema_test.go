package zdr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

func TestParseSchema(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"white space and order", " {\"properties\" : {\"b\":{\"type\":\"string\"},\"a\":{}},\n\"type\":\"object\"}\n", `{"properties":{"a":{},"b":{"type":"string"}},"type":"object"}`},
		{"escapes and numbers", `{"type":"object","properties":{"\u0061":{"maximum":1.50e1,"description":"\u00e9\/"}}}`, `{"properties":{"a":{"description":"é/","maximum":15}},"type":"object"}`},
	} {
		s, err := zdr.ParseSchema([]byte(test.in))
		if err != nil || string(s.Canonical()) != test.want {
			t.Errorf("%s: got %s and %v, want %s", test.name, s.Canonical(), err, test.want)
		}
		again, err := zdr.ParseSchema(s.Canonical())
		if err != nil || again.Digest() != s.Digest() {
			t.Errorf("%s: the canonical form has another digest", test.name)
		}
	}
}

func TestSchemaDigest(t *testing.T) {
	s := mustSchema(t, `{"type":"object","properties":{"a":{}}}`)
	// printf '{"properties":{"a":{}},"type":"object"}' | sha256sum
	const want = "sha256:a4fa3d2b926b7397a8766e81cfe262ab54af1d77989b8ae754e5b255a4d36485"
	if s.Digest() != want {
		t.Errorf("got %s, want %s", s.Digest(), want)
	}
	s.Canonical()[0] = 'x'
	if s.Canonical()[0] != '{' {
		t.Error("the schema can be changed from outside")
	}
}

func TestParseSchemaRefuses(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"empty", ``, "empty"},
		{"not JSON", "{\n\"type\": secret}", "line 2"},
		{"second document", `{"type":"object","properties":{"a":{}}} {}`, "not one JSON document"},
		{"doubled name", "{\"type\":\"object\",\n\"properties\":{\"a\":{},\n\n\"a\":{}}}", "line 4: an object has the same name twice"},
		{"doubled by escape", `{"type":"object","properties":{"a":{},"\u0061":{}}}`, "same name twice"},
		{"array", `[]`, "root"},
		{"null", `null`, "root"},
		{"no type", `{"properties":{"a":{}}}`, `"type": "object"`},
		{"Type", `{"Type":"object","properties":{"a":{}}}`, `"type": "object"`},
		{"array type", `{"type":"array","properties":{"a":{}}}`, `"type": "object"`},
		{"no properties", `{"type":"object"}`, `"properties"`},
		{"empty properties", `{"type":"object","properties":{}}`, `"properties"`},
		{"not UTF-8", "{\"type\":\"object\",\"properties\":{\"a\xff\":{}}}", "UTF-8"},
		{"half a pair", `{"type":"object","properties":{"a":{"description":"\ud800"}}}`, "canonical"},
		{"huge number", `{"type":"object","properties":{"a":{"maximum":1e999}}}`, "canonical"},
		{"deep", `{"type":"object","properties":{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}}`, "deep"},
		{"long", `{"type":"object","properties":{"a":{"description":"` + strings.Repeat("a", 256<<10) + `"}}}`, "longer"},
	} {
		s, err := zdr.ParseSchema([]byte(test.in))
		e, ok := errors.AsType[*zdr.SchemaError](err)
		if !ok || !strings.Contains(e.Error(), test.want) || strings.Contains(e.Error(), "secret") || !s.IsZero() {
			t.Errorf("%s: got %v, want an error with %q", test.name, err, test.want)
		}
	}
}

func TestLintSchema(t *testing.T) {
	choices := make([]string, 21)
	for i := range choices {
		choices[i] = fmt.Sprintf("%q", fmt.Sprintf("choice %c", 'a'+i))
	}
	many := strings.Join(choices, ",")
	for _, test := range []struct{ name, properties, want string }{
		{"clean", `"total":{"type":"number","description":"the sum, in euro","x-alternativeNames":["Total due"]}`, ""},
		{"fields named like keywords", `"default":{"type":"string"},"examples":{"type":"string"},"const":{},"enum":{"type":"string"}`, ""},
		{"examples", `"a":{"examples":["x"]}`, "/properties/a/examples examples"},
		{"default", `"a":{"default":"x"}`, "/properties/a/default default"},
		{"null default", `"a":{"default":null}`, ""},
		{"const", `"a":{"const":1}`, "/properties/a/const const"},
		{"20 choices", `"a":{"enum":[` + strings.TrimSuffix(many, ","+choices[20]) + `]}`, ""},
		{"21 choices", `"a":{"enum":[` + many + `]}`, "/properties/a/enum long-enum"},
		{"e-mail", `"a":{"description":"ask ann@example.org"}`, "/properties/a/description email"},
		{"e-mail as choice", `"a":{"enum":["ann@example.org"]}`, "/properties/a/enum email"},
		{"e-mail in a list", `"a":{"type":"array","items":{"properties":{"b":{"description":"ann@example.org"}}}}`, "/properties/a/items/properties/b/description email"},
		{"e-mail in an example", `"a":{"examples":[{"to":"ann@example.org"}]}`, "/properties/a/examples examples|/properties/a/examples email"},
		{"date", `"a":{"description":"born 1971-03-05"}`, "/properties/a/description date"},
		{"other date", `"a":{"description":"as in 5/3/1971"}`, "/properties/a/description date"},
		{"year", `"a":{"description":"the year, like 2026"}`, ""},
		{"number", `"a":{"description":"like 4929 1234 5678 9012"}`, "/properties/a/description number"},
		{"field with an address", `"ann@example.org":{}`, "/properties/… email"},
		{"field with a slash", `"a/b~c":{"default":1}`, "/properties/a~1b~0c/default default"},
		{"anyOf", `"a":{"anyOf":[{"default":1},{"type":"null"}]}`, "/properties/a/anyOf/0/default default"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := mustSchema(t, `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{`+test.properties+`}}`)
			var got []string
			for _, f := range zdr.LintSchema(s) {
				got = append(got, f.Path+" "+f.Rule)
				if f.Advice == "" || strings.Contains(fmt.Sprint(f), "ann@") {
					t.Errorf("finding %q", f)
				}
			}
			if g := strings.Join(got, "|"); g != test.want {
				t.Errorf("got %q, want %q", g, test.want)
			}
		})
	}
	if len(zdr.LintSchema(zdr.Schema{})) != 0 {
		t.Error("findings in no schema")
	}
}
