package pdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/pdf"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

func inspect(b []byte) (pages int, encrypted bool, err error) {
	return pdf.Inspect(bytes.NewReader(b), int64(len(b)))
}

func TestInspect(t *testing.T) {
	text := pdftest.Text(t, "Total: 12")
	catalog := "<< /Type /Catalog /Pages 2 0 R >>"
	aes256 := bytes.Replace(pdftest.Assemble(catalog, "<< /Type /Pages /Kids [] /Count 0 >>"), []byte("/Root 1 0 R"),
		[]byte("/Root 1 0 R /ID [(a)(a)] /Encrypt << /Filter /Standard /V 5 /R 6 /Length 256 /O (o) /U (u) /P -4 >>"), 1)
	for _, test := range []struct {
		name      string
		file      []byte
		pages     int
		encrypted bool
		err       error
	}{
		{"one page", text, 1, false, nil},
		{"many pages", pdftest.Many(t, 321), 321, false, nil},
		{"no pages", pdftest.Empty(t), 0, false, nil},
		{"encrypted", pdftest.Encrypted("open sesame", pdftest.Page{Lines: []string{"a"}}), 0, true, nil},
		{"encrypted, opens by itself", pdftest.Encrypted("", pdftest.Page{}, pdftest.Page{}), 2, false, nil},
		{"encrypted with AES-256", aes256, 0, false, pdf.ErrUndecided},
		{"unreadable page", pdftest.Make(t, pdftest.Page{Unreadable: true}, pdftest.Page{}), 2, false, nil},
		{"PDF 2.0", bytes.Replace(text, []byte("%PDF-1.3"), []byte("%PDF-2.0"), 1), 1, false, nil},
		{"something before", append([]byte("\xef\xbb\xbf\n"), text...), 1, false, nil},
		{"something after", append(slices.Clone(text), "\n\x00\x00 trailing words"...), 1, false, nil},
		{"cut off", pdftest.Broken(t), 0, false, pdf.ErrBroken},
		{"nothing", nil, 0, false, pdf.ErrBroken},
		{"words", []byte("# Invoice\nTotal: 12\n"), 0, false, pdf.ErrBroken},
		{"a header alone", []byte("%PDF-1.7\n%%EOF"), 0, false, pdf.ErrBroken},
		{"no pages at all", pdftest.Assemble("<< /Type /Catalog >>"), 0, false, pdf.ErrBroken},
		{"fewer than no pages", pdftest.Assemble(catalog, "<< /Type /Pages /Kids [] /Count -3 >>"), 0, false, pdf.ErrBroken},
		{"too many pages", pdftest.Assemble(catalog, "<< /Type /Pages /Kids [] /Count 99999999999 >>"), 0, false, pdf.ErrBroken},
		{"more objects than can be", bytes.Replace(text, []byte("/Size "), []byte("/Size 99999999999"), 1), 0, false, pdf.ErrBroken},
		{"a table of objects far away", bytes.Replace(text, []byte("xref\n0 "), []byte("xref\n4444444444 "), 1), 0, false, pdf.ErrBroken},
		{"an old table of objects far away", older(text), 0, false, pdf.ErrBroken},
		{"no start", bytes.Replace(text, []byte("startxref"), []byte("startxxxx"), 1), 0, false, pdf.ErrBroken},
	} {
		t.Run(test.name, func(t *testing.T) {
			pages, encrypted, err := inspect(test.file)
			if pages != test.pages || encrypted != test.encrypted || !errors.Is(err, test.err) {
				t.Errorf("got %d, %v, %v, want %d, %v, %v", pages, encrypted, err, test.pages, test.encrypted, test.err)
			}
		})
	}
}

// older adds a table of objects, which leads to one with absurd numbers.
func older(file []byte) []byte {
	at := bytes.LastIndex(file, []byte("xref\n0"))
	end := fmt.Sprintf("xref\n8888888888 1\n0000000000 65535 f \ntrailer<</Size 9>>\n%s", bytes.Replace(file[at:], []byte("/Root"), fmt.Appendf(nil, "/Prev %d /Root", at), 1))
	moved := at + strings.Index(end, "xref\n0")
	i := strings.LastIndex(end, "startxref\n")
	return append(slices.Clone(file[:at]), fmt.Sprintf("%sstartxref\n%d\n%%%%EOF\n", end[:i], moved)...)
}

