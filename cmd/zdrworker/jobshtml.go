package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // their sizes
	_ "image/jpeg"
	_ "image/png"
	"io"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/grounding"
	"github.com/zdrworker/zdrworker/worker/grounding/page"
	pdfpicture "github.com/zdrworker/zdrworker/worker/pdf/picture"
	"github.com/zdrworker/zdrworker/zdr"
)

// maxSheets is how many pages are drawn: a page of more would be slow to open.
// The others are shown empty, with their boxes.
const maxSheets = 60

// maxPicture is the largest picture that is put into a page, in bytes.
const maxPicture = 64 << 20

// html writes the result of a job as a page to look at, for the user alone.
func (a *app) html(ctx context.Context, w *opened, j worker.Job, file string) error {
	if !j.Sealed() || j.Result.IsZero() {
		return wrongState("the job has no result to show", "`zdrworker jobs explain` says what it waits for; a closed job is shown by its document: zdrworker jobs show s3://BUCKET/KEY --html FILE")
	}
	fields, said, err := placed(ctx, w, j)
	if err != nil {
		return err
	}
	var sheets map[int]page.Sheet
	if said == "" {
		sheets, said = a.sheets(ctx, w, j, fields)
	}
	var b bytes.Buffer
	if err := page.Write(&b, page.View{Document: j.Document, Facts: facts(j, said), Fields: fields, Sheets: sheets}); err != nil {
		return err
	}
	if err := writeWhole(file, &b); err != nil {
		return &failure{code: codeFile, text: "the page could not be written", cause: err}
	}
	if a.json {
		return a.line(map[string]any{"type": "page", "ref": j.Ref, "fields": len(fields), "pages": len(sheets), "parse_gone": said == parsedGone})
	}
	if said == parsedGone {
		if err := a.printf("%s\n", said); err != nil {
			return err
		}
	}
	return a.printf("%s, %s, for you alone; it has the document in it\n", count(len(fields), "field"), count(len(sheets), "page"))
}

// placed are the fields of a result, with their places where it was parsed. Where
// that is kept no longer, said tells that nobody knows their places any more.
func placed(ctx context.Context, w *opened, j worker.Job) (fields []grounding.Field, said string, err error) {
	result, err := w.Pipeline.OpenResult(ctx, j)
	if err != nil {
		return nil, "", err
	}
	defer result.Close()
	if j.Parse == nil {
		fields, err = grounding.Fields(result)
		return fields, "", err
	}
	parsed, err := w.Pipeline.OpenParsed(ctx, j)
	if f, ok := errors.AsType[*worker.Fault](err); ok && f.Code == worker.CodeParseGone {
		fields, err = grounding.Fields(result)
		return fields, parsedGone, err
	}
	if err != nil {
		return nil, "", err
	}
	defer parsed.Close()
	fields, err = grounding.Join(result, parsed)
	return fields, "", err
}

// parsedGone stands in a page without places.
const parsedGone = "the parse result was removed (keep.parsed, or the bucket's lifecycle), so where the fields stand is not known any more"

// facts are what stands above the fields.
func facts(j worker.Job, said string) []page.Fact {
	out := []page.Fact{
		{Name: "job", Value: j.Ref},
		{Name: "route", Value: fmt.Sprintf("%s revision %d", j.Route, j.Revision)},
		{Name: "status", Value: j.Status},
		{Name: "model", Value: j.Model},
	}
	if said != "" {
		out = append(out, page.Fact{Name: "pages", Value: said})
	}
	return slices.DeleteFunc(out, func(f page.Fact) bool { return f.Value == "" })
}

// sheets are the pictures of the pages that fields are on. A document that
// cannot be drawn costs the pictures, not the page; said tells why.
func (a *app) sheets(ctx context.Context, w *opened, j worker.Job, fields []grounding.Field) (sheets map[int]page.Sheet, said string) {
	on := pagesOf(fields)
	if len(on) == 0 {
		return nil, ""
	}
	r, size, err := w.Pipeline.OpenDocument(ctx, j)
	if err != nil {
		return nil, "not drawn: the document is gone or was overwritten since"
	}
	if len(on) > maxSheets {
		said = fmt.Sprintf("the first %d of %d are drawn", maxSheets, len(on))
		on = on[:maxSheets]
	}
	body := io.NewSectionReader(r, 0, size)
	if strings.HasSuffix(strings.ToLower(j.Document.Reveal()), ".pdf") {
		sheets, err = drawn(ctx, body, size, on)
	} else {
		sheets, err = pictured(body, size)
	}
	if err != nil {
		return nil, "not drawn: only PDFs without a password, PNG, JPEG and GIF are"
	}
	return sheets, said
}

// pagesOf are the pages that fields were found on, in their order.
func pagesOf(fields []grounding.Field) []int {
	var on []int
	for _, f := range fields {
		for _, p := range f.Places {
			on = append(on, p.Page)
		}
	}
	slices.Sort(on)
	return slices.Compact(on)
}

func drawn(ctx context.Context, r io.ReadSeeker, size int64, on []int) (map[int]page.Sheet, error) {
	d, err := pdfpicture.Open(ctx, r, size, "")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	sheets := map[int]page.Sheet{}
	for _, n := range on {
		if n >= d.Pages || ctx.Err() != nil {
			break
		}
		p, err := d.Draw(n)
		if err != nil {
			continue
		}
		sheets[n] = page.Sheet{Type: "image/png", Picture: p.PNG, Width: p.Width, Height: p.Height}
	}
	return sheets, context.Cause(ctx)
}

// pictured is a document that is one picture.
func pictured(r io.Reader, size int64) (map[int]page.Sheet, error) {
	if size > maxPicture {
		return nil, errors.New("the picture is too large")
	}
	b, err := io.ReadAll(io.LimitReader(r, maxPicture))
	if err != nil {
		return nil, err
	}
	is, format, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, errors.New("the picture is of no kind that a browser shows")
	}
	return map[int]page.Sheet{0: {Type: "image/" + format, Picture: zdr.NewDocument(b), Width: is.Width, Height: is.Height}}, nil
}
