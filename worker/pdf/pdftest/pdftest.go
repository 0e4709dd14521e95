// Package pdftest makes PDF files for tests: good ones, and each kind of bad
// one. The same call makes the same bytes.
package pdftest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Page is what one page shows, from top to bottom.
type Page struct {
	Lines []string
	// Table is drawn with rules around its cells, below the lines.
	Table [][]string
	// Unreadable makes the page's content one that no reader can follow; the
	// pages around it stay good.
	Unreadable bool
}

// Make makes a file of pages, A4, Helvetica. Without pages it is Empty.
func Make(t testing.TB, pages ...Page) []byte {
	t.Helper()
	return output(t, draw(pages))
}

// Text makes a file of one page.
func Text(t testing.TB, lines ...string) []byte {
	t.Helper()
	return Make(t, Page{Lines: lines})
}

// Many makes a file of n pages, each with its number, counted from 1.
func Many(t testing.TB, n int) []byte {
	t.Helper()
	pages := make([]Page, n)
	for i := range pages {
		pages[i].Lines = []string{fmt.Sprintf("Page: %d", i+1)}
	}
	return Make(t, pages...)
}

// Broken makes a file that begins as a PDF and has lost its end.
func Broken(t testing.TB) []byte {
	t.Helper()
	whole := Text(t, "This page is cut off.")
	return whole[:len(whole)*2/3]
}

// Empty makes a whole file with no page in it.
func Empty(t testing.TB) []byte {
	t.Helper()
	return Assemble("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>")
}

// Blank makes a whole file of n empty pages, in no time.
func Blank(n int) []byte {
	var kids strings.Builder
	pages := make([]string, n)
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", i+3)
		pages[i] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
	}
	tree := fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), n)
	return Assemble(append([]string{"<< /Type /Catalog /Pages 2 0 R >>", tree}, pages...)...)
}

// Assemble makes a file of objects as they are, numbered from 1, of which the
// first is the catalog. What they say may be any nonsense.
func Assemble(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	offsets := make([]int, 0, len(objects))
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, at)
	return b.Bytes()
}

func draw(pages []Page) *fpdf.Fpdf {
	f := fpdf.New("P", "pt", "A4", "")
	f.SetCatalogSort(true)
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.SetCreationDate(day)
	f.SetModificationDate(day)
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(56, 56, 56)
	translate := f.UnicodeTranslatorFromDescriptor("")
	for _, p := range pages {
		f.AddPage()
		f.SetFont("Helvetica", "", 12)
		for _, line := range p.Lines {
			f.CellFormat(0, 18, translate(line), "", 1, "L", false, 0, "")
		}
		drawTable(f, p.Table, translate)
		if p.Unreadable {
			f.RawWriteStr("1 Td\n")
		}
	}
	return f
}

func drawTable(f *fpdf.Fpdf, rows [][]string, translate func(string) string) {
	for _, row := range rows {
		width := 483.0 / float64(max(1, len(row)))
		for _, cell := range row {
			f.CellFormat(width, 20, translate(cell), "1", 0, "L", false, 0, "")
		}
		f.Ln(20)
	}
}

func output(t testing.TB, f *fpdf.Fpdf) []byte {
	t.Helper()
	if f.PageCount() == 0 {
		return Empty(t)
	}
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		t.Fatal("pdftest: ", strings.ReplaceAll(err.Error(), "\n", " "))
	}
	return b.Bytes()
}
