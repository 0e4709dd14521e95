package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// failureObject is what lies under failures/ for a job that failed for good:
// our own words only.
type failureObject struct {
	Format    int       `json:"format"`
	Ref       string    `json:"ref"`
	Code      string    `json:"code"`
	Step      string    `json:"step"`
	Retryable bool      `json:"retryable"`
	Billed    string    `json:"billed"`
	At        time.Time `json:"at"`
}

// fail ends a job for good. billed is what its end says: "no", "yes" or
// "unknown". An earlier submission that was given up by choice, or whose result
// was of no use, makes a "no" of it "unknown".
func (p *Pipeline) fail(ctx context.Context, j *job, code Code, retryable bool, billed string) error {
	return p.failAt(ctx, j, failure{Code: string(code), Step: j.rec.Step, Retryable: retryable, Billed: billed}, nil)
}

// failAt is fail at another step than the job's own, with a change of the record
// that belongs to it. A job whose result stands is sealed instead.
func (p *Pipeline) failAt(ctx context.Context, j *job, f failure, change func(*record)) error {
	if upheld, err := p.uphold(ctx, j); upheld || err != nil {
		return err
	}
	free := f.Billed == "no"
	if free && j.rec.mayHaveBilled() {
		f.Billed = "unknown"
	}
	f.At = j.now.UTC()
	return p.swap(ctx, j, EventFail, f.Code, func(r *record) {
		if free {
			r.endFree()
		}
		r.Failure = &f
		r.Waiting, r.Hold, r.Lease, r.NotBefore, r.FencedAt = WaitNothing, "", nil, time.Time{}, time.Time{}
		if change != nil {
			change(r)
		}
	})
}

// endFree says of the attempt at the provider that it is over and cost nothing:
// whatever a retry comes to, this one is not what may have been billed.
func (r *record) endFree() {
	switch a := r.current(); {
	case a == nil:
	case r.State == Submitting:
		a.End = endRejected
	case r.State == Submitted:
		a.End = endFailed
	}
}

// failAtOnce ends a job that has just been made: its document can be no other
// than it is.
func (r *record) failAtOnce(code Code) error {
	step := r.Step
	if r.Parse != nil {
		step = StepParse
	}
	r.Failure = &failure{Code: string(code), Step: step, Billed: "no", At: r.ClaimedAt}
	return r.apply(EventFail, r.ClaimedAt, string(code))
}

// mayHaveBilled: a submission before the one that is under way had URLs and is
// not proven unbilled.
func (r *record) mayHaveBilled() bool {
	for i, a := range r.Attempts {
		before := i < len(r.Attempts)-1 || a.Gen < r.Gen
		if !a.SignedAt.IsZero() && (a.End == endResubmitted || a.End == "" && before) {
			return true
		}
	}
	return false
}

// stepFailing writes the failure object and takes everything staged away.
func (p *Pipeline) stepFailing(ctx context.Context, j *job) (pause, bool, error) {
	if upheld, err := p.uphold(ctx, j); upheld || err != nil {
		return pause{}, err != nil, err
	}
	if err := p.publishFailure(ctx, j); err != nil {
		return pause{}, true, err
	}
	return p.stepRemove(ctx, j)
}

