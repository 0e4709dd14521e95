package worker

import (
	"context"
	"maps"
	"time"
)

// Pause is the fleet's pause: a person stops submissions, of all routes or of
// some. What was accepted goes on. Every worker reads it before it submits.
type Pause struct {
	Format int                  `json:"format"`
	Nonce  string               `json:"nonce,omitempty"`
	All    time.Time            `json:"all,omitzero"`     // since when; zero: not paused
	Routes map[string]time.Time `json:"routes,omitempty"` // since when, by name
}

// Any reports whether something is paused.
func (p Pause) Any() bool { return !p.All.IsZero() || len(p.Routes) > 0 }

// Of reports whether a route is paused, by itself or with all.
func (p Pause) Of(route string) bool {
	_, own := p.Routes[route]
	return own || !p.All.IsZero()
}

// Stops reports whether a pause is what a job waits for: neither it nor its
// parse is at the provider. No record says so, since a pause is of all jobs.
func (p Pause) Stops(j Job) bool {
	parse := j.Parse
	home := parse == nil || parse.Ready || parse.State == "" || parse.State == Claimed
	return home && j.State == Claimed && p.Of(j.Route)
}

// Paused reads what is paused now.
func (p *Pipeline) Paused(ctx context.Context) (Pause, error) {
	now, err := p.pauses.view(ctx, p.store, p.now())
	return now, fault("pause", "", err)
}

// Pause stops submissions of a route, or of all with "". Other workers know it
// some seconds later. A pause that stands keeps its time.
func (p *Pipeline) Pause(ctx context.Context, route string) (Pause, error) {
	now, err := p.pauses.change(ctx, p.store, p.now, func(was Pause) (Pause, bool) {
		to := was.clone()
		if _, own := was.Routes[route]; own || route == "" && !was.All.IsZero() {
			return was, false
		}
		if route == "" {
			to.All = p.now().UTC()
		} else {
			to.Routes[route] = p.now().UTC()
		}
		return to, true
	})
	return now, fault("pause", "", err)
}

// Resume ends the pause of a route, or with "" every pause. A route stays paused
// where all are.
func (p *Pipeline) Resume(ctx context.Context, route string) (Pause, error) {
	now, err := p.pauses.change(ctx, p.store, p.now, func(was Pause) (Pause, bool) {
		to := was.clone()
		if delete(to.Routes, route); route == "" {
			to.All, to.Routes = time.Time{}, nil
		}
		_, own := was.Routes[route]
		return to, own || route == "" && was.Any()
	})
	return now, fault("resume", "", err)
}

// allPaused reports whether every route was paused when that was read last.
func (p *Pipeline) allPaused() bool {
	if p.pauses.take(context.Background()) != nil {
		return false
	}
	defer p.pauses.give()
	return !p.pauses.last.All.IsZero()
}

func (p Pause) clone() Pause {
	to := Pause{Format: 1, Nonce: newNonce(), All: p.All, Routes: maps.Clone(p.Routes)}
	if to.Routes == nil {
		to.Routes = map[string]time.Time{}
	}
	return to
}

// stopped reports whether a person has paused a route. A worker that has never
// been able to ask does not submit; one that has goes by what it heard last.
func (p *Pipeline) stopped(ctx context.Context, route string) (pause, bool) {
	now := p.now()
	again := now.Add(controlFresh)
	if p.pauses.take(ctx) != nil {
		return pause{WaitSlot, again}, true
	}
	defer p.pauses.give()
	if err := p.pauses.refresh(ctx, p.store, now); err != nil && !p.pauses.known {
		return pause{WaitSlot, again}, true
	}
	if p.pauses.last.Of(route) {
		return pause{WaitPaused, again}, true
	}
	return pause{}, false
}
