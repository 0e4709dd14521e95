package worker_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/filetype"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

// TestEachLimitIsNamed: what is refused before it is submitted says which limit
// it is over, or what is the matter with it, and what to do.
func TestEachLimitIsNamed(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	for _, tt := range []struct {
		name, ext string
		body      []byte
		size      int64 // 0: the body's
		code      worker.Code
		says, do  string
	}{
		{"a gigabyte", "png", []byte(png), 1 << 30, "", "", ""},
		{"a byte more", "png", []byte(png), 1<<30 + 1, worker.CodeTooLarge, "1 GiB", "split"},
		{"50 MiB of a spreadsheet", "csv", []byte("a,b\n"), 50 << 20, "", "", ""},
		{"a byte more", "csv", []byte("a,b\n"), 50<<20 + 1, worker.CodeTooLarge, "spreadsheets up to 50 MiB", "split"},
		{"6,000 pages", "pdf", pdftest.Blank(6000), 0, "", "", ""},
		{"a page more", "pdf", pdftest.Blank(6001), 0, worker.CodeTooLarge, "6,000 pages", "split"},
		{"no page", "pdf", pdftest.Empty(t), 0, worker.CodeNoPages, "no pages", ""},
		{"a password", "pdf", pdftest.Encrypted("lamplight", pdftest.Page{}), 0, worker.CodeEncrypted, "password", "parse.password"},
		{"damaged", "pdf", pdftest.Broken(t), 0, worker.CodeBroken, "damaged", "save it anew"},
		{"nothing", "pdf", nil, 0, worker.CodeEmpty, "empty", ""},
		{"another content", "jpg", []byte(png), 0, worker.CodeMismatch, "suffix", "give it the suffix that fits"},
	} {
		t.Run(tt.ext+" "+tt.name, func(t *testing.T) {
			if tt.size == 0 {
				tt.size = int64(len(tt.body))
			}
			_, err := worker.CheckFile(t.Context(), worker.File{Ext: tt.ext, Head: tt.body[:min(len(tt.body), 4096)], Size: tt.size, Body: bytes.NewReader(tt.body)})
			fault, refused := errors.AsType[*worker.Fault](err)
			switch {
			case tt.code == "" && err == nil:
			case !refused || fault.Code != tt.code:
				t.Fatalf("%v, want %q", err, tt.code)
			case !strings.Contains(fault.Hint, tt.says) || !strings.Contains(fault.Hint, tt.do):
				t.Errorf("%q says neither %q nor %q", fault.Hint, tt.says, tt.do)
			}
		})
	}
}

// TestEverySuffixIsKnown: what is staged under its suffix is what is looked into,
// and the other way round.
func TestEverySuffixIsKnown(t *testing.T) {
	for _, suffix := range worker.Suffixes() {
		if _, known := filetype.Known(strings.TrimPrefix(suffix, ".")); known == (suffix == worker.Markdown) {
			t.Errorf("%s: known %t", suffix, known)
		}
	}
	if all := worker.Suffixes(); len(all) != 24 || slices.Contains(all, ".bin") || slices.Contains(all, ".zip") {
		t.Errorf("%d suffixes: %v", len(all), all)
	}
}
