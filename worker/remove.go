package worker

import (
	"context"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// stepRemove deletes what every attempt staged or received, all versions. The
// record says sealed or failing, so nothing is lost with it (I4).
func (p *Pipeline) stepRemove(ctx context.Context, j *job) (pause, bool, error) {
	if err := p.removeStaged(ctx, j.rec); err != nil {
		return pause{}, true, err
	}
	return pause{}, false, p.swap(ctx, j, EventRemove, "", nil)
}

func (p *Pipeline) removeStaged(ctx context.Context, r *record) error {
	var keys []string
	for _, a := range r.Attempts {
		keys = append(keys, stagingKey(a.Token), outboxKey(a.Token))
	}
	if len(keys) == 0 {
		return nil
	}
	return p.takeAway(ctx, r, keys...)
}

// takeAway deletes staged objects and says so to the recorder first: a removal
// that nobody heard of is worse than one that is told twice.
func (p *Pipeline) takeAway(ctx context.Context, r *record, keys ...string) error {
	for _, key := range keys {
		e := zdr.Entry{At: p.now(), Kind: zdr.KindRemoved, Operation: "remove", Ref: r.Ref, Key: key}
		if _, n, err := p.secret.open(tokenOf(key)); err == nil {
			e.Attempt = n
		}
		if err := p.recorder.Record(ctx, e); err != nil {
			return err
		}
	}
	return p.exchange.Remove(ctx, keys...)
}

// stepDraining closes the job once nothing can come back: every URL that was
// signed for it has ended on the store's clock, the longest upload has had its
// time, and one more listing is empty.
func (p *Pipeline) stepDraining(ctx context.Context, j *job) (pause, bool, error) {
	if end := j.rec.lastURL(); !end.IsZero() {
		end = end.Add(p.set.DrainMargin)
		if !j.now.After(end) && p.keeps(ruleDrain) {
			return pause{WaitNothing, p.now().Add(end.Sub(j.now))}, true, nil
		}
	}
	if err := p.removeStaged(ctx, j.rec); err != nil {
		return pause{}, true, err
	}
	for _, a := range j.rec.Attempts {
		for _, key := range []string{stagingKey(a.Token), outboxKey(a.Token)} {
			if err := p.gone(ctx, key); err != nil {
				return pause{WaitNothing, p.now().Add(p.set.Ask)}, true, err
			}
		}
	}
	return p.close(ctx, j)
}

// close is the last write of a generation. The document's name goes with it
// where nothing needs it any more; then the marker.
func (p *Pipeline) close(ctx context.Context, j *job) (pause, bool, error) {
	if j.rec.Failure != nil {
		// A success of an older version may have removed it meanwhile.
		if err := p.publishFailure(ctx, j); err != nil {
			return pause{}, true, err
		}
	}
	err := p.swap(ctx, j, EventClose, "", func(r *record) {
		if r.Failure == nil {
			r.Source.Key, r.Source.ETag, r.Route.Result, r.Route.Failure = "", "", "", ""
		}
		r.Attempts = spent(r.Attempts)
		r.Lease, r.Seal = nil, nil
	})
	if err != nil {
		return pause{}, true, err
	}
	return pause{}, true, p.store.Remove(ctx, p.marker(j.id, j.rec.Gen))
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

// tidyMarker deletes a marker that leads nowhere: its record is closed at its
// generation or a later one, or there has been no record of its generation for
// more than a day.
func (p *Pipeline) tidyMarker(ctx context.Context, m bucket.Info, id ID, gen int, j *job) error {
	ahead := j == nil || j.rec.Gen < gen
	absent := ahead && p.storeTime(m.Date).Sub(m.Modified) > 24*time.Hour
	over := j != nil && (j.rec.Gen > gen || j.rec.Gen == gen && j.rec.State == Closed)
	if !absent && !over {
		return nil
	}
	return p.store.Remove(ctx, p.marker(id, gen))
}
