package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// stepSubmitting meets a record whose POST may or may not have gone out, and is
// not this call's own. Before the deadline its owner may still be at it; after,
// it is fenced. Fencing too early costs an attempt, never a bill, so the
// deadline may depend on clocks (I8).
func (p *Pipeline) stepSubmitting(ctx context.Context, j *job) (pause, bool, error) {
	if landed, err := p.landing(ctx, j); landed || err != nil {
		return pause{}, false, err
	}
	due := j.rec.current().PostDeadline.Add(p.set.Skew)
	if p.now().Before(due) {
		return pause{WaitUncertain, due}, true, nil
	}
	return pause{}, false, p.swap(ctx, j, EventFence, "", func(r *record) { r.FencedAt = time.Time{} })
}

// stepFencing settles an attempt of unknown outcome, in the order that the
// protocol's counterexamples force: first make a late POST harmless, then wait
// the list's lag, then the outbox, then the list, and the clock last.
func (p *Pipeline) stepFencing(ctx context.Context, j *job) (pause, bool, error) {
	if j.rec.FencedAt.IsZero() {
		return pause{}, false, p.cutOff(ctx, j)
	}
	if due := j.rec.FencedAt.Add(p.set.ListLag); j.now.Before(due) && p.keeps(ruleListLag) {
		return pause{WaitUncertain, p.now().Add(due.Sub(j.now))}, true, nil
	}
	expired := p.expired(j)
	if landed, err := p.landing(ctx, j); landed || err != nil {
		return pause{}, false, err
	}
	if !p.keeps(ruleExpiryFirst) {
		expired = p.expiredNow(ctx, j)
	}
	proof, err := p.proveUnbilled(ctx, j)
	if err != nil {
		return pause{WaitUncertain, p.now().Add(p.set.Ask)}, true, err
	}
	switch {
	case proof.settled:
		return pause{}, false, nil
	case proof.unbilled, expired && !p.keeps(ruleExpiryNoProof):
		return pause{}, false, p.swap(ctx, j, EventProve, "", func(r *record) { r.endFenced() })
	case expired:
		return pause{}, false, p.hold(ctx, j, CodeUncertain)
	}
	return pause{WaitUncertain, p.now().Add(p.set.Ask)}, true, nil
}

func (r *record) endFenced() {
	r.current().End = endFenced
	r.FencedAt, r.Waiting, r.Hold = time.Time{}, WaitNothing, ""
}

// cutOff deletes what the attempt's markdown_url points at: a POST that a
// paused worker sends from now on finds nothing, so it fails and is not
// billed. A staging object is made once, before the intent, so it cannot come
// back (I2).
func (p *Pipeline) cutOff(ctx context.Context, j *job) error {
	key := j.rec.current().staging()
	if p.keeps(ruleFence) {
		if err := p.takeAway(ctx, j.rec, key); err != nil {
			return err
		}
		if err := p.gone(ctx, key); err != nil {
			return err
		}
	}
	if err := p.refresh(ctx, j); err != nil {
		return err
	}
	return p.swap(ctx, j, EventFenced, "", func(r *record) { r.FencedAt = j.now })
}

// refresh reads the store's clock anew: the list's lag runs from the deletion,
// and this worker may have slept between reading the record and that. Counted
// from before, a POST that went out meanwhile would be looked for too early.
func (p *Pipeline) refresh(ctx context.Context, j *job) error {
	seen, err := p.load(ctx, j.id)
	if err != nil {
		return err
	}
	if seen.etag != j.etag {
		return errLost
	}
	*j = *seen
	return nil
}

// gone proves by a listing that no version, delete marker or upload of the key
// is left; ErrConflict when something is.
func (p *Pipeline) gone(ctx context.Context, key string) error {
	for r, err := range p.exchange.Remnants(ctx, key) {
		if err != nil {
			return err
		}
		if r.Key == key && !r.Marker {
			return &bucket.Error{Op: "remove", Class: bucket.ErrConflict}
		}
	}
	return nil
}

// expired is judged on the store's clock, before the outbox is read: judged
// after it, a result that lands in between would be overlooked (trace 3).
func (p *Pipeline) expired(j *job) bool {
	return j.now.After(j.rec.lastURL().Add(p.set.DrainMargin))
}

// expiredNow is what ruleExpiryFirst forbids: the clock is read last.
func (p *Pipeline) expiredNow(ctx context.Context, j *job) bool {
	seen, err := p.load(ctx, j.id)
	return err == nil && seen.now.After(j.rec.lastURL().Add(p.set.DrainMargin))
}

// proof is what the provider's list says about an attempt.
type proof struct {
	unbilled bool // no job in the list can be this attempt's
	settled  bool // the record has moved on
}

// listMemory is how long the provider's list is taken to remember a job. How
// long it does is not documented; a job that it has forgotten looks like one
// that never was.
const listMemory = 24 * time.Hour

// proveUnbilled walks the provider's list. An attempt is proven unbilled when
// every job that could be it is known to be another record's, has failed, or
// was cancelled. It assumes a list that is complete after its lag, and a key
// that only this fleet uses: neither is documented.
func (p *Pipeline) proveUnbilled(ctx context.Context, j *job) (proof, error) {
	if j.now.Sub(j.rec.current().SignedAt) > listMemory {
		return proof{}, nil
	}
	w, err := p.window(ctx, j)
	if err != nil {
		return proof{}, err
	}
	unknown, err := p.candidates(ctx, j.rec.Step, w)
	if err != nil {
		return proof{}, err
	}
	err = p.known.readOnce(ctx, unknown, w.since, p.now(), func() error { return p.strikeKnown(ctx, unknown, w.since) })
	if err != nil {
		return proof{}, err
	}
	return p.askEach(ctx, j, unknown)
}

