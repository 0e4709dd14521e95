package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// printable keeps a text from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && steers(r) {
			return '·'
		}
		return r
	}, s)
}

// inLine is printable for what must not begin a line of its own, nor be read the
// other way round, such as the name of an object.
func inLine(s string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '·'
		}
		return r
	}, s)
}

// steers says whether a character is a control character, of C0 or C1.
func steers(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// calmJSON writes JSON on so that it says the same and steers no terminal: DEL
// and the control characters of C1 may stand in its strings as they are, and go
// out as escapes. Those of C0 are escaped in any JSON.
type calmJSON struct {
	w    io.Writer
	held bool // the first byte of what may be a C1 character
}

// opensC1 begins U+0080 to U+00BF in UTF-8.
const opensC1 = 0xc2

// Write writes b, but for a last byte that the next call decides about.
func (c *calmJSON) Write(b []byte) (int, error) {
	out := make([]byte, 0, len(b)+8)
	for _, x := range b {
		if c.held && x >= 0x80 && x < 0xa0 {
			c.held, out = false, fmt.Appendf(out, `\u%04x`, x)
			continue
		}
		if c.held {
			out = append(out, opensC1)
		}
		c.held = x == opensC1
		switch {
		case x == 0x7f:
			out = append(out, `\u007f`...)
		case x == '\r': // between values, where any space says the same
			out = append(out, ' ')
		case !c.held:
			out = append(out, x)
		}
	}
	if _, err := c.w.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}
