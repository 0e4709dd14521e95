package worker

import (
	"context"
	"errors"
	"strconv"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/parsed"
)

// checkParsed reads a landed parse result once, as a stream: it is one JSON
// object with one markdown.
func (p *Pipeline) checkParsed(obj bucket.Object) (verdict, error) {
	meta, size, err := parsed.Check(obj.Body)
	var invalid *parsed.Invalid
	switch {
	case errors.As(err, &invalid):
		return verdict{code: CodeResultInvalid}, nil
	case err != nil:
		return verdict{}, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	v := verdict{status: StatusOK, jobID: meta.JobID, receipt: receipt{
		Credits: meta.Credits, DurationMS: int64(meta.DurationMS), Model: modelOf(meta.Model),
		Pages: meta.Pages, Failed: len(meta.FailedPages), Markdown: size,
	}}
	if v.receipt.Failed > 0 {
		v.status, v.receipt.Partial = StatusPartial, true
	}
	return v, nil
}

// publishParsed brings a checked parse result to its key under zdr/parsed/,
// which no URL can write to. Extract jobs read it from there only.
func (p *Pipeline) publishParsed(ctx context.Context, j *job, a *attempt, v verdict) (bucket.Info, string, error) {
	key := parsedKey(j.id, j.rec.Gen)
	for range maxPublish {
		seen, err := p.standing(ctx, key)
		if err != nil {
			return bucket.Info{}, "", err
		}
		if j.rec.published(seen) {
			return seen, seen.Metadata["zdr-status"], nil
		}
		info, err := p.putParsed(ctx, j, a, v, seen)
		if errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrConflict) || errors.Is(err, bucket.ErrUnknown) {
			continue // look again: it may even have been ours
		}
		return info, v.status, err
	}
	return bucket.Info{}, "", &bucket.Error{Op: "put", Class: bucket.ErrConflict}
}

func (p *Pipeline) putParsed(ctx context.Context, j *job, a *attempt, v verdict, seen bucket.Info) (bucket.Info, error) {
	body, err := p.landed(ctx, j, a, v)
	if err != nil {
		return bucket.Info{}, err
	}
	defer body.Close()
	meta := p.sealMetadata(j, v, v.status)
	meta["zdr-step"], meta["zdr-generation"] = StepParse, strconv.Itoa(j.rec.Gen)
	return p.store.Put(ctx, parsedKey(j.id, j.rec.Gen), body, bucket.PutOptions{
		Condition: bucket.Condition{IfMatch: seen.ETag, Absent: seen.ETag == ""}, ContentType: "application/json", Metadata: meta,
	})
}
