package worker

import (
	"context"
	"errors"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// A result is published before its record says so, each under a condition of its
// own, and between the two a worker may die, or sleep while another ends the job
// otherwise. Whoever watches the result key has seen what was published, so that
// counts: a job whose result stands does not fail, and one that failed meanwhile
// comes round. Who fails a job looks before the record says so, before the
// failure is told, and when the job closes; who publishes and finds the record
// changed looks at it once more; who tells a failure reads the record after. Of
// two that write at the same time the later then sees the other's word.

// told is a result that a job has published.
type told struct {
	key string
	bucket.Info
}

// toldBy looks for the result that a job has published: an extract job in any of
// its generations, which are about the same document; a parse in its own, since
// each has a key and nobody reads that of one that failed. Where nothing was ever
// signed there is nothing to look for.
func (p *Pipeline) toldBy(ctx context.Context, j *job) (*told, error) {
	r := j.rec
	if len(r.live()) == 0 || r.Step == StepParse && r.Failure != nil {
		return nil, nil
	}
	ctx, done := firm(ctx) // it belongs to the write that follows
	defer done()
	if r.Step == StepParse {
		return p.standsAt(ctx, parsedKey(j.id, r.Gen), r.published)
	}
	own := func(seen bucket.Info) bool { return seen.Metadata["zdr-ref"] == r.Ref }
	seen, err := p.standsAt(ctx, r.Route.Result, own)
	if seen != nil || err != nil {
		return seen, err
	}
	return p.standsAt(ctx, historyKey(r.Ref), own)
}

// standsAt is what stands at a key, if it is the job's own.
func (p *Pipeline) standsAt(ctx context.Context, key string, own func(bucket.Info) bool) (*told, error) {
	seen, err := p.standing(ctx, key)
	if err != nil || !own(seen) {
		return nil, err
	}
	return &told{key, seen}, nil
}

// uphold has the record say what the job has told, and reports whether there was
// a result to say.
func (p *Pipeline) uphold(ctx context.Context, j *job) (bool, error) {
	if !p.keeps(ruleTold) {
		return false, nil
	}
	seen, err := p.toldBy(ctx, j)
	if err != nil || seen == nil {
		return false, err
	}
	v, err := p.readTold(ctx, j, seen)
	if err != nil {
		return false, err
	}
	return true, p.sealTold(ctx, j, seen, v)
}

// readTold reads what the provider said of the job out of the result, which says
// it again.
func (p *Pipeline) readTold(ctx context.Context, j *job, seen *told) (verdict, error) {
	obj, err := p.store.Get(ctx, seen.key, bucket.GetOptions{IfMatch: seen.ETag})
	if errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrNotFound) {
		return verdict{}, errLost // it is another by now: look again
	}
	if err != nil {
		return verdict{}, err
	}
	defer obj.Body.Close()
	v, err := p.checkBody(ctx, j, obj)
	v.ofPartial(j.rec.Parse)
	return v, err
}

// sealTold seals a job by its result, from wherever it is. A failure that was
// told before goes: once before, so that a crash leaves none, and once after,
// for one that was being told.
func (p *Pipeline) sealTold(ctx context.Context, j *job, seen *told, v verdict) error {
	if err := p.dropFailure(ctx, j); err != nil {
		return err
	}
	failed := j.rec.Failure != nil
	seal := func() error {
		next, err := toSealing(j, v.jobID)
		if err == nil {
			err = p.markSealed(ctx, next, seen.Info, seen.Metadata["zdr-status"], v.jobID, v.receipt)
		}
		if err == nil {
			*j = *next
		}
		return err
	}
	if !failed {
		return seal()
	}
	if err := p.removeStaged(ctx, j.rec); err != nil {
		return err
	}
	return errors.Join(p.inNextGen(ctx, j, seal), p.dropFailure(ctx, j))
}

// toSealing foresees the events that lead to sealing. A job that has failed gets
// there through its next generation.
func toSealing(j *job, jobID string) (next *job, err error) {
	if j.rec.State == Sealing {
		return j, nil
	}
	next = j
	if j.rec.State == Failing {
		next, err = foresee(next, EventRemove, nil)
	}
	if err == nil && j.rec.Failure != nil {
		next, err = foresee(next, EventRetry, (*record).again)
	}
	if err != nil {
		return nil, err
	}
	n := j.rec.deliveredBy(jobID)
	return foresee(next, EventLand, func(r *record) { r.lands(n, bucket.Info{}) })
}

// deliveredBy is the attempt that a result is of: that of the provider's job
// which the result names, else the newest.
func (r *record) deliveredBy(jobID string) int {
	live := r.live()
	for _, a := range live {
		if jobID != "" && a.ProviderJob == jobID {
			return a.N
		}
	}
	return live[len(live)-1].N
}

// overtaken is for a worker whose result stands and whose record was changed by
// another first. A job that was being failed is looked at by whoever fails it;
// one that had failed comes round here.
func (p *Pipeline) overtaken(ctx context.Context, j *job) error {
	seen, err := p.load(ctx, j.id)
	if err == nil && seen.rec.Failure != nil && seen.rec.State.ended() {
		_, err = p.uphold(ctx, seen)
	}
	return errors.Join(err, errLost)
}
