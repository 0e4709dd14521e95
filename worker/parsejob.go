package worker

import (
	"context"
	"errors"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// JobParse is what an extract job says of the parse that its document needs.
type JobParse struct {
	ID      ID
	Gen     int     // of the parse that the Markdown is from; 0 before there is one
	Ref     string  // of the parse's own job; empty before it was looked at
	Ready   bool    // its Markdown is what is, or will be, extracted from
	State   State   // where it is, as far as the job was asked for that
	Code    Code    // why it is held or has failed
	Reused  bool    // another job had begun it
	Partial bool    // some pages could not be read
	Pages   int     // 0: not known
	Credits float64 // that it cost, where this job began it

	WaitingFor Reason
}

// Waits is what the parse waits for, as Job.Waits says it of a job.
func (o JobParse) Waits() Reason { return waits(o.State, o.WaitingFor) }

// describeParse makes the public view of a job's parse; nil for Markdown.
func describeParse(j *job) *JobParse {
	ref := j.rec.Parse
	if ref == nil {
		return nil
	}
	out := &JobParse{
		ID: ref.ID, Gen: ref.Gen, Ref: ref.Ref, Ready: ref.ETag != "", Reused: ref.Reused, Partial: ref.Partial, Pages: ref.Pages, Credits: ref.Credits,
	}
	if j.parse != nil {
		out.look(j.parse.rec)
	}
	return out
}

func (o *JobParse) look(r *record) {
	o.Ref, o.State, o.Code, o.WaitingFor = r.Ref, r.State, Code(r.Hold), r.Waiting
	if r.Failure != nil {
		o.Code = Code(r.Failure.Code)
	}
}

// heldParse: the job cannot go on before somebody decides about its parse.
func (j Job) heldParse() bool {
	return j.State == Claimed && j.Parse != nil && j.Parse.State == Held
}

// lookParse reads the parse of a job that has no Markdown yet.
func (p *Pipeline) lookParse(ctx context.Context, j *job) error {
	if j.rec.Parse == nil || j.rec.Parse.ETag != "" {
		return nil
	}
	pj, err := p.load(ctx, j.rec.Parse.ID)
	if err == nil {
		j.parse = pj
	}
	if errors.Is(err, bucket.ErrNotFound) {
		return nil
	}
	return err
}
