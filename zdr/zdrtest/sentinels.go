// Package zdrtest finds marked text where it must not be.
//
// A test puts marks into everything that must not leave: the text of a
// document, object names, metadata, tags, schema values. Then it scans whatever
// the program emits: logs, errors, standard output, requests, files.
//
//	marks := zdrtest.New(t)
//	document := []byte("Invoice for " + marks.Mark("customer"))
//	marks.Content("document", document)
//	…
//	marks.Assert(t, "log", log.Bytes())
//	marks.AssertDir(t, tempDir)
//
// A mark is found as it is and in other case, with JSON, URL or HTML escapes, as
// base64 in any alignment, base32, hex, decimal bytes, UTF-16, as the MD5, SHA-1
// or SHA-256 of it or of a registered content in hex or base64, and in gzip and
// zlib streams of all these. It is not found where a program encrypted, split or
// reversed it.
package zdrtest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Sentinels is a set of marks to look for. It is safe for concurrent use.
type Sentinels struct {
	mu      sync.Mutex
	needles []needle
}

// Hit is one place where a sentinel was found. It quotes nothing.
type Hit struct {
	Place  string // as the caller of Scan named it
	Mark   string // the label of the mark, not the mark
	Form   string // in which form: "raw", "base64", "sha256 hex", …
	Offset int    // in the bytes of that form, -1 where that means nothing
}

// String names the place, the label and the form.
func (h Hit) String() string {
	return fmt.Sprintf("%s: sentinel %q as %s at byte %d", h.Place, h.Mark, h.Form, h.Offset)
}

// New makes an empty set. It fails the test when a set that was made ends it
// without a single mark: a scan for nothing finds nothing.
func New(tb testing.TB) *Sentinels {
	tb.Helper()
	s := &Sentinels{}
	tb.Cleanup(func() {
		if s.empty() && !tb.Failed() && !tb.Skipped() {
			tb.Error("zdrtest: no sentinel was ever made, so nothing was looked for")
		}
	})
	return s
}

func (s *Sentinels) empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.needles) == 0
}

// Mark makes a new unique mark of 24 letters and digits, usable in a name, a
// metadata value, a tag, a schema and a text. The label says in a Hit which one
// it was.
func (s *Sentinels) Mark(label string) string {
	// Letters at both ends and mixed case: easy to see for a person, and told
	// apart from hex.
	mark := "Zq" + rand.Text()[:20] + "kX"
	s.Known(label, mark)
	return mark
}

// Known adds a text of the test's own as a mark. It must be 8 bytes or longer,
// or it would be found by chance.
func (s *Sentinels) Known(label, text string) {
	if len(text) < minNeedle {
		panic("zdrtest: a sentinel needs 8 bytes or more")
	}
	s.add(append(formsOf(label, text), digestsOf(label, []byte(text))...))
}

// Content registers a whole content, whose digests are then looked for: an ETag
// is often the MD5 of the object.
func (s *Sentinels) Content(label string, b []byte) { s.add(digestsOf(label, b)) }

func (s *Sentinels) add(n []needle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.needles = append(s.needles, n...)
}

// Scan looks for every sentinel in b. Place is how hits name it.
func (s *Sentinels) Scan(place string, b []byte) []Hit {
	s.mu.Lock()
	needles := s.needles
	s.mu.Unlock()
	var hits []Hit
	seen := map[Hit]bool{}
	for _, v := range viewsOf(b) {
		for _, n := range needles {
			at := v.find(n)
			if at < 0 {
				continue
			}
			h := Hit{Place: place, Mark: n.label, Form: v.name + n.form, Offset: at}
			if key := (Hit{Place: place, Mark: n.label, Form: n.form}); !seen[key] {
				seen[key] = true
				hits = append(hits, h)
			}
		}
	}
	return hits
}

// ScanReader looks for every sentinel in r, which it reads whole.
func (s *Sentinels) ScanReader(place string, r io.Reader) ([]Hit, error) {
	b, err := io.ReadAll(r)
	return s.Scan(place, b), err
}

// ScanDir looks for every sentinel in the names and the contents of all files
// under dir. A folder that is not there is an error.
func (s *Sentinels) ScanDir(dir string) ([]Hit, error) {
	var hits []Hit
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		files++
		place := fmt.Sprintf("entry %d of the folder", files)
		if path != dir {
			hits = append(hits, s.Scan("name of "+place, []byte(d.Name()))...)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		hits = append(hits, s.Scan(place, b)...)
		return err
	})
	return hits, err
}

// Assert fails the test for every sentinel in b.
func (s *Sentinels) Assert(tb testing.TB, place string, b []byte) {
	tb.Helper()
	if s.empty() {
		tb.Error("zdrtest: no sentinel to look for")
	}
	for _, h := range s.Scan(place, b) {
		tb.Error(h)
	}
}

// AssertDir fails the test for every sentinel under dir, and when dir cannot be
// read.
func (s *Sentinels) AssertDir(tb testing.TB, dir string) {
	tb.Helper()
	hits, err := s.ScanDir(dir)
	if err != nil {
		tb.Errorf("zdrtest: scan a folder: %T", err)
	}
	for _, h := range hits {
		tb.Error(h)
	}
}

// AssertFound fails the test unless at least one sentinel is in b: a scan of a
// place where marks must be, such as the source object, proves that the scan of
// all others can find them.
func (s *Sentinels) AssertFound(tb testing.TB, place string, b []byte) {
	tb.Helper()
	if len(s.Scan(place, b)) == 0 {
		tb.Errorf("zdrtest: %s: no sentinel where one must be", place)
	}
}

// Buffer collects what a program writes, from many goroutines, for a scan. The
// zero value is ready.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends p.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// Bytes copies what was written so far.
func (b *Buffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.b.Bytes())
}
