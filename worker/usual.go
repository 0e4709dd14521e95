package worker

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Usual is how long the provider took for jobs of a route, and what they cost,
// as far as a sample of those says whose markers still stand.
type Usual struct {
	Jobs        int // that were looked at; below three nothing is usual
	Least, Most time.Duration
	Credits     float64 // of the one in the middle
}

// usualReads bounds how many jobs are read for that.
const usualReads = 40

// Usual looks at some jobs of a route that were answered lately. It reads no
// more than some slips and a few records.
func (p *Pipeline) Usual(ctx context.Context, route string) (Usual, error) {
	ids, err := p.someDraining(ctx, usualReads)
	if err != nil {
		return Usual{}, fault("usual", "", err)
	}
	var took []time.Duration
	var cost []float64
	for _, id := range ids {
		j, err := p.load(ctx, id)
		if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, errNewerFormat) {
			continue
		}
		if err != nil {
			return Usual{}, fault("usual", "", err)
		}
		if d, ok := answeredIn(j.rec); ok && j.rec.Route.Name == route {
			took = append(took, d)
		}
		if j.rec.Receipt != nil && j.rec.Route.Name == route {
			cost = append(cost, j.rec.Receipt.Credits)
		}
	}
	slices.Sort(took)
	slices.Sort(cost)
	u := Usual{Jobs: len(took)}
	if len(took) > 0 {
		u.Least, u.Most = took[len(took)/10], took[len(took)-1-len(took)/10]
	}
	if len(cost) > 0 {
		u.Credits = cost[len(cost)/2]
	}
	return u, nil
}

// someDraining draws some of the jobs that were answered and wait for the end of
// their URLs. A slip names many.
func (p *Pipeline) someDraining(ctx context.Context, most int) (some []ID, err error) {
	var keys []string
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: slipPrefix, Limit: pageSize}) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, o.Key)
	}
	rand.Shuffle(len(keys), func(i, k int) { keys[i], keys[k] = keys[k], keys[i] })
	for _, key := range keys {
		s, err := p.readSlip(ctx, key)
		if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrInvalid) || errors.Is(err, errNewerFormat) {
			continue // done with meanwhile, or not for this program
		}
		if err != nil {
			return nil, err
		}
		for _, e := range s.entries() {
			if some = append(some, e.id); len(some) == most {
				return some, nil
			}
		}
	}
	return some, nil
}

// answeredIn is how long after it was accepted a job's result was found.
func answeredIn(r *record) (time.Duration, bool) {
	var accepted time.Time
	for _, h := range r.History {
		switch h.Event {
		case EventAccept:
			accepted = h.At
		case EventLand, EventSeal:
			if !accepted.IsZero() {
				return h.At.Sub(accepted), true
			}
		}
	}
	return 0, false
}

// NextLook is when a sweep looks at a job again that was claimed then, whatever
// else happens.
func NextLook(claimed, now time.Time) time.Time {
	for _, a := range ages {
		if due := claimed.Add(a); due.After(now) {
			return due
		}
	}
	old := ages[len(ages)-1]
	return claimed.Add((now.Sub(claimed)/old + 1) * old)
}
