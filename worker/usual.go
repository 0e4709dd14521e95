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
// more than a page of markers and a few records.
func (p *Pipeline) Usual(ctx context.Context, route string) (Usual, error) {
	ids, err := p.someOpen(ctx, usualReads)
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

// someOpen draws some of the jobs that have markers.
func (p *Pipeline) someOpen(ctx context.Context, most int) (some []ID, err error) {
	seen := 0
	for m, err := range p.store.List(ctx, bucket.Page{Prefix: openPrefix, Limit: pageSize}) {
		if err != nil {
			return nil, err
		}
		id, _, err := parseMarkerKey(m.Key)
		if err != nil {
			continue
		}
		if seen++; len(some) < most {
			some = append(some, id)
		} else if i := rand.IntN(seen); i < most {
			some[i] = id
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
