// Package picture draws pages of a PDF, for people to look at.
//
// It runs PDFium, the reader of the Chromium browser, compiled to WebAssembly:
// a file that breaks it breaks a sandbox with no way to files or to the network.
// Starting it takes a few seconds, once for a [Drawer].
package picture

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/zdrworker/zdrworker/zdr"
)

// dpi is how finely pages are drawn: text of 8 points can be read.
const dpi = 110

// Picture is a page as a PNG.
type Picture struct {
	PNG           zdr.Document
	Width, Height int // pixels
}

// ErrUnreadable is for a file that PDFium does not open, or a page that it does
// not draw.
var ErrUnreadable = errors.New("picture: the PDF cannot be drawn")

// Drawer draws the pages of one PDF. It is not safe for concurrent use.
type Drawer struct {
	pool pdfium.Pool
	at   pdfium.Pdfium
	doc  references.FPDF_DOCUMENT
	// Pages is how many pages the document has.
	Pages int
}

// patience bounds the start of PDFium.
const patience = 2 * time.Minute

// Open starts PDFium and opens a PDF, with a password where it asks for one; ""
// is none. Close the Drawer. Errors: ErrUnreadable.
func Open(ctx context.Context, r io.ReadSeeker, size int64, password string) (*Drawer, error) {
	pool, err := webassembly.Init(webassembly.Config{
		MaxIdle: 1, MaxTotal: 1, Stdout: io.Discard, Stderr: io.Discard,
		FSConfig: wazero.NewFSConfig(), RuntimeConfig: compiled(), // no folder of this machine is in it
	})
	if err != nil {
		return nil, errors.New("picture: PDFium does not start")
	}
	d := &Drawer{pool: pool}
	if err := d.open(ctx, r, size, password); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// compiled keeps PDFium's machine code in the user's cache folder, where there is
// one, so that only the first start is slow. Nothing of a document is in it.
func compiled() wazero.RuntimeConfig {
	c := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling)
	dir, err := os.UserCacheDir()
	if err != nil {
		return c
	}
	cache, err := wazero.NewCompilationCacheWithDir(filepath.Join(dir, "zdrworker", "pdfium"))
	if err != nil {
		return c
	}
	return c.WithCompilationCache(cache)
}

// open says nothing of what PDFium says: it could quote the document.
func (d *Drawer) open(ctx context.Context, r io.ReadSeeker, size int64, password string) error {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	at, err := d.pool.GetInstanceWithContext(bounded)
	if err != nil {
		return errors.New("picture: PDFium does not start")
	}
	d.at = at
	ask := &requests.OpenDocument{FileReader: r, FileReaderSize: size}
	if password != "" {
		ask.Password = &password
	}
	opened, err := at.OpenDocument(ask)
	if err != nil {
		return ErrUnreadable
	}
	count, err := at.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
	if err != nil {
		return ErrUnreadable
	}
	d.doc, d.Pages = opened.Document, count.PageCount
	return nil
}

// Draw draws a page, counted from 0. Errors: ErrUnreadable.
func (d *Drawer) Draw(n int) (Picture, error) {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: d.doc, Index: n}}
	drawn, err := d.at.RenderPageInDPI(&requests.RenderPageInDPI{DPI: dpi, Page: page})
	if err != nil {
		return Picture{}, ErrUnreadable
	}
	defer drawn.Cleanup()
	var b bytes.Buffer
	if err := png.Encode(&b, drawn.Result.RenderedImage); err != nil {
		return Picture{}, ErrUnreadable
	}
	size := drawn.Result.RenderedImage.Bounds().Size()
	return Picture{PNG: zdr.NewDocument(b.Bytes()), Width: size.X, Height: size.Y}, nil
}

// Close ends PDFium and forgets the document.
func (d *Drawer) Close() error {
	if d.at != nil {
		_ = d.at.Close() // it holds nothing that outlives the pool
	}
	return d.pool.Close()
}
