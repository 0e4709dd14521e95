package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// errOutboxChanged: the landing is no longer the one that was checked.
var errOutboxChanged = errors.New("the outbox was overwritten")

// maxPublish bounds how often a publication looks again after somebody else
// wrote the result key.
const maxPublish = 8

// publish brings the checked landing to its result key, so that an older
// document version never covers a newer one, and says under which status. A
// copy's destination condition is not honoured everywhere, so the bytes pass
// through this worker, streamed, into a conditional write.
func (p *Pipeline) publish(ctx context.Context, j *job, a *attempt, v verdict) (bucket.Info, string, error) {
	for try := range maxPublish {
		var seen bucket.Info // the first try guesses that nothing stands: so it is for most
		if try > 0 {
			var err error
			if seen, err = p.standing(ctx, j.rec.Route.Result); err != nil {
				return bucket.Info{}, "", err
			}
		}
		if seen.Metadata["zdr-ref"] == j.rec.Ref && p.keeps(ruleSealFixes) {
			return seen, seen.Metadata["zdr-status"], p.dropFailure(ctx, j) // whoever wrote it may have died before
		}
		place, err := p.place(ctx, j, seen)
		if try == 0 && err == nil && place != placeResult {
			continue // what stands matters then
		}
		if err == nil && place == placeResult {
			err = p.setAside(ctx, j, seen)
		}
		if err != nil {
			return bucket.Info{}, "", err
		}
		info, status, err := p.put(ctx, j, a, v, seen, place)
		if errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrConflict) || errors.Is(err, bucket.ErrUnknown) {
			continue // look again: it may even have been ours
		}
		if err == nil {
			err = p.removeFailure(ctx, j, place)
		}
		return info, status, err
	}
	return bucket.Info{}, "", &bucket.Error{Op: "put", Class: bucket.ErrConflict}
}

// standing is the object at a key, or a zero Info where there is none.
func (p *Pipeline) standing(ctx context.Context, key string) (bucket.Info, error) {
	info, err := p.store.Head(ctx, key, "")
	if errors.Is(err, bucket.ErrNotFound) {
		return bucket.Info{}, nil
	}
	return info, err
}

// published: what stands where the job's word belongs was written by the job, in
// the generation that it is in. A retry may end otherwise than what it repeats.
func (r *record) published(seen bucket.Info) bool {
	return seen.ETag != "" && seen.Metadata["zdr-ref"] == r.Ref && seen.Metadata["zdr-generation"] == strconv.Itoa(r.Gen)
}

// place says where a result belongs by what became of its document meanwhile.
type place int

const (
	placeResult  place = iota // the document's version is current
	placeHistory              // a newer version exists, or a later revision has answered
	placeNowhere              // the document is gone and its result is not wanted
)

// place looks at the document. seen is what stands at the result key: it can say
// that a later revision has answered, and once the document is gone, it alone,
// that a newer version was.
func (p *Pipeline) place(ctx context.Context, j *job, seen bucket.Info) (place, error) {
	now, err := p.store.Head(ctx, j.rec.Source.Key, "")
	gone := errors.Is(err, bucket.ErrNotFound)
	switch {
	case !p.keeps(ruleNewest):
		return placeResult, nil
	case gone && p.set.OnSourceDeleted == DeletedDiscard:
		return placeNowhere, nil
	case err != nil && !gone:
		return 0, err
	case j.rec.outdone(seen), gone && newer(seen, j.rec.Source):
		return placeHistory, nil
	case !gone && versionOf(source{Version: now.Version, ETag: now.ETag}) != versionOf(j.rec.Source):
		return placeHistory, nil
	}
	return placeResult, nil
}

// outdone: what stands is the word of a later revision about the same version of
// the document.
func (r *record) outdone(seen bucket.Info) bool {
	n, err := strconv.Atoi(seen.Metadata["zdr-revision"])
	return err == nil && n > r.Route.Revision && seen.Metadata["zdr-source-version"] == versionOf(r.Source)
}

// newer: the result that stands is of another version, which was written after
// this one, or in the same second.
func newer(seen bucket.Info, than source) bool {
	at, err := time.Parse(time.RFC3339, seen.Metadata["zdr-source-modified"])
	return err == nil && seen.Metadata["zdr-source-version"] != versionOf(than) && !at.Before(than.Modified.Truncate(time.Second))
}

// unwanted is bucket.ErrNotFound where the result would only be discarded: the
// document is deleted, though its version stands below a delete marker.
func (p *Pipeline) unwanted(ctx context.Context, s source) error {
	if s.Version == "" || p.set.OnSourceDeleted != DeletedDiscard {
		return nil // the copy finds out, or the result is wanted all the same
	}
	_, err := p.store.Head(ctx, s.Key, "")
	return err
}

// setAside keeps the result of another version that is about to be replaced,
// where the bucket would not: a document that gets its old bytes back is the
// same job again, and its result was paid for.
func (p *Pipeline) setAside(ctx context.Context, j *job, seen bucket.Info) error {
	ref := seen.Metadata["zdr-ref"]
	if seen.ETag == "" || len(ref) < minRef || ref == j.rec.Ref || seen.Version != "" {
		return nil
	}
	_, err := p.store.Copy(ctx, historyKey(ref),
		bucket.Source{Bucket: p.store.Name(), Key: j.rec.Route.Result, ETag: seen.ETag},
		bucket.PutOptions{ContentType: seen.ContentType, Metadata: seen.Metadata})
	if errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrNotFound) {
		return nil // it changed meanwhile: the write that follows will not match either
	}
	return err
}

// put writes the landing's bytes where they belong, under a condition.
func (p *Pipeline) put(ctx context.Context, j *job, a *attempt, v verdict, seen bucket.Info, to place) (bucket.Info, string, error) {
	key, status, cond := j.rec.Route.Result, v.status, bucket.Condition{IfMatch: seen.ETag, Absent: seen.ETag == ""}
	switch to {
	case placeNowhere:
		return bucket.Info{}, StatusDiscarded, nil
	case placeHistory:
		key, status, cond = historyKey(j.rec.Ref), StatusSuperseded, bucket.Condition{}
	}
	if !p.keeps(ruleConditional) || !p.keeps(ruleSealFixes) {
		cond = bucket.Condition{}
	}
	body, err := p.landed(ctx, j, a, v)
	if err != nil {
		return bucket.Info{}, "", err
	}
	defer body.Close()
	info, err := p.store.Put(ctx, key, body, bucket.PutOptions{
		Condition: cond, ContentType: "application/json", Metadata: p.sealMetadata(j, v, status),
	})
	return info, status, err
}

// landed gives the bytes that were checked: from memory where they are few,
// else once more from the outbox, under the ETag that was checked.
func (p *Pipeline) landed(ctx context.Context, j *job, a *attempt, v verdict) (io.ReadCloser, error) {
	if small := v.body.Reveal(); small != nil {
		return io.NopCloser(bytes.NewReader(small)), nil
	}
	obj, err := p.exchange.Get(ctx, outboxKey(a.Token), bucket.GetOptions{IfMatch: j.rec.Seal.ETag})
	if errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrNotFound) {
		return nil, errOutboxChanged
	}
	return obj.Body, err
}
