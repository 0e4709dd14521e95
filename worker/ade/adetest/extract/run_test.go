package extract_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/ade/adetest/extract"
)

func run(t *testing.T, schema, markdown string) extract.Result {
	t.Helper()
	s, err := extract.ParseSchema([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	return extract.Run(s, []byte(markdown))
}

// object writes a schema of properties in short.
func object(properties string) string {
	return `{"type":"object","properties":{` + properties + `}}`
}

func TestRun(t *testing.T) {
	tests := []struct{ name, properties, markdown, want string }{
		{"label", `"invoice_number":{"type":"string"}`, "Invoice No: INV-7", `{"invoice_number":"INV-7"}`},
		{"bold label, colon within", `"invoiceNumber":{"type":"string"}`, "**Invoice number:** INV-7", `{"invoiceNumber":"INV-7"}`},
		{"bold label, no colon", `"patient_name":{"type":"string"}`, "**Patient name** Ada Quill", `{"patient_name":"Ada Quill"}`},
		{"two bold labels on a line", `"a_code":{"type":"string"},"b_code":{"type":"string"}`, "**A code:** 1 **B code:** 2", `{"a_code":"1","b_code":"2"}`},
		{"columns on a line", `"date":{"type":"string"},"number":{"type":"string"}`, "Number: 12   Date: 2026-03-01", `{"date":"2026-03-01","number":"12"}`},
		{"dots", `"net":{"type":"number"}`, "Net ........ 12,50", `{"net":12.5}`},
		{"value below", `"reference":{"type":"string"}`, "Reference:\n\nR-9", `{"reference":"R-9"}`},
		{"paragraph under heading", `"summary":{"type":"string"}`, "## Summary\nAll went\nwell.\n\nMore.", `{"summary":"All went well."}`},
		{"alternative name", `"total":{"type":"number","x-alternativeNames":["Amount payable"]}`, "Amount payable: EUR 1.234,50", `{"total":1234.5}`},
		{"description in quotes", `"x1":{"type":"string","description":"The line 'Ship via'"}`, "Ship via: rail", `{"x1":"rail"}`},
		{"words of the description", `"vat":{"type":"string","description":"tax identification number of the seller"}`, "Tax identification: DE 12", `{"vat":"DE 12"}`},
		{"not found", `"a":{"type":"string"},"b":{"type":"array","items":{"type":"string"}},"c":{"type":"object","properties":{"d":{"type":"number"}}}`, "Nothing here.", `{"a":null,"b":[],"c":{"d":null}}`},
		{"empty document", `"a":{"type":"string"}`, "", `{"a":null}`},
		{"boolean", `"urgent":{"type":"boolean"},"signed":{"type":"boolean"},"paid":{"type":"boolean"}`, "Urgent: No\n[x] Signed\n☐ Paid", `{"paid":false,"signed":true,"urgent":false}`},
		{"enum", `"status":{"type":"string","enum":["PAST_DUE","OPEN"]}`, "Status: past due", `{"status":"PAST_DUE"}`},
		{"date", `"issue_date":{"type":"string","format":"date"},"due_date":{"type":"string","format":"date"}`, "Issue date: March 1st, 2026\nDue date: 31.03.2026", `{"due_date":"2026-03-31","issue_date":"2026-03-01"}`},
		{"date without format", `"issue_date":{"type":"string"}`, "Issue date: March 1, 2026", `{"issue_date":"March 1, 2026"}`},
		{"unit and integer", `"weight":{"type":"number"},"pages":{"type":"integer"}`, "Weight: 13.5 kg\nPages: 1,200", `{"pages":1200,"weight":13.5}`},
		{"time is no label", `"at":{"type":"string"}`, "At 10:30", `{"at":null}`},
		{
			"context chooses", `"billing_address":{"type":"object","properties":{"city":{"type":"string"}}},"shipping_address":{"type":"object","properties":{"city":{"type":"string"}}}`,
			"## Shipping address\nCity: Lund\n\n## Billing address\nCity: Brno", `{"billing_address":{"city":"Brno"},"shipping_address":{"city":"Lund"}}`,
		},
		{"heading completes a label", `"patient_name":{"type":"string"},"physician_name":{"type":"string"}`, "## Physician\nName: Dr. Oak\n## Patient\nName: Ada Quill", `{"patient_name":"Ada Quill","physician_name":"Dr. Oak"}`},
		{"list", `"allergies":{"type":"array","items":{"type":"string"}}`, "## Allergies\n\n- nuts\n- **milk**\n\n## Other\n- x", `{"allergies":["nuts","milk"]}`},
		{"list in a line", `"colours":{"type":"array","items":{"type":"string"}}`, "Colours: red, green and blue", `{"colours":["red","green","blue"]}`},
		{"list of pairs", `"iban":{"type":"string"}`, "- **IBAN:** XX00 1111\n- BIC: ABCD", `{"iban":"XX00 1111"}`},
		{"bars of label and value", `"seller":{"type":"string"}`, "| Field | Value |\n|---|---|\n| Seller | Alder & Co |\n", `{"seller":"Alder & Co"}`},
		{"header over one row", `"order_no":{"type":"string"},"terms":{"type":"string"}`, "| Order no. | Terms | Rep |\n|---|---|---|\n| 88 | 30 days | Kim |\n", `{"order_no":"88","terms":"30 days"}`},
		{
			"rows", `"line_items":{"type":"array","items":{"type":"object","properties":{"description":{"type":"string"},"quantity":{"type":"integer"},"unit_price":{"type":"number"}}}},"total":{"type":"number"}`,
			"| Description | Qty | Unit price |\n|---|---:|---:|\n| Oak board | 2 | $1,004.00 |\n| Nails | 100 | 0.05 |\n| Total | | $2,013.00 |\n",
			`{"line_items":[{"description":"Oak board","quantity":2,"unit_price":1004},{"description":"Nails","quantity":100,"unit_price":0.05}],"total":2013}`,
		},
		{
			"rows of two pages", `"entries":{"type":"array","items":{"type":"object","properties":{"day":{"type":"string"},"hours":{"type":"number"}}}}`,
			"|Day|Hours|\n|-|-|\n|Mon|1|\n\ntext\n\n|Day|Hours|\n|-|-|\n|Tue|2|\n", `{"entries":[{"day":"Mon","hours":1},{"day":"Tue","hours":2}]}`,
		},
		{
			"table by its heading", `"chemistry":{"type":"array","items":{"type":"object","properties":{"test":{"type":"string"},"result":{"type":"number"}}}}`,
			"## Hematology\n|Test|Result|\n|-|-|\n|RBC|4|\n\n## Chemistry\n|Test|Result|\n|-|-|\n|Na|140|\n", `{"chemistry":[{"test":"Na","result":140}]}`,
		},
		{"column", `"test_names":{"type":"array","items":{"type":"string"}}`, "|Test name|Result|Unit|\n|-|-|-|\n|Na|140|x|\n|K|4|y|\n|Cl|5|y|\n", `{"test_names":["Na","K","Cl"]}`},
		{
			"sections that repeat", `"borrowers":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"income":{"type":"number"}}}}`,
			"## Borrower 1\nName: Ada\nIncome: $5,000\n## Borrower 2\nName: Ben\nIncome: $6,000\n", `{"borrowers":[{"income":5000,"name":"Ada"},{"income":6000,"name":"Ben"}]}`,
		},
		{
			"HTML table with spans", `"items":{"type":"array","items":{"type":"object","properties":{"group":{"type":"string"},"name":{"type":"string"}}}},"balance":{"type":"number"}`,
			`<table><tr><th>Group</th><th>Name</th></tr><tr><td rowspan="2">A</td><td>x&amp;y</td></tr><tr><td>z</td></tr><tr><td colspan="1">Balance due</td><td>5</td></tr></table>`,
			`{"balance":5,"items":[{"group":"A","name":"x&y"},{"group":"A","name":"z"}]}`,
		},
		{"table that never ends", `"a":{"type":"string"},"b":{"type":"string"}`, "<table><tr><td>A</td><td>1\n<a id='x'></a>\nB: 2", `{"a":"1","b":"2"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, object(tt.properties), tt.markdown)
			got, err := json.Marshal(r.Extraction)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != jsonOf(t, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if v := r.Violation(); v != "" {
				t.Errorf("violation: %s", v)
			}
		})
	}
}

// jsonOf brings JSON into the form of json.Marshal.
func jsonOf(t *testing.T, s string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReferences(t *testing.T) {
	r := run(t, object(`"vendor":{"type":"string"},"total":{"type":"number"},"none":{"type":"string"},"rows":{"type":"array","items":{"type":"object","properties":{"item":{"type":"string"},"price":{"type":"number"}}}}`),
		"<a id='c-1'></a>\n\nVendor: Alder\n\n<a id='c-2'></a>\n\n<table id=\"1-1\"><tr><td id=\"1-2\">Item</td><td id=\"1-3\">Price</td></tr>\n<tr><td id=\"1-4\">Oak</td><td id=\"1-5\">2.50</td></tr>\n<tr><td id=\"1-6\">Total</td><td id=\"1-7\">2.50</td></tr></table>")
	got, err := json.Marshal(r.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"none":{"references":[],"value":null},"rows":[{"item":{"references":["1-4"],"value":"Oak"},"price":{"references":["1-5"],"value":2.5}}],"total":{"references":["1-7"],"value":2.5},"vendor":{"references":["c-1"],"value":"Alder"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestViolationKeepsTheText(t *testing.T) {
	r := run(t, object(`"total":{"type":"number"},"kind":{"type":"string","enum":["a","b"]}`), "Total: see annex\nKind: c")
	if r.Extraction["total"] != "see annex" || r.Extraction["kind"] != "c" {
		t.Errorf("got %v", r.Extraction)
	}
	for _, want := range []string{"'see annex' is not of type 'number'", "'c' is not one of [\"a\",\"b\"]", `On instance["total"]`} {
		if !strings.Contains(r.Violation(), want) {
			t.Errorf("violation %q lacks %q", r.Violation(), want)
		}
	}
}

func TestNumbers(t *testing.T) {
	tests := map[string]string{
		"1,234.56": "1234.56", "1.234,56": "1234.56", "1 234,56": "1234.56", "1'234.50 CHF": "1234.5", "$ 12": "12",
		"(45.10)": "-45.1", "12-": "-12", "-3": "-3", "1.234.567": "1234567", "1,234": "1234", "12,5": "12.5", "45 %": "45",
		"USD100": "100", "about 7 days": "7", "0.05": "0.05", "€1.500,00": "1500",
	}
	for text, want := range tests {
		r := run(t, object(`"n":{"type":"number"}`), "N: "+text)
		got, err := json.Marshal(r.Extraction["n"])
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if r := run(t, object(`"n":{"type":"number"}`), "N: A4"); r.Violation() == "" {
		t.Errorf("A4 is a number: %v", r.Extraction)
	}
}

var update = flag.Bool("update", false, "write testdata/*/want.json")

// documents are the folders of testdata: a schema, a document and what is
// found.
func documents(t testing.TB) []string {
	t.Helper()
	found, err := filepath.Glob("testdata/*/document.md")
	if err != nil || len(found) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	for i := range found {
		found[i] = filepath.Dir(found[i])
	}
	return found
}

func read(t testing.TB, elements ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDocuments(t *testing.T) {
	for _, dir := range documents(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			r := run(t, string(read(t, dir, "schema.json")), string(read(t, dir, "document.md")))
			got, err := json.MarshalIndent(map[string]any{"extraction": r.Extraction, "violation": r.Violation()}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			if *update {
				if err := os.WriteFile(filepath.Join(dir, "want.json"), got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := read(t, dir, "want.json"); string(got) != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func FuzzRun(f *testing.F) {
	for _, dir := range documents(f) {
		f.Add(read(f, dir, "schema.json"), read(f, dir, "document.md"))
	}
	f.Fuzz(func(t *testing.T, schema, markdown []byte) {
		s, err := extract.ParseSchema(schema)
		if err != nil {
			t.Skip("no schema")
		}
		r := extract.Run(s, markdown)
		if _, err := json.Marshal([]any{r.Extraction, r.Metadata}); err != nil {
			t.Errorf("result is no JSON: %v", err)
		}
	})
}

func BenchmarkRun(b *testing.B) {
	s, err := extract.ParseSchema(read(b, "testdata/invoice/schema.json"))
	if err != nil {
		b.Fatal(err)
	}
	markdown := []byte(strings.Repeat(string(read(b, "testdata/invoice/document.md")), 200))
	b.SetBytes(int64(len(markdown)))
	for b.Loop() {
		extract.Run(s, markdown)
	}
}
