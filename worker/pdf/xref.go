package pdf

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
)

const (
	// maxObjects is the largest number of objects that PDF allows.
	maxObjects = 8_388_607
	// maxSections bounds how often a file can have been added to.
	maxSections = 4096
	// dictionary is how much is read of what stands at the head of a section.
	dictionary = 8 << 10
)

var (
	startMark = []byte("startxref")
	// claims are the numbers of a section by which the library makes room.
	claims = regexp.MustCompile(`/(Size|Index|W|Columns)\s*\[?([\d\s]+)`)
	prev   = regexp.MustCompile(`/Prev\s+(\d+)`)
	// disguised is a name with an escape in it, which nobody needs here.
	disguised = regexp.MustCompile(`/[A-Za-z]*#[0-9A-Fa-f]{2}`)
)

// checkTables looks at the tables of objects before the library does: it makes
// room for as many objects as they claim, and runs out of memory where they
// claim too many.
func (s *source) checkTables(tail []byte) error {
	i := bytes.LastIndex(tail, startMark)
	if i < 0 {
		return ErrBroken
	}
	fields := bytes.Fields(tail[i+len(startMark):])
	if len(fields) == 0 {
		return ErrBroken
	}
	seen := map[int64]bool{}
	for next := string(fields[0]); next != ""; {
		at, err := strconv.ParseInt(next, 10, 64)
		if err != nil || at >= s.size || seen[at] || len(seen) == maxSections {
			return ErrBroken
		}
		seen[at] = true
		if next, err = s.checkSection(at); err != nil {
			return err
		}
	}
	return nil
}

// checkSection checks one table and gives the place of the one before it.
func (s *source) checkSection(at int64) (next string, err error) {
	head, err := s.part(s.start+at, dictionary)
	if err != nil {
		return "", err
	}
	if bytes.HasPrefix(bytes.TrimLeft(head, " \r\n\t"), []byte("xref")) {
		if at, err = s.skipTable(at); err != nil {
			return "", err
		}
		if head, err = s.part(s.start+at, dictionary); err != nil {
			return "", err
		}
	}
	if end := bytes.Index(head, []byte("stream")); end >= 0 {
		head = head[:end]
	}
	return checkClaims(head)
}

func checkClaims(head []byte) (next string, err error) {
	if disguised.Match(head) {
		return "", ErrBroken
	}
	for _, m := range claims.FindAllSubmatch(head, -1) {
		for _, f := range bytes.Fields(m[2]) {
			if n, err := strconv.Atoi(string(f)); err != nil || n > maxObjects {
				return "", ErrBroken
			}
		}
	}
	if m := prev.FindSubmatch(head); m != nil {
		next = string(m[1])
	}
	return next, nil
}

// skipTable reads a table in plain text up to its trailer.
func (s *source) skipTable(at int64) (trailer int64, err error) {
	in := &words{r: bufio.NewReader(io.NewSectionReader(s.r, s.start+at, s.size-at))}
	if in.next() != "xref" {
		return 0, in.broken()
	}
	for {
		word := in.next()
		if word == "trailer" {
			return at + in.read, nil
		}
		first, n := in.number(word), in.number(in.next())
		if in.err != nil || first+n > maxObjects+1 {
			return 0, in.broken()
		}
		for range 3 * n {
			if in.next(); in.err != nil {
				return 0, in.broken()
			}
		}
	}
}

// words splits at white space and at nothing else.
type words struct {
	r    *bufio.Reader
	read int64
	err  error
}

func (w *words) next() string {
	var word []byte
	for w.err == nil && len(word) < 32 {
		var c byte
		if c, w.err = w.r.ReadByte(); w.err != nil {
			break
		}
		w.read++
		switch c {
		case ' ', '\r', '\n', '\t', '\f', 0:
			if len(word) > 0 {
				return string(word)
			}
		case '<', '(', '[', '/', '%':
			// The dictionary may follow its word at once.
			w.err = w.r.UnreadByte()
			w.read--
			if string(word) != "trailer" {
				w.err = ErrBroken
			}
			return string(word)
		default:
			word = append(word, c)
		}
	}
	return string(word)
}

func (w *words) number(word string) int {
	n, err := strconv.Atoi(word)
	if w.err == nil && (err != nil || n < 0 || n > maxObjects) {
		w.err = ErrBroken
	}
	return n
}

// broken keeps an error of the file's store.
func (w *words) broken() error {
	if w.err == nil || errors.Is(w.err, io.EOF) {
		return ErrBroken
	}
	return w.err
}