// askEach asks the provider about the jobs that no record knows.
func (p *Pipeline) askEach(ctx context.Context, j *job, unknown map[string]zdr.JobID) (proof, error) {
	for _, id := range sorted(unknown) {
		n, over, err := p.whose(ctx, j, unknown[id])
		switch {
		case err != nil:
			return proof{}, err
		case n > 0:
			return proof{settled: true}, p.accepted(ctx, j, n, unknown[id])
		case !over:
			return proof{}, nil
		}
	}
	return proof{unbilled: true}, nil
}

// strikeKnown takes out the jobs that some record knows as its own: open ones
// first, then those that were closed since the first of the jobs was received.
// A proof that comes after the URLs have ended needs them.
func (p *Pipeline) strikeKnown(ctx context.Context, unknown map[string]zdr.JobID, since time.Time) error {
	for _, all := range []bool{false, true} {
		if err := p.strikeIn(ctx, unknown, all, since); err != nil || len(unknown) == 0 {
			return err
		}
	}
	return nil
}

// strikeIn looks at open records, or at all that were written since a time.
func (p *Pipeline) strikeIn(ctx context.Context, unknown map[string]zdr.JobID, all bool, since time.Time) error {
	prefix := openPrefix
	if all {
		prefix = recordPrefix
	}
	for info, err := range p.store.List(ctx, bucket.Page{Prefix: prefix}) {
		if err != nil {
			return err
		}
		id, err := idOfKey(info.Key, all)
		if err != nil || all && info.Modified.Before(since) {
			continue
		}
		other, err := p.load(ctx, id)
		if err != nil && transient(err) {
			return err
		}
		if err != nil {
			continue // gone, or of a newer format: what it knows stays unknown
		}
		for _, a := range other.rec.Attempts {
			delete(unknown, a.ProviderJob)
		}
		if len(unknown) == 0 {
			return nil
		}
	}
	return nil
}

// whose asks the provider about one unknown job. n: it delivers to the outbox of
// this attempt of the job. over: it cannot be billed, or it delivers to an
// outbox of another job of this fleet. That is said once a result lies there,
// if at all; nothing follows from silence.
func (p *Pipeline) whose(ctx context.Context, j *job, id zdr.JobID) (n int, over bool, err error) {
	if p.known.delivers(id, j.id) {
		return 0, true, nil
	}
	got, err := p.jobOf(ctx, j.rec, id)
	switch {
	case errors.Is(err, ade.ErrViolation):
		return 0, false, p.brake.trip(ctx, p, 0)
	case errors.Is(err, ade.ErrNotFound):
		return 0, false, nil // listed and not shown: nothing follows from it
	case err != nil:
		return 0, false, err
	case got.Status == ade.StatusFailed || got.Status == ade.StatusCancelled:
		return 0, true, nil
	}
	owner, n, err := p.secret.open(tokenOf(OutboxPrefix + got.OutputName.Reveal()))
	if err != nil {
		return 0, false, nil
	}
	p.known.noteOwner(id, owner)
	if owner != j.id {
		return 0, true, nil
	}
	if j.rec.attempt(n) == nil {
		n = 0 // of an attempt that was dropped as never accepted: it was, so nothing is proven
	}
	return n, false, nil
}

// hold stops a job until a person, the policy or a late result moves it. What
// was staged for it goes: its URL has ended, or it was fenced.
func (p *Pipeline) hold(ctx context.Context, j *job, why Code) error {
	var keys []string
	for _, a := range j.rec.Attempts {
		keys = append(keys, a.staging())
	}
	if err := p.takeAway(ctx, j.rec, keys...); err != nil {
		return err
	}
	return p.swap(ctx, j, EventHold, string(why), func(r *record) { r.Hold, r.Waiting = string(why), WaitOperator })
}

// stepHeld looks for a late result, and for a late proof. Submitting again
// without one may bill twice, so only the policy that says so does it by itself.
func (p *Pipeline) stepHeld(ctx context.Context, j *job, n nudge) (pause, bool, error) {
	if landed, err := p.landing(ctx, j); landed || err != nil {
		return pause{}, false, err
	}
	if proven, err := p.proveHeld(ctx, j, n); proven || err != nil {
		return pause{}, false, err
	}
	if p.set.OnUncertain == UncertainResubmit {
		return pause{}, false, p.resubmit(ctx, j)
	}
	return pause{WaitOperator, time.Time{}}, true, nil
}

// proveHeld asks the provider's list again about an attempt whose outcome could
// not be settled: what was in the way then, the job of another attempt of
// unknown outcome, may be in a record by now. A provider that does not answer
// leaves the job as it is.
func (p *Pipeline) proveHeld(ctx context.Context, j *job, n nudge) (proven bool, err error) {
	if !n.ask || j.rec.Hold != string(CodeUncertain) || j.rec.FencedAt.IsZero() {
		return false, nil
	}
	proof, err := p.proveUnbilled(ctx, j)
	switch {
	case err != nil && !transient(err):
		return false, err
	case err != nil || !proof.unbilled:
		return proof.settled, nil
	}
	return true, p.swap(ctx, j, EventProve, "", func(r *record) { r.endFenced() })
}

// resubmit gives the held attempt up by choice: it may have been billed.
func (p *Pipeline) resubmit(ctx context.Context, j *job) error {
	if upheld, err := p.uphold(ctx, j); upheld || err != nil {
		return err
	}
	return p.swap(ctx, j, EventResubmit, j.rec.Hold, func(r *record) {
		if a := r.current(); a != nil {
			a.End = endResubmitted
		}
		r.Hold, r.Waiting, r.FencedAt = "", WaitNothing, time.Time{}
	})
}

func sorted(m map[string]zdr.JobID) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
