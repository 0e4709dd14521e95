package parse

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // the two formats of pictures that are looked at
	_ "image/png"
	"regexp"
	"strings"
)

// readPicture makes a figure of a picture, which says how large it is.
func readPicture(in Input) (parsed, error) {
	c, format, err := image.DecodeConfig(bytes.NewReader(in.Data))
	if err != nil {
		return parsed{}, ErrBroken
	}
	l := layout{sum: digestOf(in.Data)}
	l.figure(fmt.Sprintf("A picture, %s, %d by %d pixels. No OCR was done.", strings.ToUpper(format), c.Width, c.Height))
	return parsed{chunks: l.chunks, pages: 1}, nil
}

// given is an anchor that a text brings along. It stays the id of its part.
var given = regexp.MustCompile(`^<a id=['"]([^'"]+)['"]\s*></a>\s*`)

// readText cuts a text at its blank lines, except within tables.
func readText(in Input) parsed {
	l := layout{sum: digestOf(in.Data), width: 1}
	all := strings.Split(strings.ReplaceAll(string(in.Data), "\r\n", "\n"), "\n")
	l.height = float64(len(all))
	for at := 0; at < len(all); {
		n := part(all[at:])
		if text := strings.Trim(strings.Join(all[at:at+n], "\n"), "\n"); strings.TrimSpace(text) != "" {
			l.text(text, rectangle{0, float64(at), 1, float64(at + n)})
		}
		at += n
	}
	return parsed{chunks: l.chunks, pages: 1}
}

// part counts the lines up to and with the next blank one. An anchor alone
// takes what follows with it, and a table is not cut.
func part(lines []string) int {
	open, begun := 0, false
	for i, line := range lines {
		lower := strings.ToLower(line)
		open += strings.Count(lower, "<table") - strings.Count(lower, "</table")
		rest := strings.TrimSpace(line)
		if rest == "" && begun && open <= 0 {
			return i + 1
		}
		begun = begun || given.ReplaceAllString(rest, "") != ""
	}
	return len(lines)
}

func (l *layout) text(text string, r rectangle) {
	kind := "text"
	if strings.HasPrefix(text, "|") || strings.Contains(strings.ToLower(text), "<table") {
		kind = "table"
	}
	l.add(kind, text, l.box(r), nil)
	c := &l.chunks[len(l.chunks)-1]
	if m := given.FindStringSubmatch(text); m != nil {
		c.ID, c.Markdown = m[1], text
	}
}