// A table of objects that says it comes after itself would be read for ever.
func TestCirclesEnd(t *testing.T) {
	text := string(pdftest.Assemble("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"))
	at := strings.LastIndex(text, "xref\n0")
	circle := []byte(strings.Replace(text, "/Root 1 0 R", fmt.Sprintf("/Root 1 0 R /Prev %d", at), 1))
	if _, _, err := inspect(circle); !errors.Is(err, pdf.ErrBroken) {
		t.Errorf("got %v from a table in a circle", err)
	}
	d, err := pdf.Open(strings.NewReader(text), int64(len(text)), "")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err = range d.Pages() {
		n++
	}
	if !errors.Is(err, pdf.ErrBroken) || n != 1 {
		t.Errorf("got %v after %d pages from a tree that holds itself", err, n)
	}
}

// failing fails from the n-th read on.
type failing struct {
	io.ReaderAt
	left int
}

var errDisk = errors.New("the disk is gone")

func (f *failing) ReadAt(b []byte, at int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(b, at)
}

// What the file's store says is not taken for a broken file.
func TestErrorsOfTheSourceStay(t *testing.T) {
	file := pdftest.Many(t, 30)
	failed := 0
	for n := range 40 {
		_, _, err := pdf.Inspect(&failing{bytes.NewReader(file), n}, int64(len(file)))
		if err == nil {
			break
		}
		if failed++; !errors.Is(err, errDisk) {
			t.Errorf("after %d reads: got %v", n, err)
		}
	}
	if failed == 0 || failed == 40 {
		t.Errorf("%d of 40 failed", failed)
	}
}

// hole is a file with a gigabyte of nothing in it.
type hole struct {
	head, tail []byte
	read       int64
}

func (h *hole) ReadAt(b []byte, at int64) (int, error) {
	h.read += int64(len(b))
	clear(b)
	if at < int64(len(h.head)) {
		copy(b, h.head[at:])
	}
	if from := at - (1 << 30); from+int64(len(b)) > 0 {
		if from < 0 {
			copy(b[-from:], h.tail)
		} else {
			copy(b, h.tail[min(from, int64(len(h.tail))):])
		}
	}
	return len(b), nil
}

