package samples

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/ade"
)

var (
	anchor = regexp.MustCompile(`<a id='([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})'></a>`)
	cellID = regexp.MustCompile(`<(?:table|td|th) id="([0-9]+-[0-9a-zA-Z]+)"`)
)

func TestDocumentsHaveTheShapeOfParse(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			unique(t, "anchor", anchor.FindAllSubmatch(s.Markdown, -1), 8)
			unique(t, "cell", cellID.FindAllSubmatch(s.Markdown, -1), 10)
			if !bytes.HasPrefix(s.Markdown, []byte("<a id='")) {
				t.Error("the document does not begin with an anchor")
			}
			for _, part := range []string{"<::", "::>", "</table>", "**"} {
				if !bytes.Contains(s.Markdown, []byte(part)) {
					t.Errorf("the document has no %s", part)
				}
			}
			if !bytes.Contains(s.Markdown, []byte("invented")) {
				t.Error("the document does not say that it is invented")
			}
		})
	}
}

func unique(t *testing.T, what string, ids [][][]byte, atLeast int) {
	t.Helper()
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[string(id[1])] {
			t.Errorf("%s id %s is used twice", what, id[1])
		}
		seen[string(id[1])] = true
	}
	if len(seen) < atLeast {
		t.Errorf("got %d %s ids, want at least %d", len(seen), what, atLeast)
	}
}

func TestTheProviderHonoursEveryKeyword(t *testing.T) {
	for _, s := range All() {
		schema, findings, err := ade.CheckSchema(s.Schema)
		if err != nil {
			t.Errorf("%s: %v", s.SchemaName, err)
			continue
		}
		for _, f := range findings {
			if f.Effect != ade.EffectHonoured {
				t.Errorf("%s: %s", s.SchemaName, f)
			}
		}
		if schema.IsZero() {
			t.Errorf("%s: no schema", s.SchemaName)
		}
	}
}

// TestFieldsAreDescribed: names alone are too little for an extractor.
func TestFieldsAreDescribed(t *testing.T) {
	for _, s := range All() {
		var root any
		if err := json.Unmarshal(s.Schema, &root); err != nil {
			t.Fatal(err)
		}
		eachField(root, "", func(at string, field map[string]any) {
			if field["description"] == nil || field["type"] == nil {
				t.Errorf("%s: %s has no description or type", s.SchemaName, at)
			}
			if field["type"] != "object" && field["x-alternativeNames"] == nil {
				t.Errorf("%s: %s has no x-alternativeNames", s.SchemaName, at)
			}
		})
	}
}

func eachField(node any, at string, visit func(string, map[string]any)) {
	m, _ := node.(map[string]any)
	fields, _ := m["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		field, _ := fields[name].(map[string]any)
		visit(at+"/"+name, field)
		eachField(field, at+"/"+name, visit)
		eachField(field["items"], at+"/"+name+"/items", visit)
	}
}

// TestWantIsInTheDocument: an expected value stands in the text as it is, and
// its pointer leads to a field of the schema.
func TestWantIsInTheDocument(t *testing.T) {
	for _, s := range All() {
		text := strings.ReplaceAll(string(s.Markdown), "&#39;", "'")
		var root any
		if err := json.Unmarshal(s.Schema, &root); err != nil {
			t.Fatal(err)
		}
		if len(s.Want) < 5 {
			t.Errorf("%s: only %d expected fields", s.Name, len(s.Want))
		}
		for at, want := range s.Want {
			if fieldAt(root, at) == nil {
				t.Errorf("%s: %s is no field of the schema", s.Name, at)
			}
			if !slices.ContainsFunc(spellings(want), func(w string) bool { return strings.Contains(text, w) }) {
				t.Errorf("%s: %s: %v is not in the document", s.Name, at, want)
			}
		}
	}
}

func spellings(want any) []string {
	switch v := want.(type) {
	case string:
		return []string{v}
	case bool:
		return []string{map[bool]string{true: ":** Yes", false: ":** No"}[v]}
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64), money(int(v*100 + 0.5))}
	}
	return nil
}

func fieldAt(node any, pointer string) any {
	for _, token := range strings.Split(pointer, "/")[1:] {
		m, _ := node.(map[string]any)
		if _, err := strconv.Atoi(token); err == nil {
			node = m["items"]
			continue
		}
		fields, _ := m["properties"].(map[string]any)
		node = fields[token]
	}
	return node
}

func TestContractIsTheSameEachTime(t *testing.T) {
	a, b := Contract(LongPages), Contract(LongPages)
	if !bytes.Equal(a.Markdown, b.Markdown) {
		t.Error("two contracts of the same length differ")
	}
	if got := bytes.Count(a.Markdown, []byte("<table ")); got != LongPages-2 {
		t.Errorf("got %d tables, want %d", got, LongPages-2)
	}
	if got := bytes.Count(a.Markdown, []byte("<!-- PAGE BREAK -->")); got != LongPages-1 {
		t.Errorf("got %d page breaks, want %d", got, LongPages-1)
	}
	if short := Contract(0); len(short.Markdown) == 0 || len(short.Markdown) >= len(a.Markdown) {
		t.Errorf("a contract of no pages has %d bytes", len(short.Markdown))
	}
}

func TestContractAddsUp(t *testing.T) {
	total := 0
	for page := 1; page <= 3; page++ {
		for n := 1; n <= linesPerPage; n++ {
			total += lineOf(page, n).value()
		}
	}
	c := Contract(5)
	if want := float64(total) / 100; c.Want["/total_value"] != want {
		t.Errorf("got %v, want %v", c.Want["/total_value"], want)
	}
	if !bytes.Contains(c.Markdown, []byte("**Total contract value:** "+money(total))) {
		t.Error("the document does not say the total")
	}
}

func TestMoney(t *testing.T) {
	for cents, want := range map[int]string{0: "0.00", 5: "0.05", 99999: "999.99", 100000: "1,000.00", 123456789: "1,234,567.89"} {
		if got := money(cents); got != want {
			t.Errorf("money(%d): got %s, want %s", cents, got, want)
		}
	}
}

func ExampleAll() {
	for _, s := range All() {
		fmt.Printf("%-22s %-22s %s\n", s.Name, s.SchemaName, s.Title)
	}
	// Output:
	// invoice.md             invoice.json           an invoice
	// laboratory-report.md   laboratory-report.json a laboratory report
	// loan-application.md    loan-application.json  a loan application
	// supply-contract.md     supply-contract.json   a supply contract of 200 pages
}

func ExampleContract() {
	short := Contract(12)
	fmt.Println(short.Title, short.Want["/schedules"])
	// Output: a supply contract of 12 pages 10
}
