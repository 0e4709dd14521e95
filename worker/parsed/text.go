package parsed

import (
	"unicode/utf16"
	"unicode/utf8"
)

// plain are the bytes of a string that stand for themselves in ASCII.
var plain = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// inside are the bytes that do not end a run: plain ones and all that is not
// ASCII.
var inside = func() (t [256]bool) {
	t = plain
	for c := utf8.RuneSelf; c < len(t); c++ {
		t[c] = true
	}
	return t
}()

// text gives the next piece of the string that the source stands in, decoded
// into p, which has room for a rune at least. over: the closing quote was taken.
func (s *source) text(p []byte) (n int, over bool, err error) {
	for len(p)-n >= utf8.UTFMax {
		if !s.fill(1) {
			return n, false, s.ended()
		}
		switch c := s.buf[s.from]; {
		case c == '"':
			s.from++
			return n, true, nil
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return n, false, err
			}
			n += utf8.EncodeRune(p[n:], r)
		case c < 0x20:
			return n, false, &Invalid{"a string has a control character"}
		default:
			n += s.run(p[n:])
		}
	}
	return n, false, nil
}

// run copies bytes that stand for themselves, and U+FFFD for what is no UTF-8.
func (s *source) run(p []byte) int {
	h := s.held()
	h = h[:min(len(h), len(p))]
	end := 0
	for end < len(h) && inside[h[end]] {
		end++
	}
	if end = whole(h[:end]); end > 0 && utf8.Valid(h[:end]) {
		s.from += end
		return copy(p, h[:end])
	}
	return s.runes(p)
}

// whole is the length without a character that the end cuts in two.
func whole(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return len(b) - i
			}
			break
		}
	}
	return len(b)
}

// runes copies one character after the other as long as p has room for any and
// the run goes on.
func (s *source) runes(p []byte) (n int) {
	for len(p)-n >= utf8.UTFMax && s.fill(1) && inside[s.buf[s.from]] {
		s.fill(utf8.UTFMax)
		r, size := utf8.DecodeRune(s.held())
		s.from += size
		n += utf8.EncodeRune(p[n:], r)
	}
	return n
}

// short are the escapes of one letter.
var short = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape takes one escape, or two that make one character.
func (s *source) escape() (rune, error) {
	s.from++ // the backslash
	c, err := s.next()
	if err != nil {
		return 0, err
	}
	if c != 'u' {
		if short[c] == 0 {
			return 0, &Invalid{"a string has an unknown escape"}
		}
		return rune(short[c]), nil
	}
	r, err := s.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if s.fill(6) {
		if low, ok := unicodeEscape(s.held()); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				s.from += 6
				return pair, nil
			}
		}
	}
	return utf8.RuneError, nil
}

// hex takes the four digits of an escape.
func (s *source) hex() (rune, error) {
	if !s.fill(4) {
		return 0, s.ended()
	}
	r, ok := digits(s.held())
	if !ok {
		return 0, &Invalid{"a string has a broken escape"}
	}
	s.from += 4
	return r, nil
}

// unicodeEscape reads \uXXXX, which the next escape must be whole for.
func unicodeEscape(b []byte) (rune, bool) {
	if b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	return digits(b[2:])
}

func digits(b []byte) (r rune, ok bool) {
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// skipText goes to the end of the string that the source stands in.
func (s *source) skipText() error {
	for {
		if !s.fill(1) {
			return s.ended()
		}
		h := s.held()
		i := 0
		for i < len(h) && inside[h[i]] {
			i++
		}
		if s.from += i; i == len(h) {
			continue
		}
		switch c := h[i]; c {
		case '"':
			s.from++
			return nil
		case '\\':
			if _, err := s.escape(); err != nil {
				return err
			}
		default:
			return &Invalid{"a string has a control character"}
		}
	}
}
