package parse

import (
	"errors"
	"fmt"
	"strings"
)

// Input is a file and what is wanted of it.
type Input struct {
	Data      []byte
	MediaType string // as its sender says; decides between texts only
	Password  string
	SplitPage bool // a split for each page instead of the whole
	MaxPages  int  // 0: no limit
	// FailPages are pages of a PDF, counted from 0, that are not read.
	FailPages []int
}

// The reasons for which nothing can be made of a file.
var (
	ErrPassword = errors.New("parse: the document asks for a password")
	ErrDecrypt  = errors.New("parse: the document does not open with this password")
	ErrBroken   = errors.New("parse: the document cannot be read")
	ErrNoPages  = errors.New("parse: the document has no pages")
)

// PagesError says that a document has more pages than are taken.
type PagesError struct{ Limit int }

// Error gives one line.
func (e *PagesError) Error() string {
	return fmt.Sprintf("parse: the document has more than %d pages", e.Limit)
}

// FormatError says that a file is of no kind that is read.
type FormatError struct{ MediaType string }

// Error gives one line.
func (e *FormatError) Error() string { return "parse: " + e.MediaType + " is not read" }

// Result is what a file becomes.
type Result struct {
	Markdown  string               `json:"markdown"`
	Chunks    []Chunk              `json:"chunks"`
	Splits    []Split              `json:"splits"`
	Grounding map[string]Grounding `json:"grounding"`

	Pages       int   `json:"-"`
	FailedPages []int `json:"-"` // counted from 0
}

// Chunk is one part of a page.
type Chunk struct {
	Markdown string `json:"markdown"`
	Type     string `json:"type"`
	ID       string `json:"id"`
	Place    Place  `json:"grounding"`

	cells []cell
}

// Place is where something stands.
type Place struct {
	Box  Box `json:"box"`
	Page int `json:"page"` // counted from 0
}

// Box is a part of a page in shares of its width and height, from its top left.
type Box struct {
	Left   float64 `json:"left"`
	Top    float64 `json:"top"`
	Right  float64 `json:"right"`
	Bottom float64 `json:"bottom"`
}

// Split is a part of a document.
type Split struct {
	Class      string   `json:"class"`
	Identifier string   `json:"identifier"`
	Pages      []int    `json:"pages"`
	Markdown   string   `json:"markdown"`
	Chunks     []string `json:"chunks"`
}

// Grounding is where a chunk, a table or a cell of it stands.
type Grounding struct {
	Box      Box       `json:"box"`
	Page     int       `json:"page"`
	Type     string    `json:"type"`
	Position *Position `json:"position,omitempty"`
}

// Position is a cell's in its table, counted from 0.
type Position struct {
	Row     int    `json:"row"`
	Col     int    `json:"col"`
	Rowspan int    `json:"rowspan"`
	Colspan int    `json:"colspan"`
	ChunkID string `json:"chunk_id"`
}

// Pages says how many pages a file has, and whether it can be read at all as
// far as that shows without reading it. Errors are those of Run.
func Pages(in Input) (int, error) {
	kind := kindOf(in)
	if kind == aPDF {
		d, err := openPDF(in)
		if err != nil {
			return 0, err
		}
		return d.Count, nil
	}
	if kind == unknown {
		return 0, &FormatError{mediaType(in)}
	}
	return 1, nil
}

// Run reads a file. Errors are the Err variables, *PagesError and *FormatError.
// A page that cannot be read is in FailedPages; when all are, it is ErrBroken.
func Run(in Input) (Result, error) {
	var p parsed
	var err error
	switch kindOf(in) {
	case aPDF:
		p, err = readPDF(in)
	case aPicture:
		p, err = readPicture(in)
	case aText:
		p = readText(in)
	default:
		return Result{}, &FormatError{mediaType(in)}
	}
	if err != nil {
		return Result{}, err
	}
	if len(p.failed) > 0 && len(p.failed) == p.pages {
		return Result{}, ErrBroken
	}
	return p.result(in.SplitPage), nil
}

// parsed is a file as chunks in the order of its pages.
type parsed struct {
	chunks []Chunk
	pages  int
	failed []int
}

func (p parsed) result(byPage bool) Result {
	r := Result{Chunks: []Chunk{}, Grounding: map[string]Grounding{}, Pages: p.pages, FailedPages: p.failed}
	r.Chunks = append(r.Chunks, p.chunks...)
	r.Markdown = together(p.chunks)
	for _, c := range p.chunks {
		r.ground(c)
	}
	r.Splits = p.splits(byPage)
	return r
}

func together(chunks []Chunk) string {
	var b strings.Builder
	for i, c := range chunks {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(c.Markdown)
	}
	return b.String()
}

// ground notes where a chunk and its cells stand.
func (r *Result) ground(c Chunk) {
	name := "chunk" + strings.ToUpper(c.Type[:1]) + c.Type[1:]
	r.Grounding[c.ID] = Grounding{Box: c.Place.Box, Page: c.Place.Page, Type: name}
	for _, cell := range c.cells {
		g := Grounding{Box: cell.box, Page: c.Place.Page, Type: "table"}
		if !cell.whole {
			g.Type = "tableCell"
			g.Position = &Position{Row: cell.row, Col: cell.col, Rowspan: 1, Colspan: 1, ChunkID: c.ID}
		}
		r.Grounding[cell.id] = g
	}
}

func (p parsed) splits(byPage bool) []Split {
	pages := []int{}
	for i := range p.pages {
		pages = append(pages, i)
	}
	if !byPage {
		return []Split{split("full", "full", pages, p.chunks)}
	}
	splits, rest := []Split{}, p.chunks
	for i := range p.pages {
		n := 0
		for n < len(rest) && rest[n].Place.Page == i {
			n++
		}
		splits = append(splits, split("page", fmt.Sprintf("page_%d", i), []int{i}, rest[:n]))
		rest = rest[n:]
	}
	return splits
}

func split(class, identifier string, pages []int, chunks []Chunk) Split {
	s := Split{Class: class, Identifier: identifier, Pages: pages, Markdown: together(chunks), Chunks: []string{}}
	for _, c := range chunks {
		s.Chunks = append(s.Chunks, c.ID)
	}
	return s
}
