package worker

import (
	"context"
	"errors"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// stepRemove deletes what every attempt of a job that failed staged or received,
// all versions, and says so in the record: from then on it may be tried again.
func (p *Pipeline) stepRemove(ctx context.Context, j *job) (pause, bool, error) {
	if err := p.removeStaged(ctx, j.rec); err != nil {
		return pause{}, true, err
	}
	return pause{}, false, p.swap(ctx, j, EventRemove, "", nil)
}

func (p *Pipeline) removeStaged(ctx context.Context, r *record) error {
	keys := r.staged()
	if len(keys) == 0 {
		return nil
	}
	return p.takeAway(ctx, r, keys...)
}

// staged are the keys of all that the job may have in the exchange bucket.
func (r *record) staged() (keys []string) {
	for _, a := range r.Attempts {
		keys = append(keys, a.staging(), outboxKey(a.Token))
	}
	return keys
}

// takeAway deletes staged objects and says so to the recorder first.
func (p *Pipeline) takeAway(ctx context.Context, r *record, keys ...string) error {
	for _, key := range keys {
		if err := p.tellRemoved(ctx, r.Ref, key); err != nil {
			return err
		}
	}
	return p.exchange.Remove(ctx, keys...)
}

// stepDraining is for a job whose outcome stands. While one of its URLs may
// live it goes into the bin, to be emptied with others, and from there onto a
// slip; after that it closes once nothing is left.
func (p *Pipeline) stepDraining(ctx context.Context, j *job) (pause, bool, error) {
	if !p.drained(j) {
		p.settleAll(j) // whoever brought its end may have died before that was written
		due := j.rec.lastURL().Add(p.set.DrainMargin)
		var keys []string
		if j.rec.State == Sealed {
			keys = j.rec.staged()
		}
		if j.rec.parted() {
			if err := p.takeAway(ctx, j.rec, keys...); err != nil {
				return pause{}, true, err
			}
		}
		p.bin.add(j, due, keys)
		return pause{WaitNothing, p.now().Add(due.Sub(j.now))}, true, nil
	}
	if err := p.sweepOut(ctx, j); err != nil {
		return pause{WaitNothing, p.now().Add(p.set.Ask)}, true, err
	}
	gen := j.rec.Gen
	if err := p.close(ctx, j); err != nil {
		return pause{}, true, err
	}
	return pause{}, j.rec.State == Closed, p.store.Remove(ctx, p.marker(j.id, gen))
}

// parted: the document may have been staged in parts. Not every store lists
// unfinished uploads but by their exact key, so what is left of those is looked
// for job by job.
func (r *record) parted() bool {
	return r.Source.Size >= 1<<30 || r.Parse != nil && r.Parse.Markdown >= 4<<20
}

// drained: every URL that was signed for the job has ended on the store's clock,
// and the longest upload has had its time.
func (p *Pipeline) drained(j *job) bool {
	end := j.rec.lastURL()
	return end.IsZero() || j.now.After(end.Add(p.set.DrainMargin)) || !p.keeps(ruleDrain)
}

// sweepOut removes once more what is staged, and proves by a listing for each
// key that nothing is left.
func (p *Pipeline) sweepOut(ctx context.Context, j *job) error {
	if err := p.removeStaged(ctx, j.rec); err != nil {
		return err
	}
	for _, key := range j.rec.staged() {
		if err := p.gone(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// close is the last write of a generation; of a sealed job it tells the removal
// too. The document's name goes with it where nothing needs it any more. A job
// that comes round to its result now is in its next generation then, not closed.
func (p *Pipeline) close(ctx context.Context, j *job) error {
	p.settleAll(j) // the last chance: what each attempt has reserved goes too
	if upheld, err := p.lastWord(ctx, j); upheld || err != nil {
		return err
	}
	drained := j
	if j.rec.State == Sealed {
		var err error
		if drained, err = foresee(j, EventRemove, nil); err != nil {
			return err
		}
	}
	err := p.swap(ctx, drained, EventClose, "", func(r *record) {
		if r.Failure == nil {
			r.Source.Key, r.Source.ETag, r.Route.Result, r.Route.Failure = "", "", "", ""
		}
		r.Attempts = spent(r.Attempts)
		r.Lease, r.Seal = nil, nil
	})
	if err == nil {
		*j = *drained
	}
	return err
}

// lastWord looks once more at what a job has told that has failed, or had.
func (p *Pipeline) lastWord(ctx context.Context, j *job) (upheld bool, err error) {
	switch {
	case j.rec.Failure != nil:
		if upheld, err := p.uphold(ctx, j); upheld || err != nil {
			return upheld, err
		}
		// A success of an older version may have removed it meanwhile.
		return false, p.publishFailure(ctx, j)
	case j.rec.Gen > 1:
		return false, p.dropFailure(ctx, j)
	}
	return false, nil
}

// spent keeps of closed attempts what still means something: their number and
// the provider's job ids, for a reconciliation with its bill.
func spent(all []attempt) []attempt {
	out := make([]attempt, 0, len(all))
	for _, a := range all {
		out = append(out, attempt{N: a.N, Gen: a.Gen, Token: a.Token, SignedAt: a.SignedAt, ExpiresS: a.ExpiresS, Tries: a.Tries, ProviderJob: a.ProviderJob, End: a.End})
	}
	return out
}

// markerAlone is how long a marker may stand without its record: its writer may
// be asleep between the two (a machine that is shut for a long weekend), and a
// record that is then written without a marker is open and nobody's. A marker
// that leads nowhere costs next to nothing.
func (p *Pipeline) markerAlone() time.Duration {
	if !p.keeps(ruleMarkerWaits) {
		return time.Minute
	}
	return 7 * 24 * time.Hour
}

// tidyMarker deletes a marker that leads nowhere: its record is closed at its
// generation or a later one, or there has been no record of its generation for
// a week.
func (p *Pipeline) tidyMarker(ctx context.Context, m bucket.Info, id ID, gen int, j *job) error {
	ahead := j == nil || j.rec.Gen < gen
	absent := ahead && p.storeTime(m.Date).Sub(m.Modified) > p.markerAlone()
	over := j != nil && (j.rec.Gen > gen || j.rec.Gen == gen && j.rec.State == Closed)
	if !absent && !over || j == nil && !p.recordless(ctx, id) {
		return nil
	}
	return p.store.Remove(ctx, p.marker(id, gen))
}

// recordless: there is no record, for certain. One that could not be read now, or
// that a newer program wrote, is open for all that is known, and without its
// marker it would be nobody's.
func (p *Pipeline) recordless(ctx context.Context, id ID) bool {
	_, err := p.load(ctx, id)
	return errors.Is(err, bucket.ErrNotFound)
}
