package filetype

import (
	"errors"
	"io"
	"slices"

	"github.com/gabriel-vasile/mimetype"

	"github.com/zdrworker/zdrworker/worker/pdf"
)

// Limits of a parse job (docs.landing.ai/ade/ade-rate-limits and
// ade-file-types, as read in November 2026).
const (
	MaxBytes = 1 << 30 // of any file
	MaxPages = 6000    // of a PDF
	MaxSheet = 50 << 20
)

// Problem is why a file would fail.
type Problem string

// The problems.
const (
	Fine      Problem = ""
	Empty     Problem = "empty"
	Mismatch  Problem = "mismatch" // its content is not what its suffix says
	TooLarge  Problem = "too_large"
	BigSheet  Problem = "large_sheet"    // a spreadsheet
	ManyPages Problem = "too_many_pages" // of a PDF
	Encrypted Problem = "encrypted"      // it asks for a password, and none is known
	Broken    Problem = "broken"         // it cannot be read
	NoPages   Problem = "no_pages"
)

// File is what is checked.
type File struct {
	Ext  string // in lower case, without the dot
	Head []byte // its first bytes; 4,096 are enough
	Size int64
	// Body reads the file where its head does not say enough. It is asked for a
	// PDF only.
	Body io.ReaderAt
	// Password: the provider is given one.
	Password bool
}

// Facts are what was found out.
type Facts struct{ Pages int } // 0: not counted

// Check says whether the provider could parse a file. An error is Body's: the
// file could not be read now.
func Check(f File) (Facts, Problem, error) {
	kind, known := Known(f.Ext)
	switch {
	case f.Size == 0:
		return Facts{}, Empty, nil
	case f.Size > MaxBytes:
		return Facts{}, TooLarge, nil
	case kind.Sheet && f.Size > MaxSheet:
		return Facts{}, BigSheet, nil
	case known && !kind.holds(f.Head):
		return Facts{}, Mismatch, nil
	case f.Ext == "pdf" && f.Body != nil:
		return checkPDF(f)
	}
	return Facts{}, Fine, nil
}

// holds reports whether the content is of the kind.
func (k Kind) holds(head []byte) bool {
	for m := mimetype.Detect(head); m != nil; m = m.Parent() {
		if m.Is(k.MIME) || slices.ContainsFunc(k.also, m.Is) {
			return true
		}
	}
	return false
}

func checkPDF(f File) (Facts, Problem, error) {
	pages, encrypted, err := pdf.Inspect(f.Body, f.Size)
	switch {
	case errors.Is(err, pdf.ErrUndecided):
		return Facts{}, Fine, nil
	case errors.Is(err, pdf.ErrBroken):
		return Facts{}, Broken, nil
	case err != nil:
		return Facts{}, Fine, err
	case encrypted && f.Password:
		return Facts{}, Fine, nil
	case encrypted:
		return Facts{}, Encrypted, nil
	case pages == 0:
		return Facts{}, NoPages, nil
	case pages > MaxPages:
		return Facts{Pages: pages}, ManyPages, nil
	}
	return Facts{Pages: pages}, Fine, nil
}
