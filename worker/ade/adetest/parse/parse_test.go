package parse_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/ade/adetest/extract"
	"github.com/zdrworker/zdrworker/worker/ade/adetest/parse"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

func run(t *testing.T, in parse.Input) parse.Result {
	t.Helper()
	r, err := parse.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	checkWhole(t, r)
	return r
}

// checkWhole holds what is true of every result.
func checkWhole(t *testing.T, r parse.Result) {
	t.Helper()
	ids, n := map[string]bool{}, 0
	for _, c := range r.Chunks {
		if ids[c.ID] || !strings.Contains(r.Markdown, c.Markdown) || !strings.Contains(c.Markdown, "<a id='"+c.ID+"'></a>") {
			t.Errorf("chunk %s is doubled or not in the Markdown", c.ID)
		}
		if g := r.Grounding[c.ID]; g.Box != c.Place.Box || g.Page != c.Place.Page {
			t.Errorf("chunk %s stands in two places", c.ID)
		}
		ids[c.ID] = true
	}
	for id, g := range r.Grounding {
		b := g.Box
		if b.Left < 0 || b.Top < 0 || b.Right > 1 || b.Bottom > 1 || b.Left >= b.Right || b.Top >= b.Bottom || g.Page < 0 || g.Page >= r.Pages {
			t.Errorf("%s stands at %+v of page %d", id, b, g.Page)
		}
		if !ids[id] && !strings.Contains(r.Markdown, `id="`+id+`"`) {
			t.Errorf("%s is not in the Markdown", id)
		}
	}
	for _, s := range r.Splits {
		n += len(s.Chunks)
	}
	if n != len(r.Chunks) {
		t.Errorf("the splits have %d chunks of %d", n, len(r.Chunks))
	}
}

func invoice(t *testing.T) []byte {
	return pdftest.Make(t, pdftest.Page{
		Lines: []string{"Invoice No: INV-7", "Total: 12.50"},
		Table: [][]string{{"Item", "Quantity", "Price"}, {"Oak & Ash", "2", "2.50"}, {"Elm", "", "7.50"}},
	}, pdftest.Page{Lines: []string{"Thank you."}})
}

func TestInvoice(t *testing.T) {
	r := run(t, parse.Input{Data: invoice(t)})
	const want = `<a id='A'></a>

Invoice No: INV-7
Total: 12.50

<a id='B'></a>

<table id="0-1">
<tr><td id="0-2">Item</td><td id="0-3">Quantity</td><td id="0-4">Price</td></tr>
<tr><td id="0-5">Oak &amp; Ash</td><td id="0-6">2</td><td id="0-7">2.50</td></tr>
<tr><td id="0-8">Elm</td><td id="0-9">` + `</td><td id="0-a">7.50</td></tr>
</table>

<a id='C'></a>

Thank you.`
	got := r.Markdown
	for i, c := range r.Chunks {
		got = strings.ReplaceAll(got, c.ID, string(rune('A'+i)))
	}
	if got != want || r.Pages != 2 || r.FailedPages != nil {
		t.Errorf("got %d pages, %v failed:\n%s\nwant\n%s", r.Pages, r.FailedPages, got, want)
	}
	kinds := []string{}
	for _, c := range r.Chunks {
		kinds = append(kinds, c.Type)
	}
	if !slices.Equal(kinds, []string{"text", "table", "text"}) || r.Chunks[2].Place.Page != 1 {
		t.Errorf("got %v", kinds)
	}
	cell := r.Grounding["0-a"]
	if cell.Type != "tableCell" || *cell.Position != (parse.Position{Row: 2, Col: 2, Rowspan: 1, Colspan: 1, ChunkID: r.Chunks[1].ID}) {
		t.Errorf("got %+v %+v", cell, cell.Position)
	}
	if p := r.Grounding["0-7"].Position; p.Row != 1 || p.Col != 2 {
		t.Errorf("got %+v", p)
	}
	if r.Grounding["0-1"].Type != "table" || r.Grounding[r.Chunks[1].ID].Type != "chunkTable" {
		t.Errorf("got %+v", r.Grounding["0-1"])
	}
}

// The boxes are where pdftest draws: A4, a margin of 56 points, lines of 18
// points, rows of 20 and columns of 161.
func TestBoxesAreReal(t *testing.T) {
	r := run(t, parse.Input{Data: invoice(t)})
	near := func(got, points, of float64) bool { return math.Abs(got*of-points) < 4 }
	text, price := r.Chunks[0].Place.Box, r.Grounding["0-7"].Box
	if !near(text.Left, 58.8, 595.28) || !near(text.Top, 59, 841.89) || !near(text.Bottom, 90, 841.89) || !near(text.Right, 58.8+93, 595.28) {
		t.Errorf("the text stands at %+v", text)
	}
	if !near(price.Left, 58.8+322, 595.28) || !near(price.Top, 116, 841.89) || !near(price.Bottom, 128, 841.89) {
		t.Errorf("the price stands at %+v", price)
	}
}

