package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/zdr"
)

// maxDiff is how many differences are named.
const maxDiff = 8

// schemaChange says how a route's schema differs from the one that its revision
// had: by digests, and by the places that differ where the old one was kept.
func (p *Pipeline) schemaChange(ctx context.Context, r Route, before string) string {
	text := fmt.Sprintf(" schema %s → %s", short(before), short(r.Schema.Digest()))
	was, err := p.schemaOf(ctx, before)
	if err != nil {
		return text
	}
	all := schemaDiff(was, r.Schema)
	more := ""
	if n := len(all) - maxDiff; n > 0 {
		all, more = all[:maxDiff], fmt.Sprintf(" and %d more", n)
	}
	return text + " (" + strings.Join(all, " ") + more + ")"
}

// schemaDiff names what differs between two schemas: "+" is new, "-" is gone,
// "~" is another one. It names fields and keywords and shows no value: a
// description, a default or a list of values can quote a document.
func schemaDiff(before, now zdr.Schema) []string {
	var was, is any
	if json.Unmarshal(before.Canonical(), &was) != nil || json.Unmarshal(now.Canonical(), &is) != nil {
		return nil
	}
	return diffSchema("", was, is)
}

// Keywords whose value is a schema, or schemas by name.
var (
	schemaIn  = []string{"items", "additionalProperties", "not", "contains"}
	schemasIn = []string{"properties", "$defs", "definitions", "patternProperties"}
)

// diffSchema compares two schemas keyword by keyword.
func diffSchema(at string, was, is any) []string {
	return diffMembers(at, was, is, func(at, keyword string, was, is any) []string {
		switch {
		case slices.Contains(schemaIn, keyword):
			return diffSchema(at+keyword+".", was, is)
		case keyword == "properties":
			return diffMembers(at, was, is, diffNamed)
		case slices.Contains(schemasIn, keyword):
			return diffMembers(at+keyword+".", was, is, diffNamed)
		}
		return []string{"~" + at + keyword}
	})
}

// diffNamed compares the schemas of one name.
func diffNamed(at, name string, was, is any) []string { return diffSchema(at+name+".", was, is) }

// diffMembers goes through the members of two objects; what is no object is
// another one as a whole.
func diffMembers(at string, was, is any, differ func(at, name string, was, is any) []string) []string {
	a, ok := was.(map[string]any)
	b, too := is.(map[string]any)
	if !ok || !too {
		return []string{"~" + strings.TrimSuffix(at, ".")}
	}
	names := maps.Clone(a)
	maps.Copy(names, b)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		_, had := a[name]
		_, has := b[name]
		switch {
		case !had:
			all = append(all, "+"+at+name)
		case !has:
			all = append(all, "-"+at+name)
		case !reflect.DeepEqual(a[name], b[name]):
			all = append(all, differ(at, name, a[name], b[name])...)
		}
	}
	return all
}
