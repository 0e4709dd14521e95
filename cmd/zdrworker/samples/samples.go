// Package samples holds documents to try the pipeline on, in the shape that
// the provider's Parse gives Markdown: an anchor before every chunk, tables as
// HTML whose cells have ids, figures and signatures between <:: and ::>. Each
// comes with an extraction schema of which the provider honours every keyword.
//
// All persons, firms, places and numbers in them are invented.
package samples

import "embed"

//go:embed *.md *.json *.pdf
var files embed.FS

// Sample is one document and what to extract from it.
type Sample struct {
	Name       string // file name of the document, e.g. invoice.md
	SchemaName string // file name of its schema, e.g. invoice.json
	Title      string // what it is, for a person
	Markdown   []byte
	PDF        []byte // instead of Markdown, of one that has to be parsed
	Schema     []byte // JSON Schema, as it is written in the file
	// Want has some of the values that are in the document, by JSON pointer
	// into the extraction: strings, float64 and bool, as encoding/json decodes
	// them.
	Want map[string]any
}

// Body is the document as it lies in a bucket.
func (s Sample) Body() []byte {
	if s.PDF != nil {
		return s.PDF
	}
	return s.Markdown
}

// LongPages is how many pages the long document of All has.
const LongPages = 200

// All gives the samples in a fixed order, the long one last. The caller may
// change what it gets.
func All() []Sample {
	return append(stored(), Contract(LongPages))
}

func stored() []Sample {
	return []Sample{
		read("invoice", "an invoice", map[string]any{
			"/invoice_number":           "INV-2026-0417",
			"/invoice_date":             "2026-03-14",
			"/currency":                 "EUR",
			"/supplier/name":            "Thistledown Paper & Twine Ltd",
			"/customer/name":            "Quillfeather Observatory Trust",
			"/line_items/0/item_code":   "TW-200",
			"/line_items/5/quantity":    2.5,
			"/line_items/2/description": "Star chart paper A1, 200 g, pack of 50",
			"/total_due":                1044.18,
			"/paid":                     false,
		}),
		read("laboratory-report", "a laboratory report", map[string]any{
			"/report_number":             "LR-77-031906",
			"/report_status":             "Final",
			"/patient/name":              "Ottoline Fernsby-Quill",
			"/patient/date_of_birth":     "1979-11-30",
			"/specimen/number":           "SP-26-118204",
			"/specimen/fasting":          true,
			"/results/0/test":            "Haemoglobin",
			"/results/6/result":          3.3,
			"/results/6/flag":            "L",
			"/results/9/reference_range": "0.40 - 4.00",
			"/validated_by":              "Dr Philippa Marshwiggin",
		}),
		read("loan-application", "a loan application", map[string]any{
			"/application_number":               "LA-2026-55013",
			"/loan/amount_requested":            48500.0,
			"/loan/term_months":                 84.0,
			"/loan/interest_type":               "Fixed",
			"/applicants/0/full_name":           "Cornelius Pumblewick",
			"/applicants/1/gross_annual_income": 39250.0,
			"/assets_and_debts/2/balance":       141900.0,
			"/documents_enclosed/3":             "Copy of the land register",
			"/number_of_dependants":             2.0,
			"/previously_bankrupt":              false,
			"/credit_check_consent":             true,
		}),
	}
}

// read takes a document and its schema from the files in the program. They are
// there or the program does not build.
func read(base, title string, want map[string]any) Sample {
	s := Sample{Name: base + ".md", SchemaName: base + ".json", Title: title, Want: want}
	s.Markdown = file(s.Name)
	s.Schema = file(s.SchemaName)
	return s
}

func file(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic("samples: " + err.Error())
	}
	return b
}
