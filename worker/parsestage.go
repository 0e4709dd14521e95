package worker

import (
	"context"
	"errors"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/parsed"
)

// stageParsed writes the Markdown of the pinned parse result to the attempt's
// staging key, as a stream: the result may be a gigabyte. The key is written
// once, under the condition that nothing stands there; whatever is not a plain
// success costs the token (I2).
func (p *Pipeline) stageParsed(ctx context.Context, j *job) (done bool, err error) {
	if err := p.unwanted(ctx, j.rec.Source); errors.Is(err, bucket.ErrNotFound) {
		return true, p.fail(ctx, j, CodeSourceGone, false, "no")
	} else if err != nil {
		return false, err
	}
	obj, err := p.openParsed(ctx, j)
	if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrPrecondition) {
		return true, p.parseGone(ctx, j)
	}
	if err != nil {
		return false, err
	}
	defer obj.Body.Close()
	text := parsed.NewReader(obj.Body)
	_, err = p.exchange.Put(ctx, j.rec.current().staging(), text, bucket.PutOptions{
		Condition: bucket.Condition{Absent: true}, ContentType: stagedType,
	})
	return p.stagedText(ctx, j, text, err)
}

// openParsed reads the parse result that the job was pinned to.
func (p *Pipeline) openParsed(ctx context.Context, j *job) (bucket.Object, error) {
	if !p.keeps(ruleParsedCopy) {
		if pj, err := p.load(ctx, j.rec.Parse.ID); err == nil && pj.rec.Seal != nil {
			return p.exchange.Get(ctx, outboxKey(pj.rec.attempt(pj.rec.Seal.Attempt).Token), bucket.GetOptions{})
		}
	}
	return p.store.Get(ctx, parsedKey(j.rec.Parse.ID, j.rec.Parse.Gen), bucket.GetOptions{IfMatch: j.rec.Parse.ETag})
}

// stagedText settles how the writing ended.
func (p *Pipeline) stagedText(ctx context.Context, j *job, text *parsed.Reader, err error) (done bool, _ error) {
	var invalid *parsed.Invalid
	var unread *parsed.ReadError
	switch {
	case err == nil && text.Blank():
		return true, errors.Join(p.takeAway(ctx, j.rec, j.rec.current().staging()), p.fail(ctx, j, CodeEmpty, false, "no"))
	case errors.As(err, &invalid):
		// It was checked when it was sealed: somebody has changed it since. A retry
		// parses the document anew.
		return true, p.failParse(ctx, j, *j.rec.Parse, failure{Code: string(CodeResultInvalid), Retryable: true, Billed: "yes"})
	case errors.As(err, &unread):
		return false, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	case errors.Is(err, bucket.ErrPrecondition):
		// Nobody else knows the token: our own write was sent twice, or an
		// earlier one of ours had an effect after all.
		return false, &bucket.Error{Op: "put", Class: bucket.ErrUnknown}
	}
	return false, err
}