func TestSameFileSameBytes(t *testing.T) {
	var got [2][]byte
	for i := range got {
		b, err := json.Marshal(run(t, parse.Input{Data: invoice(t)}))
		if err != nil {
			t.Fatal(err)
		}
		got[i] = b
	}
	if !bytes.Equal(got[0], got[1]) {
		t.Error("the same file gives other bytes")
	}
	other := run(t, parse.Input{Data: pdftest.Text(t, "Invoice No: INV-8")})
	if strings.Contains(string(got[0]), other.Chunks[0].ID) {
		t.Error("another file has the same ids")
	}
}

// What is extracted refers to chunks and cells of the parse result.
func TestReferencesLeadToPlaces(t *testing.T) {
	r := run(t, parse.Input{Data: invoice(t)})
	s, err := extract.ParseSchema([]byte(`{"type":"object","properties":{"invoice_number":{"type":"string"},"total":{"type":"number"},
		"items":{"type":"array","items":{"type":"object","properties":{"item":{"type":"string"},"price":{"type":"number"}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	found := extract.Run(s, []byte(r.Markdown))
	if found.Extraction["invoice_number"] != "INV-7" || fmt.Sprint(found.Extraction["total"]) != "12.5" {
		t.Errorf("got %v", found.Extraction)
	}
	references := 0
	visit(found.Metadata, func(id string) {
		if references++; r.Grounding[id].Type == "" {
			t.Errorf("%s is nowhere", id)
		}
	})
	if references != 6 {
		t.Errorf("got %d references: %v", references, found.Metadata)
	}
	total := found.Metadata["total"].(map[string]any)["references"].([]string)
	if !slices.Equal(total, []string{r.Chunks[0].ID}) {
		t.Errorf("the total refers to %v", total)
	}
}

func visit(v any, see func(id string)) {
	switch v := v.(type) {
	case map[string]any:
		if refs, ok := v["references"].([]string); ok {
			for _, id := range refs {
				see(id)
			}
			return
		}
		for _, inner := range v {
			visit(inner, see)
		}
	case []any:
		for _, inner := range v {
			visit(inner, see)
		}
	}
}

func TestSplitByPages(t *testing.T) {
	in := parse.Input{Data: invoice(t), SplitPage: true}
	r := run(t, in)
	if len(r.Splits) != 2 || r.Splits[0].Class != "page" || r.Splits[0].Identifier != "page_0" || len(r.Splits[0].Chunks) != 2 ||
		!slices.Equal(r.Splits[1].Pages, []int{1}) || !strings.HasSuffix(r.Splits[1].Markdown, "Thank you.") {
		t.Errorf("got %+v", r.Splits)
	}
	in.SplitPage = false
	r = run(t, in)
	if len(r.Splits) != 1 || r.Splits[0].Class != "full" || r.Splits[0].Identifier != "full" || !slices.Equal(r.Splits[0].Pages, []int{0, 1}) || r.Splits[0].Markdown != r.Markdown {
		t.Errorf("got %+v", r.Splits)
	}
}

func TestPagesThatCannotBeRead(t *testing.T) {
	bad := pdftest.Page{Lines: []string{"bad"}, Unreadable: true}
	r := run(t, parse.Input{Data: pdftest.Make(t, bad, pdftest.Page{Lines: []string{"good"}}, bad)})
	if !slices.Equal(r.FailedPages, []int{0, 2}) || r.Pages != 3 || len(r.Chunks) != 1 || r.Chunks[0].Place.Page != 1 {
		t.Errorf("got %v of %d pages, %+v", r.FailedPages, r.Pages, r.Chunks)
	}
	if _, err := parse.Run(parse.Input{Data: pdftest.Make(t, bad, bad)}); !errors.Is(err, parse.ErrBroken) {
		t.Errorf("got %v where all pages are bad", err)
	}
}

func TestAPageWithoutText(t *testing.T) {
	r := run(t, parse.Input{Data: pdftest.Make(t, pdftest.Page{})})
	if len(r.Chunks) != 1 || r.Chunks[0].Type != "figure" || !strings.Contains(r.Chunks[0].Markdown, "No OCR was done") {
		t.Errorf("got %+v", r.Chunks)
	}
}

func TestPicture(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	r := run(t, parse.Input{Data: b.Bytes()})
	if len(r.Chunks) != 1 || r.Chunks[0].Type != "figure" || !strings.Contains(r.Markdown, "PNG, 40 by 30 pixels") || r.Pages != 1 {
		t.Errorf("got %+v", r)
	}
	if _, err := parse.Run(parse.Input{Data: b.Bytes()[:20]}); !errors.Is(err, parse.ErrBroken) {
		t.Errorf("got %v of half a picture", err)
	}
}

func TestTextStaysAsItIs(t *testing.T) {
	const text = "# Invoice\n\nTotal: 12\nDue: today\n\n<table>\n<tr><td>a</td>\n\n<td>b</td></tr>\n</table>\n\n<a id='c-9'></a>\n\nThe end."
	for _, kind := range []string{"text/markdown; charset=utf-8", "text/plain", "text/html", ""} {
		r := run(t, parse.Input{Data: []byte(text), MediaType: kind})
		if len(r.Chunks) != 4 || r.Chunks[2].Type != "table" || r.Chunks[3].ID != "c-9" {
			t.Fatalf("%s: got %d chunks: %+v", kind, len(r.Chunks), r.Chunks)
		}
		bare := r.Markdown
		for _, c := range r.Chunks[:3] {
			bare = strings.Replace(bare, "<a id='"+c.ID+"'></a>\n\n", "", 1)
		}
		if bare != text {
			t.Errorf("%s: got\n%s", kind, bare)
		}
	}
}

func TestRefusals(t *testing.T) {
	secret := pdftest.Encrypted("open sesame", pdftest.Page{Lines: []string{"secret"}})
	for _, test := range []struct {
		name string
		in   parse.Input
		err  error
	}{
		{"encrypted", parse.Input{Data: secret}, parse.ErrPassword},
		{"wrong password", parse.Input{Data: secret, Password: "sesame"}, parse.ErrDecrypt},
		{"broken", parse.Input{Data: pdftest.Broken(t)}, parse.ErrBroken},
		{"no pages", parse.Input{Data: pdftest.Empty(t)}, parse.ErrNoPages},
	} {
		_, err := parse.Run(test.in)
		_, early := parse.Pages(test.in)
		if !errors.Is(err, test.err) || !errors.Is(early, test.err) {
			t.Errorf("%s: got %v, and %v before", test.name, err, early)
		}
	}
	_, err := parse.Run(parse.Input{Data: pdftest.Many(t, 4), MaxPages: 3})
	if e, ok := errors.AsType[*parse.PagesError](err); !ok || e.Limit != 3 {
		t.Errorf("too many pages: got %v", err)
	}
	_, err = parse.Run(parse.Input{Data: []byte("PK\x03\x04 an archive"), MediaType: "application/zip"})
	if e, ok := errors.AsType[*parse.FormatError](err); !ok || e.MediaType != "application/zip" {
		t.Errorf("an archive: got %v", err)
	}
	if _, err = parse.Run(parse.Input{Data: []byte("\xff\xfe\x00"), MediaType: "text/plain"}); err == nil {
		t.Error("what is no text is taken for one")
	}
	r := run(t, parse.Input{Data: secret, Password: "open sesame"})
	if !strings.HasSuffix(r.Markdown, "secret") {
		t.Errorf("got %s", r.Markdown)
	}
}

func TestManyPages(t *testing.T) {
	r := run(t, parse.Input{Data: pdftest.Many(t, 1500)})
	if r.Pages != 1500 || len(r.Chunks) != 1500 || len(r.FailedPages) != 0 || !strings.HasSuffix(r.Markdown, "Page: 1500") {
		t.Errorf("got %d pages, %d chunks, %d failed", r.Pages, len(r.Chunks), len(r.FailedPages))
	}
	if n, err := parse.Pages(parse.Input{Data: pdftest.Many(t, 70)}); n != 70 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

// FuzzRun: whatever comes, it ends, and what it gives holds together.
func FuzzRun(f *testing.F) {
	for _, seed := range [][]byte{
		pdftest.Text(f, "Total: 12.50"), pdftest.Empty(f), pdftest.Broken(f),
		pdftest.Make(f, pdftest.Page{Table: [][]string{{"a", "b"}, {"c", "d"}}}, pdftest.Page{Unreadable: true}),
		pdftest.Encrypted("a", pdftest.Page{Lines: []string{"secret"}}),
		[]byte("# Invoice\n\nTotal: 12\n"), []byte("<table><tr><td>a</td></tr></table>"), []byte("\x89PNG\r\n\x1a\n"),
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, split bool) {
		r, err := parse.Run(parse.Input{Data: data, Password: "a", SplitPage: split, MaxPages: 50})
		if err != nil {
			return
		}
		n := 0
		for _, s := range r.Splits {
			n += len(s.Chunks)
		}
		if n != len(r.Chunks) || len(r.Grounding) < 1 && n > 0 {
			t.Errorf("the splits have %d chunks of %d, %d of which stand somewhere", n, len(r.Chunks), len(r.Grounding))
		}
		if b, err := json.Marshal(r); err != nil || !json.Valid(b) {
			t.Errorf("no JSON: %v", err)
		}
	})
}
