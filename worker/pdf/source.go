package pdf

import (
	"bytes"
	"errors"
	"io"
	"regexp"
)

const (
	// headerWithin is how far into a file its header may be, and tailWithin how
	// far from the end its last mark: readers have always been so lenient.
	headerWithin = 1024
	tailWithin   = 1024
)

// source serves a file to the library. It takes away what is around the file,
// shows a header that the library knows, and ends a walk in circles: whoever
// reads far more than there is reads the same again and again.
type source struct {
	r      io.ReaderAt
	start  int64 // of the header
	size   int64 // from the header to the last mark
	budget int64
	err    error // of r
}

var (
	header   = regexp.MustCompile(`%PDF-[12]\.\d`)
	lastMark = []byte("%%EOF")
)

func newSource(r io.ReaderAt, size int64) (*source, error) {
	s := &source{r: &blocks{r: r, size: size}, size: size}
	head, err := s.part(0, headerWithin)
	if err != nil {
		return nil, err
	}
	at := header.FindIndex(head)
	tail, err := s.part(size-tailWithin, tailWithin)
	if err != nil {
		return nil, err
	}
	end := bytes.LastIndex(tail, lastMark)
	if at == nil || end < 0 {
		return nil, ErrBroken
	}
	s.start = int64(at[0])
	s.size = size - int64(len(tail)-end-len(lastMark)) - s.start
	s.renew()
	return s, s.checkTables(tail[:end])
}

// renew lets the next step read: the library reads around each object, so that
// a page costs many times its own bytes.
func (s *source) renew() { s.budget = 32<<20 + 4*s.size }

// part reads n bytes at an offset, fewer at the ends of the file.
func (s *source) part(at int64, n int) ([]byte, error) {
	at = max(at, 0)
	b := make([]byte, n)
	got, err := s.r.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:got], nil
}

// known is a header that the library takes.
const known = "%PDF-1.7\n"

// ReadAt reads below the header.
func (s *source) ReadAt(b []byte, at int64) (int, error) {
	if s.budget -= int64(len(b)); s.budget < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := s.r.ReadAt(b, s.start+at)
	if at == 0 && n >= len(known) {
		copy(b, known)
	}
	if err != nil && !errors.Is(err, io.EOF) && s.err == nil {
		s.err = err
	}
	return n, err
}