// publishFailure writes the failure object unless the document has a newer
// version, or a later revision's word: then this failure is nobody's concern any
// more, and it covers no other.
func (p *Pipeline) publishFailure(ctx context.Context, j *job) error {
	if j.rec.Step == StepParse {
		return nil // it is said of each document that waited for it
	}
	f := j.rec.Failure
	body, err := json.MarshalIndent(failureObject{1, j.rec.Ref, f.Code, f.Step, f.Retryable, f.Billed, f.At}, "", " ")
	if err != nil {
		return err
	}
	for range maxPublish {
		seen, err := p.standing(ctx, j.rec.Route.Failure)
		if err != nil || j.rec.outdone(seen) {
			return err
		}
		if wanted, err := p.failureWanted(ctx, j); err != nil || !wanted {
			return err
		}
		_, err = p.store.Put(ctx, j.rec.Route.Failure, bytes.NewReader(body), bucket.PutOptions{
			Condition:   bucket.Condition{IfMatch: seen.ETag, Absent: seen.ETag == ""},
			ContentType: "application/json",
			Metadata: map[string]string{
				"zdr-format": "1", "zdr-ref": j.rec.Ref, "zdr-generation": strconv.Itoa(j.rec.Gen),
				"zdr-revision": strconv.Itoa(j.rec.Route.Revision), "zdr-source-version": versionOf(j.rec.Source),
			},
		})
		if err == nil {
			return p.stillFailed(ctx, j)
		}
		if !errors.Is(err, bucket.ErrPrecondition) && !errors.Is(err, bucket.ErrConflict) && !errors.Is(err, bucket.ErrUnknown) {
			return err
		}
	}
	return &bucket.Error{Op: "put", Class: bucket.ErrConflict}
}

// stillFailed takes a failure back that was told too late: its job has been
// tried again meanwhile, or come round to its result. Where it has failed again,
// that is told instead.
func (p *Pipeline) stillFailed(ctx context.Context, j *job) error {
	seen, err := p.load(ctx, j.id)
	switch {
	case err != nil || !p.keeps(ruleTold):
		return err
	case seen.rec.Failure != nil && seen.rec.Gen > j.rec.Gen:
		return p.publishFailure(ctx, seen)
	case seen.rec.Failure != nil:
		return nil
	}
	said, err := p.standing(ctx, j.rec.Route.Failure)
	if err != nil || !j.rec.published(said) {
		return err
	}
	return p.store.Remove(ctx, j.rec.Route.Failure)
}

// failureWanted: the failure belongs at its key, by the document and by the
// result that it has.
func (p *Pipeline) failureWanted(ctx context.Context, j *job) (bool, error) {
	answer, err := p.standing(ctx, j.rec.Route.Result)
	if err != nil {
		return false, err
	}
	to, err := p.place(ctx, j, answer)
	return to == placeResult, err
}

// removeFailure takes an older failure away once the document has a result, and
// the job's own wherever that went.
func (p *Pipeline) removeFailure(ctx context.Context, j *job, to place) error {
	switch {
	case to != placeResult && j.rec.Gen > 1:
		return p.dropFailure(ctx, j)
	case to != placeResult, p.noFailure(ctx, j, j.rec.stagedAt()):
		return nil
	}
	seen, err := p.standing(ctx, j.rec.Route.Failure)
	if err != nil || seen.ETag == "" {
		return err
	}
	return p.store.Remove(ctx, j.rec.Route.Failure)
}

// stagedAt is when the document of the attempt that is sealed was surely there;
// zero where that was before a retry, or is not known.
func (r *record) stagedAt() time.Time {
	if r.Seal == nil {
		return time.Time{}
	}
	if a := r.attempt(r.Seal.Attempt); a != nil && a.Gen == r.Gen {
		return a.IntendedAt
	}
	return time.Time{}
}

// keepText puts words that the provider said about a job into an object of
// their own in the team's bucket: they can quote the document, so they go
// nowhere else. What would make a URL in them usable is taken out.
func (p *Pipeline) keepText(ctx context.Context, j *job, kind string, t zdr.Text) error {
	return p.keepTexts(ctx, j, map[string]zdr.Text{kind: t})
}

func (p *Pipeline) keepTexts(ctx context.Context, j *job, texts map[string]zdr.Text) error {
	for kind, t := range texts {
		if t.IsZero() {
			continue
		}
		clean := unsigned(t.Reveal())
		_, err := p.store.Put(ctx, textKey(j.id, j.rec.Gen, kind), bytes.NewReader([]byte(clean)), bucket.PutOptions{ContentType: "text/plain; charset=utf-8"})
		if err != nil {
			return err
		}
	}
	return nil
}
