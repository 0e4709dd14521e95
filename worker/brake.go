package worker

import (
	"context"
	"errors"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Breaker is the fleet's stop: an object in the store bucket that every worker
// reads before it submits. It trips on what is no document's fault: a key that
// is refused (401), credits that are used up (402), an account that may not
// (403), or a violation of the boundary. What was accepted goes on.
type Breaker struct {
	Format int       `json:"format"`
	Open   bool      `json:"open"`
	Reason string    `json:"reason,omitempty"` // key_refused, credits, forbidden, violation
	Since  time.Time `json:"since,omitzero"`
	Probe  time.Time `json:"probe,omitzero"` // one worker may try again after this
}

// Reasons of an open breaker.
const (
	BreakerKey       = "key_refused"
	BreakerCredits   = "credits"
	BreakerForbidden = "forbidden"
	BreakerViolation = "violation"
)

const (
	// brakeFresh is how old a reading of the breaker may be before a submit.
	brakeFresh = 5 * time.Second
	// brakeProbe is how long nobody tries after a refusal.
	brakeProbe = 5 * time.Minute
)

// brake is this worker's view of the breaker.
type brake struct {
	turn chan struct{} // holds one: a lock that a request may be made under, and given up with the context
	read time.Time
	etag string
	last Breaker
}

func newBrake() brake { return brake{turn: make(chan struct{}, 1)} }

func (b *brake) take(ctx context.Context) bool {
	select {
	case b.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (b *brake) give() { <-b.turn }

// holds reports whether a submit must wait, and until when at least. When a
// probe is due, the one worker that moves the probe's time goes through.
func (b *brake) holds(ctx context.Context, p *Pipeline, now time.Time) (time.Time, bool) {
	if !b.take(ctx) {
		return time.Time{}, false
	}
	defer b.give()
	if err := b.refresh(ctx, p, now); err != nil {
		// Unknown is not open: the submit itself needs the same bucket.
		return time.Time{}, false
	}
	if !b.last.Open {
		return time.Time{}, false
	}
	if b.last.Reason != BreakerViolation && now.After(b.last.Probe) && b.probe(ctx, p, now) {
		return time.Time{}, false
	}
	return b.last.Probe, true
}

func (b *brake) refresh(ctx context.Context, p *Pipeline, now time.Time) error {
	if now.Sub(b.read) < brakeFresh {
		return nil
	}
	var seen Breaker
	info, err := readJSON(ctx, p.store, breakerKey, &seen)
	if errors.Is(err, bucket.ErrNotFound) {
		info, seen, err = bucket.Info{}, Breaker{}, nil
	}
	if err != nil {
		return err
	}
	b.read, b.etag, b.last = now, info.ETag, seen
	return nil
}

func (b *brake) probe(ctx context.Context, p *Pipeline, now time.Time) bool {
	try := b.last
	try.Probe = now.Add(brakeProbe).UTC()
	return b.set(ctx, p, now, try)
}

// set replaces the breaker if nobody else did since it was read.
func (b *brake) set(ctx context.Context, p *Pipeline, now time.Time, to Breaker) bool {
	to.Format = 1
	info, err := writeJSON(ctx, p.store, breakerKey, to, bucket.Condition{IfMatch: b.etag, Absent: b.etag == ""})
	if err != nil {
		b.read = time.Time{} // look again next time
		return false
	}
	b.read, b.etag, b.last = now, info.ETag, to
	return true
}

// trip opens the breaker for the whole fleet.
func (b *brake) trip(ctx context.Context, p *Pipeline, status int) error {
	if !b.take(ctx) {
		return ctx.Err()
	}
	defer b.give()
	reason := map[int]string{401: BreakerKey, 402: BreakerCredits, 403: BreakerForbidden, 0: BreakerViolation}[status]
	now := p.now()
	for range maxPublish {
		b.read = time.Time{}
		if err := b.refresh(ctx, p, now); err != nil {
			return err
		}
		if b.last.Open && (b.last.Reason == reason || b.last.Reason == BreakerViolation) {
			return nil
		}
		if b.set(ctx, p, now, Breaker{Open: true, Reason: reason, Since: now.UTC(), Probe: now.Add(brakeProbe).UTC()}) {
			return nil
		}
	}
	return &bucket.Error{Op: "put", Class: bucket.ErrConflict}
}

// succeeded closes a breaker after an accepted probe. One that tripped on a
// violation is closed by a person only.
func (b *brake) succeeded(ctx context.Context, p *Pipeline) {
	if !b.take(ctx) {
		return
	}
	defer b.give()
	if b.last.Open && b.last.Reason != BreakerViolation {
		b.set(ctx, p, p.now(), Breaker{})
	}
}

// Breaker reads the fleet's stop.
func (p *Pipeline) Breaker(ctx context.Context) (Breaker, error) {
	if !p.brake.take(ctx) {
		return Breaker{}, fault("breaker", "", ctx.Err())
	}
	defer p.brake.give()
	p.brake.read = time.Time{}
	err := p.brake.refresh(ctx, p, p.now())
	return p.brake.last, fault("breaker", "", err)
}

// Release closes the breaker: a person says that its cause is mended.
func (p *Pipeline) Release(ctx context.Context) error {
	if _, err := p.Breaker(ctx); err != nil {
		return err
	}
	if !p.brake.take(ctx) {
		return fault("breaker", "", ctx.Err())
	}
	defer p.brake.give()
	if p.brake.last.Open && !p.brake.set(ctx, p, p.now(), Breaker{}) {
		return fault("breaker", "", &bucket.Error{Op: "put", Class: bucket.ErrConflict})
	}
	return nil
}
