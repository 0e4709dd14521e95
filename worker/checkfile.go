package worker

import (
	"context"
	"io"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// File is a document that has to be parsed, as a check sees it.
type File struct {
	Ext  string // in lower case and without the dot; "bin" when it is none that is known
	Head []byte // its first bytes, at most 4,096
	Size int64
	// Open reads the very version from its start. It is one request each time.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// FileFacts are what a check has found out.
type FileFacts struct {
	Pages int // 0: not counted
}

// CheckFile is what a pipeline asks by default: a document must not be empty.
func CheckFile(_ context.Context, f File) (FileFacts, error) {
	if f.Size == 0 {
		return FileFacts{}, &Fault{Op: "put", Code: CodeEmpty, Hint: "the document is empty"}
	}
	return FileFacts{}, nil
}

// fit asks whether a document can be sent, by what it is; a file's pages are
// noted in src.
func (p *Pipeline) fit(ctx context.Context, src *source, head []byte, parse bool) error {
	if !parse {
		return p.check(head, src.Size)
	}
	at := *src
	facts, err := p.checkFile(ctx, File{Ext: extOf(at.Key), Head: head, Size: at.Size, Open: func(ctx context.Context) (io.ReadCloser, error) {
		obj, err := p.store.Get(ctx, at.Key, bucket.GetOptions{Version: at.Version, IfMatch: at.ETag})
		return obj.Body, err
	}})
	src.Pages = facts.Pages
	return err
}
