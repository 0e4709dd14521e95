package worker

import (
	"context"
	"errors"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// comeBack looks at the job of a document version that has been seen before. In
// a bucket without versions a document that changes from A to B and back to A
// is the job of A again, and that may have ended while B stood: its result went
// to history, or it failed for want of its document.
func (p *Pipeline) comeBack(ctx context.Context, j *job, src source, keys answerKeys) error {
	if j.rec.Failure != nil && j.rec.State.ended() {
		if _, err := p.uphold(ctx, j); err != nil {
			return err
		}
	}
	r := j.rec
	switch {
	case r.wanted():
		place, err := p.place(ctx, j.named(src, keys), bucket.Info{}) // an event may name a version that was deleted since
		if err != nil || place != placeResult {
			return err
		}
		return p.reopenFor(ctx, j, src, keys)
	case r.Result != nil && r.State.Settled() && (src.Version == "" || r.Result.Status == StatusSuperseded || r.Gen > 1):
		return p.restore(ctx, j, src, keys)
	case src.Version == "" && r.Failure != nil && r.State.ended():
		return p.failAgain(ctx, j)
	}
	return nil
}

// wanted: the job came to its end without an answer for want of its document,
// and that is there again. Discarding a result is the policy's choice, and so is
// paying again.
func (r *record) wanted() bool {
	if f := r.Failure; f != nil {
		return r.State.ended() && f.Billed == "no" && missedDocument(Code(f.Code))
	}
	return r.State.Settled() && r.Result != nil && r.Result.Status == StatusDiscarded
}

// failAgain says once more that a document failed, where the word of another
// version or of an earlier generation stands, or none was said because another
// version stood or none did.
func (p *Pipeline) failAgain(ctx context.Context, j *job) error {
	seen, err := p.standing(ctx, j.rec.Route.Failure)
	if err != nil || j.rec.published(seen) {
		return err
	}
	return p.publishFailure(ctx, j)
}

// missedDocument: the job failed because its document was not there, or could
// not be read where it was.
func missedDocument(c Code) bool {
	return c == CodeSourceGone || c == CodeSourceChanged || c == CodeSourceArchived
}

// reopenFor is reopen with the names that the record has dropped. What is staged
// of a result that was discarded goes first.
func (p *Pipeline) reopenFor(ctx context.Context, j *job, src source, keys answerKeys) error {
	if j.rec.State == Sealed {
		if _, _, err := p.stepRemove(ctx, j); err != nil {
			return err
		}
	}
	return p.reopenAs(ctx, j, func(r *record) {
		r.Source, r.Route.Result, r.Route.Failure = src, keys.result, keys.failure
	})
}

func (p *Pipeline) reopenAs(ctx context.Context, j *job, change func(*record)) error {
	return p.inNextGen(ctx, j, func() error {
		return p.swap(ctx, j, EventRetry, "", func(r *record) { r.again(); change(r) })
	})
}

// inNextGen is a write that begins the job's next generation: its marker stands
// before (I6).
func (p *Pipeline) inNextGen(ctx context.Context, j *job, write func() error) error {
	began := time.Now()
	if err := p.mark(ctx, j.id, j.rec.Gen+1); err != nil {
		return err
	}
	err := write()
	if err == nil && time.Since(began) > markFresh {
		err = p.mark(ctx, j.id, j.rec.Gen)
	}
	return err
}

// again makes a record ready for its next generation.
func (r *record) again() {
	if f := r.Failure; f != nil && r.Parse != nil && f.Step == StepParse {
		// Whoever tries again wants to parse again. What was parsed well is kept.
		r.Parse.Want, r.Parse.ETag = r.Parse.Gen+1, ""
	}
	r.Gen++
	r.Failure, r.Result, r.Receipt, r.Seal, r.Hold = nil, nil, nil, nil, ""
	r.Waiting, r.NotBefore, r.FencedAt = WaitNothing, time.Time{}, time.Time{}
	r.Backfill = false
}

// restore brings a settled result back from history, under the condition that
// nothing else changes at the result key meanwhile. Nothing is sent and nothing
// is billed. What is not in history either was taken away by its owner.
func (p *Pipeline) restore(ctx context.Context, j *job, src source, keys answerKeys) error {
	named := j.named(src, keys)
	for range maxPublish {
		seen, err := p.standing(ctx, keys.result)
		if err != nil {
			return err
		}
		if seen.Metadata["zdr-ref"] == j.rec.Ref {
			return p.restored(ctx, j, named)
		}
		place, err := p.place(ctx, named, seen)
		if err != nil || place != placeResult {
			return err
		}
		old, err := p.store.Get(ctx, historyKey(j.rec.Ref), bucket.GetOptions{})
		if errors.Is(err, bucket.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		err = p.putBack(ctx, named, seen, old)
		if err != nil && !errors.Is(err, bucket.ErrPrecondition) && !errors.Is(err, bucket.ErrConflict) && !errors.Is(err, bucket.ErrUnknown) {
			return err
		}
	}
	return &bucket.Error{Op: "put", Class: bucket.ErrConflict}
}

// named is a view of the job with the names that its record may have dropped.
func (j *job) named(src source, keys answerKeys) *job {
	to := *j
	to.rec = j.rec.clone()
	to.rec.Source, to.rec.Route.Result, to.rec.Route.Failure = src, keys.result, keys.failure
	return &to
}

// restored is for a result that stands at its key: a failure of other bytes does
// not stay beside it, and the record does not call it superseded any more.
func (p *Pipeline) restored(ctx context.Context, j, named *job) error {
	if named.rec.Gen > 1 || !p.noFailure(ctx, named, named.rec.Source.Modified) {
		if err := p.dropFailure(ctx, named); err != nil {
			return err
		}
	}
	if j.rec.Result.Status != StatusSuperseded {
		return nil
	}
	err := p.swap(ctx, j, EventNote, "", func(r *record) { r.Result.Status = r.standing() })
	if errors.Is(err, errLost) {
		return nil // somebody was faster, with the same or with more
	}
	return err
}

// dropFailure removes a failure that the job has told, or any while its version
// of the document stands. A parse tells none.
func (p *Pipeline) dropFailure(ctx context.Context, j *job) error {
	if j.rec.Step == StepParse {
		return nil
	}
	seen, err := p.standing(ctx, j.rec.Route.Failure)
	if err != nil || seen.ETag == "" {
		return err
	}
	if seen.Metadata["zdr-ref"] != j.rec.Ref {
		if place, err := p.place(ctx, j, bucket.Info{}); err != nil || place != placeResult {
			return err
		}
	}
	return p.store.Remove(ctx, j.rec.Route.Failure)
}

func (p *Pipeline) putBack(ctx context.Context, j *job, seen bucket.Info, old bucket.Object) error {
	defer old.Body.Close()
	if err := p.setAside(ctx, j, seen); err != nil {
		return err
	}
	meta := old.Metadata
	if meta["zdr-status"] == StatusSuperseded {
		meta["zdr-status"] = j.rec.standing()
	}
	_, err := p.store.Put(ctx, j.rec.Route.Result, old.Body, bucket.PutOptions{
		Condition:   bucket.Condition{IfMatch: seen.ETag, Absent: seen.ETag == ""},
		ContentType: old.ContentType, Metadata: meta,
	})
	return err
}

// standing is the status that a result has at its key, whatever became of it in
// between.
func (r *record) standing() string {
	switch {
	case r.Receipt != nil && r.Receipt.Violation:
		return StatusSchemaViolation
	case r.Parse != nil && r.Parse.Partial:
		return StatusPartial
	}
	return StatusOK
}
