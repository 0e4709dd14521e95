package worker

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/parsed"
)

// claimParse finds or makes the parse of a document for its own sake. Extract
// jobs of the same version and options find it done. Errors: no_parse_needed,
// key_refused, key_too_long, source_gone, document_empty, and the store's.
func (p *Pipeline) claimParse(ctx context.Context, d Document, o ParseOptions) (j *job, fresh bool, err error) {
	if err := CheckKey(d.Key); err != nil || ours(d.Key) {
		err = cmp.Or(err, error(&KeyRefused{"it is the worker's own"}))
		return nil, false, &Fault{Op: "put", Code: keyCode(err), Err: err}
	}
	if extOf(d.Key) == extMarkdown {
		return nil, false, &Fault{Op: "put", Code: CodeParsed, Hint: "the document is Markdown already"}
	}
	src, head, err := p.look(ctx, d)
	if err != nil {
		return nil, false, err
	}
	route, _, routed := p.routes.Match(d.Key)
	if routed {
		o = route.Parse
	}
	ref := p.parseRefOf(src, Route{Parse: o})
	release, err := p.hands.take(ctx, ref.ID)
	if err != nil {
		return nil, false, err
	}
	defer release()
	j, err = p.load(ctx, ref.ID)
	again := err == nil && (j.rec.State == Closed && j.rec.Result.gone() || j.rec.wanted())
	if !again && !errors.Is(err, bucket.ErrNotFound) {
		return j, false, fault("put", "", err)
	}
	if err := p.fit(ctx, &src, head, true, o.Password != ""); err != nil {
		return nil, false, err
	}
	if again { // what was parsed is kept no longer, or the document was away
		return j, true, p.reopenAs(ctx, j, func(r *record) { r.Source, r.Dependents = src, nil })
	}
	return p.open(ctx, ref.ID, p.parseRecord(ref, src, route.Name))
}

// OpenMarkdown streams the text of a sealed parse job. The text is whole only
// when the stream has ended without an error.
func (p *Pipeline) OpenMarkdown(ctx context.Context, j Job) (io.ReadCloser, error) {
	if j.Step != StepParse || !j.Sealed() {
		return nil, &Fault{Op: "markdown", Ref: j.Ref, Code: CodeNotFound, Hint: "the job is no parse, or has no result"}
	}
	obj, err := p.store.Get(ctx, parsedKey(j.ID, j.Gen), bucket.GetOptions{})
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, parsedNoMore("markdown", j.Ref)
	}
	if err != nil {
		return nil, fault("markdown", j.Ref, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{parsed.NewReader(obj.Body), obj.Body}, nil
}
