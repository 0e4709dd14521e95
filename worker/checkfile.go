package worker

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/filetype"
)

// File is a document that has to be parsed, as a check sees it.
type File struct {
	Ext  string // in lower case and without the dot; "bin" when it is none that is known
	Head []byte // its first bytes, at most 4,096
	Size int64
	// Body reads parts of the very version. Each is one request.
	Body io.ReaderAt
	// Password: the route has one for its documents.
	Password bool
}

// FileFacts are what a check has found out.
type FileFacts struct {
	Pages int // 0: not counted
}

// CheckFile is what a pipeline asks by default: whether the provider would
// surely refuse the file, by package filetype. Errors: document_empty,
// document_mismatch, document_too_large, document_encrypted, document_broken,
// document_no_pages, and Body's.
func CheckFile(_ context.Context, f File) (FileFacts, error) {
	facts, problem, err := filetype.Check(filetype.File{Ext: f.Ext, Head: f.Head, Size: f.Size, Body: f.Body, Password: f.Password})
	if err != nil {
		return FileFacts{}, err
	}
	if is, bad := problems[problem]; bad {
		return FileFacts{}, &Fault{Op: "put", Code: is.code, Hint: is.hint}
	}
	return FileFacts{Pages: facts.Pages}, nil
}

var problems = map[filetype.Problem]struct {
	code Code
	hint string
}{
	filetype.Empty:     {CodeEmpty, "the document is empty"},
	filetype.Mismatch:  {CodeMismatch, "the document's content is not what its suffix says; give it the suffix that fits"},
	filetype.TooLarge:  {CodeTooLarge, "the provider parses up to 1 GiB; split the document"},
	filetype.BigSheet:  {CodeTooLarge, "the provider parses spreadsheets up to 50 MiB; split the document"},
	filetype.ManyPages: {CodeTooLarge, "the provider parses up to 6,000 pages; split the document"},
	filetype.Encrypted: {CodeEncrypted, "the document asks for a password; name the secret in the route (parse.password), or save it without one"},
	filetype.Broken:    {CodeBroken, "the document is damaged; open it in a viewer and save it anew"},
	filetype.NoPages:   {CodeNoPages, "the document has no pages"},
}

// unfitContent are the codes of documents that would fail whatever is done with
// them: their jobs fail before anything is sent.
var unfitContent = []Code{CodeEmpty, CodeBinary, CodeMismatch, CodeTooLarge, CodeEncrypted, CodeBroken, CodeNoPages}

// unfitBy gives the code of an error that is the document's own fault.
func unfitBy(err error) (Code, bool) {
	f, ok := errors.AsType[*Fault](err)
	if !ok || !slices.Contains(unfitContent, f.Code) {
		return "", false
	}
	return f.Code, true
}

// Fit says whether a document could become a job under a key, by what it is: a
// file can be asked about before it is uploaded. head is its first 4,096 bytes.
// Errors as [CheckFile], document_not_text, key_refused and key_too_long.
func (p *Pipeline) Fit(ctx context.Context, key string, head []byte, size int64, body io.ReaderAt) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if extOf(key) == extMarkdown {
		return p.check(head, size)
	}
	route, _, _ := p.routes.Match(key)
	_, err := p.checkFile(ctx, File{Ext: extOf(key), Head: head, Size: size, Body: body, Password: route.Parse.Password != ""})
	return err
}

// fit asks whether a document can be sent, by what it is; a file's pages are
// noted in src.
func (p *Pipeline) fit(ctx context.Context, src *source, head []byte, parse, password bool) error {
	if !parse {
		return p.check(head, src.Size)
	}
	facts, err := p.checkFile(ctx, File{
		Ext: extOf(src.Key), Head: head, Size: src.Size, Body: &parts{ctx, p.store, *src}, Password: password,
	})
	src.Pages = facts.Pages
	return err
}

// parts reads a document where it lies, a part at a time.
type parts struct {
	ctx   context.Context // an io.ReaderAt has no other way to have one
	store Store
	of    source
}

// ReadAt reads a part of the very version.
func (r *parts) ReadAt(b []byte, off int64) (int, error) {
	if off >= r.of.Size {
		return 0, io.EOF
	}
	if len(b) == 0 {
		return 0, nil
	}
	obj, err := r.store.Get(r.ctx, r.of.Key, bucket.GetOptions{Version: r.of.Version, IfMatch: r.of.ETag, Offset: off, Length: int64(len(b))})
	if err != nil {
		return 0, fault("put", "", err)
	}
	defer obj.Body.Close()
	n, err := io.ReadFull(obj.Body, b)
	if errors.Is(err, io.ErrUnexpectedEOF) && off+int64(n) == r.of.Size {
		err = io.EOF
	}
	return n, err
}
