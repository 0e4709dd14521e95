package worker

import (
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

func TestSchemaDiff(t *testing.T) {
	const before = `{"type":"object","title":"secret","properties":{
		"total":{"type":"number","description":"secret"},"date":{"type":"string"},
		"lines":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"}}}},
		"kind":{"type":"string","enum":["secret"]}},"required":["total"]}`
	for _, tt := range []struct {
		name, from, to string
		want           []string
	}{
		{"layout", `"total"`, "\n \"total\"", nil},
		{"a type", `"total":{"type":"number"`, `"total":{"type":"string"`, []string{"~total.type"}},
		{"a description", `"description":"secret"`, `"description":"another secret"`, []string{"~total.description"}},
		{"a field more", `"date":{"type":"string"},`, `"date":{"type":"string"},"tax":{"type":"number"},`, []string{"+tax"}},
		{"a field less", `"date":{"type":"string"},`, ``, []string{"-date"}},
		{"another name", `"date"`, `"day"`, []string{"-date", "+day"}},
		{"within a list", `"sku":{"type":"string"}`, `"sku":{"type":"number"}`, []string{"~lines.items.sku.type"}},
		{"values", `["secret"]`, `["secret","secrets"]`, []string{"~kind.enum"}},
		{"a keyword", `"required":["total"]`, `"required":["date"]`, []string{"~required"}},
		{"a schema that is none", `"items":{"type":"object","properties":{"sku":{"type":"string"}}}`, `"items":true`, []string{"~lines.items"}},
	} {
		was, err := zdr.ParseSchema([]byte(before))
		if err != nil {
			t.Fatal(err)
		}
		is, err := zdr.ParseSchema([]byte(strings.Replace(before, tt.from, tt.to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		got := schemaDiff(was, is)
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(tt.want))) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if strings.Contains(strings.Join(got, ""), "secret") {
			t.Errorf("%s: a value is quoted: %q", tt.name, got)
		}
	}
}
