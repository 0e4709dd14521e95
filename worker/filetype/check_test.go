package filetype_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/zdrworker/zdrworker/worker/filetype"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

func file(ext string, b []byte) filetype.File {
	return filetype.File{Ext: ext, Head: b[:min(len(b), 4096)], Size: int64(len(b)), Body: bytes.NewReader(b)}
}

// sized is a file that says it is larger than it is.
func sized(ext string, b []byte, size int64) filetype.File {
	f := file(ext, b)
	f.Size = size
	return f
}

func TestCheck(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	good := pdftest.Text(t, "Invoice INV-7")
	locked := pdftest.Encrypted("lamplight", pdftest.Page{})
	withPassword := file("pdf", locked)
	withPassword.Password = true
	for name, c := range map[string]struct {
		in    filetype.File
		want  filetype.Problem
		pages int
	}{
		"a PDF":                                   {in: file("pdf", good), pages: 1},
		"a PDF of many pages":                     {in: file("pdf", pdftest.Many(t, 40)), pages: 40},
		"a PDF of too many":                       {in: file("pdf", pdftest.Blank(6001)), want: filetype.ManyPages, pages: 6001},
		"a PDF without pages":                     {in: file("pdf", pdftest.Empty(t)), want: filetype.NoPages},
		"a broken PDF":                            {in: file("pdf", pdftest.Broken(t)), want: filetype.Broken},
		"a PDF with a password":                   {in: file("pdf", locked), want: filetype.Encrypted},
		"a PDF whose password is known":           {in: withPassword},
		"a picture that says it is one":           {in: file("png", png)},
		"a picture that says it is PDF":           {in: file("pdf", png), want: filetype.Mismatch},
		"a PDF that says it is a JPEG":            {in: file("jpg", good), want: filetype.Mismatch},
		"nothing":                                 {in: file("pdf", nil), want: filetype.Empty},
		"a gigabyte and more":                     {in: sized("png", png, 1<<30+1), want: filetype.TooLarge},
		"a table in text":                         {in: file("csv", []byte("a,b\n1,2\n"))},
		"a large table":                           {in: sized("csv", []byte("a,b\n1,2\n"), 50<<20+1), want: filetype.BigSheet},
		"text":                                    {in: file("txt", []byte("Dear Madam"))},
		"HTML":                                    {in: file("html", []byte("<!doctype html><p>Dear Madam"))},
		"a program that says it is text":          {in: file("txt", []byte("\x7fELF\x02\x01\x01\x00\x00\x00")), want: filetype.Mismatch},
		"an archive that may be a file of Office": {in: file("docx", []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"))},
		"what no table knows":                     {in: file("bin", []byte("\x00\x01\x02"))},
	} {
		facts, got, err := filetype.Check(c.in)
		if err != nil || got != c.want || facts.Pages != c.pages {
			t.Errorf("%s: got %q, %d pages, %v; want %q, %d", name, got, facts.Pages, err, c.want, c.pages)
		}
	}
}

var errAway = errors.New("away")

type away struct{}

func (away) ReadAt([]byte, int64) (int, error) { return 0, errAway }

func TestCheckDoesNotBlameTheFile(t *testing.T) {
	f := file("pdf", pdftest.Text(t, "Invoice INV-7"))
	f.Body = away{}
	if _, got, err := filetype.Check(f); !errors.Is(err, errAway) {
		t.Errorf("a store that is away: %q, %v", got, err)
	}
}
