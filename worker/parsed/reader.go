package parsed

import (
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// maxMeta is the longest metadata that is read, in bytes: a list of 6,000 failed
// pages is a tenth of it.
const maxMeta = 256 << 10

// maxName is the longest name of a member that can be one of ours, decoded.
const maxName = 16

// Meta is what a parse result says of itself, without anything of the document.
type Meta struct {
	Pages       int     // in the document; 0 when not said
	FailedPages []int   // counted from 0; their text is missing
	Credits     float64 // what was billed
	DurationMS  float64
	Model       string // the exact version
	JobID       string // the provider's
}

// Reader yields the Markdown of a parse result. It is made by [NewReader].
type Reader struct {
	s    source
	n    nest
	at   stage
	err  error // what Read says from now on
	meta Meta
	seen struct{ markdown, metadata bool }
	// empty: the object ends before a first member.
	empty bool

	bytes int64
	ink   bool
	spare [utf8.UTFMax]byte // decoded and not yet asked for
	left  []byte
}

// stage is where in the outermost object a Reader stands.
type stage int

const (
	atStart  stage = iota
	atMember       // before a name
	atText         // within the markdown
	atAfter        // after a member's value
)

// NewReader reads a parse result from r.
func NewReader(r io.Reader) *Reader { return &Reader{s: source{r: r}} }

// Read gives the next of the text. [io.EOF] says that the whole input is one
// parse result. An *Invalid says that it is none, a *ReadError that it could not
// be read; what was read until then must not be used.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.left) == 0 && r.err == nil && len(p) < utf8.UTFMax {
		n, err := r.read(r.spare[:])
		r.left, r.err = r.spare[:n], err
	}
	if len(r.left) > 0 {
		n := copy(p, r.left)
		r.left = r.left[n:]
		return n, nil
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.read(p)
	r.err = err
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// read goes on until there is some text, or the end.
func (r *Reader) read(p []byte) (n int, err error) {
	for n == 0 && err == nil {
		switch r.at {
		case atStart:
			err = r.start()
		case atMember:
			err = r.member()
		case atText:
			n, err = r.markdown(p)
		case atAfter:
			err = r.next()
		}
	}
	return n, err
}

func (r *Reader) start() error {
	if err := r.s.want('{'); err != nil {
		return err
	}
	if err := r.n.push(true); err != nil {
		return err
	}
	c, err := r.s.peek()
	if err != nil {
		return err
	}
	r.at = atMember
	if c == '}' {
		r.at, r.empty = atAfter, true
	}
	return nil
}

// member takes a name and, unless it is the markdown's, its value.
func (r *Reader) member() error {
	name, err := r.name()
	if err != nil {
		return err
	}
	r.at = atAfter
	switch name {
	case "markdown":
		return r.begin()
	case "metadata":
		return r.metadata()
	}
	return r.s.skip(&r.n)
}

// name takes a member's name and its colon. One that is too long to be ours is
// cut.
func (r *Reader) name() (string, error) {
	if err := r.s.want('"'); err != nil {
		return "", err
	}
	var b [maxName + utf8.UTFMax]byte
	n, over, err := r.s.text(b[:])
	if err == nil && !over {
		err = r.s.skipText()
	}
	if err == nil {
		err = r.s.want(':')
	}
	return string(b[:n]), err
}

// begin stands at the markdown's value.
func (r *Reader) begin() error {
	if r.seen.markdown {
		return &Invalid{"it has two members markdown"}
	}
	r.seen.markdown = true
	c, err := r.s.peek()
	if err != nil {
		return err
	}
	if c != '"' {
		return &Invalid{"its markdown is no text"}
	}
	r.s.from++
	r.at = atText
	return nil
}

func (r *Reader) markdown(p []byte) (int, error) {
	n, over, err := r.s.text(p)
	if over {
		r.at = atAfter
	}
	r.bytes += int64(n)
	r.ink = r.ink || inked(p[:n])
	return n, err
}

// inked reports whether there is anything but space.
func inked(p []byte) bool {
	for _, c := range p {
		if c > ' ' {
			return true
		}
	}
	return false
}

// metadata reads the one value that is held whole, within a bound.
func (r *Reader) metadata() error {
	if r.seen.metadata {
		return &Invalid{"it has two members metadata"}
	}
	r.seen.metadata = true
	value, err := r.s.keeper(&r.n)
	if err != nil {
		return err
	}
	var m struct {
		Pages       float64   `json:"page_count"`
		FailedPages []float64 `json:"failed_pages"`
		Credits     float64   `json:"credit_usage"`
		DurationMS  float64   `json:"duration_ms"`
		Version     *string   `json:"version"`
		JobID       *string   `json:"job_id"`
	}
	// A member of another type is left out; the rest is taken.
	_ = json.Unmarshal(value, &m)
	r.meta = Meta{Pages: int(m.Pages), Credits: max(0, m.Credits), DurationMS: max(0, m.DurationMS)}
	for _, page := range m.FailedPages {
		r.meta.FailedPages = append(r.meta.FailedPages, int(page))
	}
	if m.Version != nil {
		r.meta.Model = *m.Version
	}
	if m.JobID != nil {
		r.meta.JobID = *m.JobID
	}
	return nil
}

// next takes what follows a member: a comma, or the end of all.
func (r *Reader) next() error {
	c, err := r.s.peek()
	if err != nil {
		return err
	}
	r.s.from++
	switch {
	case c == ',' && !r.empty:
		r.at = atMember
		return nil
	case c != '}':
		return &Invalid{"a comma or an end is missing"}
	}
	return r.end()
}

// end holds the whole to what it must be.
func (r *Reader) end() error {
	var e *ReadError
	_, err := r.s.peek()
	switch {
	case err == nil:
		return &Invalid{"something follows its end"}
	case errors.As(err, &e):
		return err
	case !r.seen.markdown:
		return &Invalid{"it has no markdown"}
	}
	return io.EOF
}

// Meta is what the result says of itself, once Read has said io.EOF.
func (r *Reader) Meta() Meta { return r.meta }

// Size is how much text there was so far, in bytes.
func (r *Reader) Size() int64 { return r.bytes }

// Blank reports whether the text so far is nothing but space.
func (r *Reader) Blank() bool { return !r.ink }

// Check reads a parse result to its end and says what it says of itself. size is
// of the text.
func Check(from io.Reader) (meta Meta, size int64, err error) {
	r := NewReader(from)
	_, err = io.Copy(io.Discard, struct{ io.Reader }{r})
	return r.Meta(), r.Size(), err
}
