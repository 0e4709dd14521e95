package samples

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/ade/adetest/extract"
)

// shortPages is enough of the contract for page numbers of two digits; all of
// it takes the race detector too long.
const shortPages = 24

func short() []Sample { return append(stored(), Contract(shortPages)) }

// TestTheStandInFindsTheWantedFields: what a sample promises is what the
// provider's stand-in extracts, with a place in the document for each value.
func TestTheStandInFindsTheWantedFields(t *testing.T) {
	for _, s := range short() {
		t.Run(s.Title, func(t *testing.T) {
			schema, err := extract.ParseSchema(s.Schema)
			if err != nil {
				t.Fatal(err)
			}
			got := extract.Run(schema, s.Markdown)
			if v := got.Violation(); v != "" {
				t.Errorf("the extraction does not conform: %s", v)
			}
			if len(schema.Unsupported()) > 0 || schema.Nonconformance() != "" {
				t.Errorf("not honoured: %q %s", schema.Unsupported(), schema.Nonconformance())
			}
			extraction, metadata := decoded(t, got.Extraction), decoded(t, got.Metadata)
			for at, want := range s.Want {
				if value := valueAt(extraction, at); !reflect.DeepEqual(value, want) {
					t.Errorf("%s: got %v, want %v", at, value, want)
				}
				if refs, _ := valueAt(metadata, at+"/references").([]any); len(refs) == 0 {
					t.Errorf("%s has no reference", at)
				}
			}
		})
	}
}

// TestTheStandInFindsAllRows: arrays are as long as the tables and lists are.
func TestTheStandInFindsAllRows(t *testing.T) {
	want := map[string]int{
		"invoice.md /line_items": 6, "laboratory-report.md /results": 10, "loan-application.md /applicants": 2,
		"loan-application.md /assets_and_debts": 5, "loan-application.md /documents_enclosed": 4,
		"supply-contract.md /deliveries": (shortPages - 2) * linesPerPage,
	}
	for _, s := range short() {
		schema, err := extract.ParseSchema(s.Schema)
		if err != nil {
			t.Fatal(err)
		}
		extraction := decoded(t, extract.Run(schema, s.Markdown).Extraction)
		for place, length := range want {
			at, ok := strings.CutPrefix(place, s.Name+" ")
			if !ok {
				continue
			}
			if rows, _ := valueAt(extraction, at).([]any); len(rows) != length {
				t.Errorf("%s: got %d entries, want %d", place, len(rows), length)
			}
		}
	}
}

func decoded(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func valueAt(node any, pointer string) any {
	for _, token := range strings.Split(pointer, "/")[1:] {
		switch v := node.(type) {
		case map[string]any:
			node = v[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(v) {
				return nil
			}
			node = v[i]
		default:
			return nil
		}
	}
	return node
}
