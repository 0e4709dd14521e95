package worker

import (
	"context"
	"errors"
	"io"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// OpenParsed streams the parse result that a job's document was extracted from,
// as the provider wrote it. Errors: job_not_found for a document that was not
// parsed, or not yet, parse_result_gone when it was removed since, and the store's.
func (p *Pipeline) OpenParsed(ctx context.Context, j Job) (io.ReadCloser, error) {
	if j.Parse == nil || !j.Parse.Ready {
		return nil, &Fault{Op: "parsed", Ref: j.Ref, Code: CodeNotFound, Hint: "the job has no parse result"}
	}
	obj, err := p.store.Get(ctx, parsedKey(j.Parse.ID, j.Parse.Gen), bucket.GetOptions{})
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, parsedNoMore("parsed", j.Ref)
	}
	if err != nil {
		return nil, fault("parsed", j.Ref, err)
	}
	return obj.Body, nil
}

// parsedNoMore is said where a parse result was removed: by a sweep
// (Settings.KeepParsed), the bucket's lifecycle or a person.
func parsedNoMore(op, ref string) error {
	return &Fault{Op: op, Ref: ref, Code: CodeParseGone, Hint: "what was parsed is kept no longer; parsing again is billed again"}
}

// OpenDocument opens a job's document, the very version that the job is of, for
// reads by position, each of which is one request. size is in bytes. Errors:
// job_not_found once the record names the document no more, source_changed where
// the version is gone, and the store's.
func (p *Pipeline) OpenDocument(ctx context.Context, j Job) (r io.ReaderAt, size int64, err error) {
	if j.Document.IsZero() {
		return nil, 0, &Fault{Op: "document", Ref: j.Ref, Code: CodeNotFound, Hint: "the record names its document no more; name the document instead of the ref"}
	}
	is, err := p.load(ctx, j.ID)
	if err != nil {
		return nil, 0, fault("document", j.Ref, err)
	}
	src := is.rec.Source
	src.Key = j.Document.Reveal()
	info, err := p.store.Head(ctx, src.Key, src.Version)
	if err != nil {
		return nil, 0, fault("document", j.Ref, err)
	}
	if src.ETag != "" && info.ETag != src.ETag || info.Size != src.Size {
		return nil, 0, &Fault{Op: "document", Ref: j.Ref, Code: CodeSourceChanged, Hint: "the document was overwritten since"}
	}
	src.ETag = info.ETag
	return &parts{ctx, p.store, src}, src.Size, nil
}
