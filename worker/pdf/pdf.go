// Package pdf looks at PDF files from outside: whether they open, whether they
// ask for a password, how many pages they have, and where their text stands. It
// reads by position and holds little, whatever the size of a file.
//
// It is no judge of what the provider can read. A file that this package calls
// broken may still be repaired by another reader, and one that it cannot decide
// about is [ErrUndecided].
package pdf

import (
	"errors"
	"io"
	"strings"

	"github.com/ledongthuc/pdf"
)

var (
	// ErrBroken says that a file is no PDF, or is damaged so that its pages
	// cannot be found.
	ErrBroken = errors.New("pdf: the file is broken or is no PDF")
	// ErrPassword says that a file does not open without a password, or not with
	// the one that was given.
	ErrPassword = errors.New("pdf: the file asks for a password")
	// ErrUndecided says that a file is encrypted in a way that is not read here
	// (AES-256). It may open without a password all the same.
	ErrUndecided = errors.New("pdf: the file's encryption is not read here")
)

// maxPages is more than any file has that the provider takes.
const maxPages = 1 << 20

// Inspect says how many pages a PDF of that size has, and whether it asks for a
// password, in which case pages is 0. A file that is encrypted and opens without
// a password, such as one that may not be printed, does not ask. Errors are
// ErrBroken and ErrUndecided, and those of r itself.
func Inspect(r io.ReaderAt, size int64) (pages int, encrypted bool, err error) {
	d, err := Open(r, size, "")
	switch {
	case errors.Is(err, ErrPassword):
		return 0, true, nil
	case err != nil:
		return 0, false, err
	}
	return d.Count, false, nil
}

// Document is an open PDF. It is not safe for concurrent use.
type Document struct {
	// Count is the number of pages, as the file says.
	Count int

	source *source
	root   pdf.Value
}

// Open opens a PDF, with a password where it asks for one. Errors are ErrBroken,
// ErrPassword and ErrUndecided, and those of r itself.
func Open(r io.ReaderAt, size int64, password string) (d *Document, err error) {
	s, err := newSource(r, size)
	if err != nil {
		return nil, err
	}
	defer func() { err = s.explain(err, recover()) }()
	tried := false
	in, err := pdf.NewReaderEncrypted(s, s.size, func() string {
		if tried {
			return ""
		}
		tried = true
		return password
	})
	if err != nil {
		return nil, err
	}
	return s.document(in)
}

func (s *source) document(in *pdf.Reader) (*Document, error) {
	root := in.Trailer().Key("Root").Key("Pages")
	count := root.Key("Count").Int64()
	if root.Kind() != pdf.Dict || count < 0 || count > maxPages {
		return nil, ErrBroken
	}
	return &Document{Count: int(count), source: s, root: root}, nil
}

// explain turns what the library returned or panicked with into an error of
// ours. Its texts quote the file.
func (s *source) explain(err error, panicked any) error {
	switch {
	case s.err != nil:
		return s.err
	case panicked != nil:
		return ErrBroken
	case err == nil:
		return nil
	case errors.Is(err, pdf.ErrInvalidPassword):
		return ErrPassword
	case isUnknownCipher(err.Error()):
		return ErrUndecided
	}
	return ErrBroken
}

// isUnknownCipher reads what the library says of a cipher that it does not have.
// There is no type for it.
func isUnknownCipher(said string) bool {
	return strings.HasPrefix(said, "unsupported PDF: encryption") ||
		strings.HasPrefix(said, "malformed PDF: ") && strings.HasSuffix(said, "-bit encryption key")
}
