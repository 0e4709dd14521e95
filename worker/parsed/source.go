package parsed

import (
	"errors"
	"io"
)

// window is how much of the input is held, in bytes.
const window = 64 << 10

// source is the input with a window to look ahead in.
type source struct {
	r        io.Reader
	buf      [window]byte
	from, to int   // what is held and not yet taken
	err      error // why nothing follows what is held

	keeping bool   // what is taken from mark on is kept
	mark    int    // in the window
	kept    []byte // and left the window
}

// held is what is in the window.
func (s *source) held() []byte { return s.buf[s.from:s.to] }

// fill has at least n bytes in the window unless the input ends before.
func (s *source) fill(n int) bool {
	for s.to-s.from < n && s.err == nil {
		if s.from > 0 {
			s.keep()
			s.to = copy(s.buf[:], s.buf[s.from:s.to])
			s.from, s.mark = 0, 0
		}
		m, err := s.r.Read(s.buf[s.to:])
		s.to += max(m, 0)
		s.err = err
	}
	return s.to-s.from >= n
}

// keep puts aside what is taken and about to leave the window, within a bound.
func (s *source) keep() {
	if s.keeping && len(s.kept) <= maxMeta {
		s.kept = append(s.kept, s.buf[s.mark:s.from]...)
	}
	s.mark = s.from
}

// keeper skips one value and gives its bytes, which must be few.
func (s *source) keeper(n *nest) ([]byte, error) {
	s.keeping, s.mark, s.kept = true, s.from, nil
	err := s.skip(n)
	s.keep()
	b := s.kept
	s.keeping, s.kept = false, nil
	if err == nil && len(b) > maxMeta {
		err = &Invalid{"its metadata is too long"}
	}
	return b, err
}

// next takes one byte.
func (s *source) next() (byte, error) {
	if !s.fill(1) {
		return 0, s.ended()
	}
	c := s.buf[s.from]
	s.from++
	return c, nil
}

// peek looks at the next byte that is no space, and leaves it.
func (s *source) peek() (byte, error) {
	for {
		if !s.fill(1) {
			return 0, s.ended()
		}
		switch c := s.buf[s.from]; c {
		case ' ', '\t', '\r', '\n':
			s.from++
		default:
			return c, nil
		}
	}
}

// ended is why there is no byte: the input broke off, or could not be read.
func (s *source) ended() error {
	if errors.Is(s.err, io.EOF) {
		return &Invalid{"it ends too early"}
	}
	return &ReadError{s.err}
}

// Invalid: the input is no parse result. It quotes nothing of it.
type Invalid struct{ Reason string }

// Error gives one line that is safe to log.
func (e *Invalid) Error() string { return "not a parse result: " + e.Reason }

// ReadError: the input could not be read to its end. Nothing is known of it.
type ReadError struct{ cause error }

// Error gives one line that is safe to log: the cause may say names, so it is
// not in it.
func (*ReadError) Error() string { return "parse result could not be read" }

// Unwrap gives the cause.
func (e *ReadError) Unwrap() error { return e.cause }