func TestAGigabyteIsNotRead(t *testing.T) {
	text := pdftest.Assemble("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 7 >>")
	at := bytes.LastIndex(text, []byte("xref\n0"))
	h := &hole{head: text[:at]}
	h.tail = []byte(strings.Replace(string(text[at:]), fmt.Sprintf("startxref\n%d", at), fmt.Sprintf("startxref\n%d", 1<<30), 1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pages, _, err := pdf.Inspect(h, 1<<30+int64(len(h.tail)))
	runtime.ReadMemStats(&after)
	if err != nil || pages != 7 {
		t.Fatalf("got %d, %v", pages, err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; h.read > 1<<20 || allocated > 1<<20 {
		t.Errorf("%d bytes were read and %d allocated", h.read, allocated)
	}
}

// counted counts reads: behind a ReaderAt there may be a bucket.
type counted struct {
	io.ReaderAt
	n int
}

func (c *counted) ReadAt(b []byte, at int64) (int, error) {
	c.n++
	return c.ReaderAt.ReadAt(b, at)
}

func TestFewReads(t *testing.T) {
	file := pdftest.Many(t, 3000)
	c := &counted{ReaderAt: bytes.NewReader(file)}
	pages, _, err := pdf.Inspect(c, int64(len(file)))
	if pages != 3000 || err != nil || c.n > 12 {
		t.Errorf("got %d pages, %v after %d reads of %d bytes", pages, err, c.n, len(file))
	}
}

func TestAFileShorterThanSaid(t *testing.T) {
	file := pdftest.Text(t, "a")
	if _, _, err := pdf.Inspect(bytes.NewReader(file), int64(len(file)+100)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func open(t *testing.T, file []byte, password string) *pdf.Document {
	t.Helper()
	d, err := pdf.Open(bytes.NewReader(file), int64(len(file)), password)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func pageText(glyphs []pdf.Glyph) string {
	var b strings.Builder
	for _, g := range glyphs {
		b.WriteString(g.Text)
	}
	return b.String()
}

func TestGlyphsStandWhereTheyAreDrawn(t *testing.T) {
	d := open(t, pdftest.Make(t, pdftest.Page{}, pdftest.Page{Lines: []string{"Total: 12", "Größe"}}), "")
	if d.Count != 2 {
		t.Fatalf("got %d pages", d.Count)
	}
	n := 0
	for p, err := range d.Pages() {
		if n++; err != nil {
			t.Fatal(err)
		}
		glyphs, err := p.Glyphs()
		if err != nil || n == 1 && len(glyphs) != 0 {
			t.Fatalf("page %d: %d characters, %v", n, len(glyphs), err)
		}
		if n == 1 {
			continue
		}
		if got := pageText(glyphs); got != "Total: 12Größe" {
			t.Errorf("got %q", got)
		}
		// A4, a margin of 56 points and 2.8 of the cell; 12 points in a line of 18.
		first, last := glyphs[0], glyphs[8]
		if math.Abs(p.Width-595.28) > 0.01 || math.Abs(first.Left-58.8) > 2 || first.Top < 56 || first.Bottom > 74 {
			t.Errorf("got %+v on a page of %v", first, p.Width)
		}
		// "Total: 12" is 46.69 points wide in Helvetica.
		if math.Abs(last.Right-first.Left-46.69) > 0.1 {
			t.Errorf("the line is %v points wide", last.Right-first.Left)
		}
	}
	if n != 2 {
		t.Errorf("walked over %d pages", n)
	}
}

func TestPasswords(t *testing.T) {
	file := pdftest.Encrypted("open sesame", pdftest.Page{Lines: []string{"secret"}})
	for _, wrong := range []string{"", "sesame"} {
		if _, err := pdf.Open(bytes.NewReader(file), int64(len(file)), wrong); !errors.Is(err, pdf.ErrPassword) {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
	for p, err := range open(t, file, "open sesame").Pages() {
		if err != nil {
			t.Fatal(err)
		}
		if glyphs, err := p.Glyphs(); err != nil || pageText(glyphs) != "secret" {
			t.Errorf("got %q, %v", pageText(glyphs), err)
		}
	}
}

func TestAnUnreadablePage(t *testing.T) {
	good := pdftest.Page{Lines: []string{"good"}}
	d := open(t, pdftest.Make(t, good, pdftest.Page{Lines: []string{"bad"}, Unreadable: true}, good), "")
	var got []string
	for p, err := range d.Pages() {
		if err != nil {
			t.Fatal(err)
		}
		glyphs, err := p.Glyphs()
		if err != nil && !errors.Is(err, pdf.ErrBroken) {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s,%v", pageText(glyphs), err == nil))
	}
	if !slices.Equal(got, []string{"good,true", ",false", "good,true"}) {
		t.Errorf("got %q", got)
	}
}

// FuzzInspect: nothing hangs or panics, and what opens can be walked over.
func FuzzInspect(f *testing.F) {
	for _, seed := range [][]byte{
		pdftest.Text(f, "Total: 12"), pdftest.Many(f, 3), pdftest.Empty(f), pdftest.Broken(f),
		pdftest.Encrypted("a", pdftest.Page{}), pdftest.Make(f, pdftest.Page{Unreadable: true}),
		pdftest.Make(f, pdftest.Page{Table: [][]string{{"a", "b"}}}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := pdf.Open(bytes.NewReader(file), int64(len(file)), "a")
		if err != nil {
			if !errors.Is(err, pdf.ErrBroken) && !errors.Is(err, pdf.ErrPassword) && !errors.Is(err, pdf.ErrUndecided) {
				t.Errorf("got %v", err)
			}
			return
		}
		for p, err := range d.Pages() {
			if err == nil {
				_, _ = p.Glyphs()
			}
		}
	})
}
