package worker

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// stagedType is what the provider's GET shows: from this table, never from the
// source.
const stagedType = "text/markdown; charset=utf-8"

// maxFenced is how many submissions of a document may lose their answer, each
// proven unbilled, before the job fails: workers that die are no document's
// fault, a document that the provider never answers for is.
const maxFenced = 10

// stepClaimed makes an attempt: token, staging, intent, POST. Whoever finds a
// record in this state mints a new token, always: the token that stands there
// may belong to a worker that is asleep before its copy, and a copy after a
// fence would bring the document back (protocol, traces 3 and 10).
func (p *Pipeline) stepClaimed(ctx context.Context, j *job, n nudge) (pause, bool, error) {
	var ready *parseRef
	if j.rec.Parse != nil && j.rec.Parse.ETag == "" {
		got, err := p.parsed(ctx, j, n)
		if err != nil || got.ready == nil {
			return got.wait, err != nil || !got.moved, err
		}
		ready = got.ready
	}
	if j.rec.mayDeliver() { // what is there already needs no turn and no budget
		if landed, err := p.landing(ctx, j); landed || err != nil {
			return pause{}, false, err
		}
	}
	if w, wait, err := p.mayBegin(ctx, j, n, ready); wait || err != nil {
		return w, true, err
	}
	if landed, err := p.landing(ctx, j); landed || err != nil {
		return pause{}, false, err
	}
	if p.signedIn(j.rec) >= p.set.Attempts || j.rec.endedIn(endFenced) >= maxFenced {
		return pause{}, false, p.fail(ctx, j, exhausted(j.rec), true, "no")
	}
	if a := j.rec.current(); a != nil && a.SignedAt.IsZero() && a.End == "" && !p.keeps(ruleNewToken) {
		return p.attemptNow(ctx, j)
	}
	if err := p.swap(ctx, j, EventBegin, "", func(r *record) {
		dropSpent(r)
		if ready != nil {
			r.Parse = ready
		}
		p.mint(j.id, r)
	}); err != nil {
		return pause{}, true, err
	}
	return p.attemptNow(ctx, j)
}

// signedIn counts the attempts of this generation that had URLs and that the
// provider took, or may have taken.
func (p *Pipeline) signedIn(r *record) int {
	n := 0
	for _, a := range r.Attempts {
		if a.Gen == r.Gen && !a.SignedAt.IsZero() && a.End != endDeferred && a.End != endFenced {
			n++
		}
	}
	return n
}

// exhausted is the code of a job whose attempts are all spent.
func exhausted(r *record) Code {
	if a := r.current(); a != nil && a.End == endUnreachable {
		return CodeUnreachable
	}
	return CodeProviderFailed
}

// mayBegin: nothing is staged, signed or given an attempt before it may be
// submitted.
func (p *Pipeline) mayBegin(ctx context.Context, j *job, n nudge, ready *parseRef) (pause, bool, error) {
	if w, wait := p.mayTry(ctx, j, n); wait {
		return w, true, nil
	}
	if w, wait, err := p.afford(ctx, j, ready); err != nil {
		return w, true, err
	} else if wait {
		return w, true, p.short(ctx, j)
	}
	w, wait := p.paceOf(j.rec.Step).take(ctx, p, j.rec.Backfill, j.rec.weight())
	j.taken = p.now()
	if wait && w.reason == WaitSlot {
		return w, true, p.stepBack(ctx, j)
	}
	return w, wait, nil
}

// mayTry asks all that may keep a submission back but what it takes a share of.
func (p *Pipeline) mayTry(ctx context.Context, j *job, n nudge) (pause, bool) {
	now := p.now()
	if l := j.rec.Lease; l != nil && l.Holder != p.holder && now.Before(l.Until) {
		return pause{WaitSlot, l.Until}, true
	}
	if now.Before(j.rec.NotBefore) {
		return pause{j.rec.Waiting, j.rec.NotBefore}, true
	}
	if !n.slot {
		return pause{WaitSlot, time.Time{}}, true
	}
	if until := p.gateOf(j.rec.Step).closedUntil(now); !until.IsZero() {
		return pause{WaitRate, until}, true
	}
	if w, wait := p.stopped(ctx, cmp.Or(n.route, j.rec.Route.Name)); wait {
		return w, true
	}
	if until, open := p.brake.holds(ctx, p, now); open {
		return pause{WaitBreaker, until}, true
	}
	return pause{}, false
}

// attemptNow carries one minted attempt from staging to the provider's answer.
// Only the call that minted the token may come here (I1, I2).
func (p *Pipeline) attemptNow(ctx context.Context, j *job) (pause, bool, error) {
	has, wait, err := p.reserve(ctx, j)
	if wait || err != nil {
		p.paceOf(j.rec.Step).giveBack(ctx, p, j.taken)
		return p.unpaid(ctx, j, wait, err)
	}
	done, err := p.stage(ctx, j)
	p.paceOf(j.rec.Step).staged(ctx)
	if done || err != nil {
		p.unreserve(j, has)
		return pause{}, false, err
	}
	return p.submit(ctx, j, has)
}

// unpaid leaves an attempt that could not be reserved for.
func (p *Pipeline) unpaid(ctx context.Context, j *job, wait bool, err error) (pause, bool, error) {
	if wait {
		return p.unaffordable(), true, p.short(ctx, j)
	}
	return pause{}, true, err
}

// stage copies the exact version to the attempt's staging key (I2: once; an
// unknown outcome costs the token). done means that the job moved on by itself.
func (p *Pipeline) stage(ctx context.Context, j *job) (done bool, err error) {
	if j.rec.Parse != nil {
		return p.stageParsed(ctx, j)
	}
	_, err = p.copyTo(ctx, j)
	switch {
	case err == nil:
		return false, nil
	case errors.Is(err, bucket.ErrNotFound):
		return true, p.fail(ctx, j, CodeSourceGone, false, "no")
	case errors.Is(err, bucket.ErrPrecondition):
		return true, p.fail(ctx, j, CodeSourceChanged, false, "no")
	case isArchived(err):
		return true, p.fail(ctx, j, CodeSourceArchived, false, "no")
	}
	return false, err
}

// copyTo copies the document with everything that describes it replaced.
func (p *Pipeline) copyTo(ctx context.Context, j *job) (bucket.Info, error) {
	s, ext := j.rec.Source, cmp.Or(j.rec.current().Ext, extMarkdown)
	if err := p.unwanted(ctx, s); err != nil {
		return bucket.Info{}, err
	}
	return p.exchange.Copy(ctx, j.rec.current().staging(),
		bucket.Source{Bucket: s.Bucket, Key: s.Key, Version: s.Version, ETag: s.ETag},
		bucket.PutOptions{ContentType: stagedTypes[ext]})
}

// submit signs, writes down the intent and POSTs: one act of one process.
func (p *Pipeline) submit(ctx context.Context, j *job, has held) (pause, bool, error) {
	clock := p.clockBefore(ctx, recordKey(j.id))
	l, w, err := p.ready(ctx, j, EventIntend, clock, has)
	if p.outlasts(err) {
		return pause{}, false, p.fail(ctx, j, CodeURLTooShort, true, "no")
	}
	if err != nil {
		return w, true, err
	}
	return p.fire(ctx, j, l)
}

func (p *Pipeline) sign(ctx context.Context, j *job) (presign.Pair, error) {
	a := j.rec.current()
	return p.signer.Sign(ctx, presign.Ask{
		StagingKey: a.staging(), OutboxKey: outboxKey(a.Token),
		Ref: j.rec.Ref, Attempt: a.N, Need: p.need(j.rec),
	})
}

// maxTries bounds the repetitions of a POST that was provably not sent.
const maxTries = 5

// post sends one create and writes down what came of it. again: it was not
// sent, and another try under a new intent is due.
func (p *Pipeline) post(ctx context.Context, j *job, l launch) (again bool, w pause, err error) {
	a := *j.rec.current()
	if !p.now().Before(l.deadline) && p.keeps(ruleDeadline) {
		// The store took its time, or this worker slept. Nothing was sent.
		return a.Tries < maxTries, pause{WaitUncertain, l.deadline.Add(p.set.Skew)}, nil
	}
	// A worker that is told to leave waits for this answer: without it the
	// attempt would have to be fenced.
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.postTime(l.deadline))
	defer cancel()
	id, err := l.send(bounded, l.pair)
	if err == nil {
		p.gateOf(j.rec.Step).accepted()
		err := p.accepted(ctx, j, a.N, id)
		p.brake.succeeded(ctx, p)
		return false, pause{WaitResult, time.Time{}}, err
	}
	ctx, done := firm(ctx)
	defer done()
	return p.answered(ctx, j, a, err)
}

// postTime is what is left of a POST's deadline.
func (p *Pipeline) postTime(deadline time.Time) time.Duration {
	if !p.keeps(ruleDeadline) {
		return p.set.PostTimeout
	}
	return deadline.Sub(p.now())
}

// maxMerge bounds how often a job id is tried to be written down; with the
// waits in between it is about a minute.
const maxMerge = 7

// accepted writes down the provider's job id, with patience and whatever
// becomes of the caller's context. If the record moved on meanwhile, the id is
// merged into what it says now: a job id that nobody knows blocks the proofs
// of others.
func (p *Pipeline) accepted(ctx context.Context, j *job, n int, id zdr.JobID) error {
	var unread error
	for try := 1; ; try++ {
		err := p.mergeID(ctx, j, n, id)
		if err == nil || !transient(err) || try == maxMerge || !p.keeps(ruleMerge) {
			return err
		}
		if unread != nil || !errors.Is(err, errLost) {
			sleep(context.WithoutCancel(ctx), backoff(try))
		}
		// A window of its own for each try: this worker may have been asleep.
		again, done := firm(ctx)
		var seen *job
		if seen, unread = p.load(again, j.id); unread == nil {
			*j = *seen
		}
		done()
	}
}

// mergeID is one try of accepted.
func (p *Pipeline) mergeID(ctx context.Context, j *job, n int, id zdr.JobID) error {
	a, event := j.rec.attempt(n), EventNote
	switch {
	case a == nil || a.ProviderJob == id.String():
		return nil // dropped as never accepted, or written by an earlier try
	case n == j.rec.current().N && transitions[j.rec.State][EventAccept] != "":
		event = EventAccept
	}
	ctx, done := firm(ctx)
	defer done()
	return p.swap(ctx, j, event, "", func(r *record) {
		a := r.attempt(n)
		a.ProviderJob, a.End = id.String(), ""
		if event == EventAccept {
			r.Waiting, r.Hold, r.FencedAt = WaitResult, "", time.Time{}
		}
	})
}

// Ends of attempts: why one is over, unbilled.
const (
	endDeferred    = "deferred"    // definitely not accepted: 429, key, credits
	endUnreachable = "unreachable" // the provider could not fetch the URL
	endFailed      = "failed"      // the provider's job failed or was cancelled
	endRejected    = "rejected"    // the provider refused the document for good
	endFenced      = "fenced"      // fenced, and in no list
	endResubmitted = "resubmitted" // given up by choice; it may have been billed
)

// answered deals with a create that was not accepted. Every change is made at
// the version of the record that the POST went out under: an answer that comes
// late (a "400 unreachable" after a fence) must not fail a healthy job.
func (p *Pipeline) answered(ctx context.Context, j *job, a attempt, cause error) (again bool, w pause, err error) {
	var e *ade.Error
	errors.As(cause, &e)
	switch {
	case errors.Is(cause, ade.ErrNotSent) && a.Tries < maxTries:
		return true, pause{WaitUncertain, a.PostDeadline.Add(p.set.Skew)}, nil
	case errors.Is(cause, ade.ErrNotSent):
		err = p.postpone(ctx, j, endDeferred, WaitProvider, backoff(a.Tries))
	case errors.Is(cause, ade.ErrThrottled):
		wait := p.gateOf(j.rec.Step).throttled(p.now(), e.RetryAfter)
		p.paceOf(j.rec.Step).throttled(ctx, p, wait)
		err = p.postpone(ctx, j, endDeferred, WaitRate, wait)
	case errors.Is(cause, ade.ErrUnauthorized), errors.Is(cause, ade.ErrPaymentRequired), errors.Is(cause, ade.ErrForbidden):
		err = errors.Join(p.brake.trip(ctx, p, e.Status), p.postpone(ctx, j, endDeferred, WaitBreaker, 0))
	case errors.Is(cause, ade.ErrUnreachableURL):
		// From 4 seconds to half a minute: attempts are few, outages longer.
		err = p.postpone(ctx, j, endUnreachable, WaitProvider, backoff(3*(1+j.rec.endedIn(endUnreachable))))
	case errors.Is(cause, ade.ErrInvalid):
		err = errors.Join(p.keepText(ctx, j, "provider_error", e.Text), p.fail(ctx, j, CodeProviderReject, false, "no"))
	case errors.Is(cause, ade.ErrRefused), errors.Is(cause, ade.ErrNotFound):
		// Nothing reached the wire, or the provider has no such route.
		err = errors.Join(p.postpone(ctx, j, endDeferred, WaitOperator, p.set.PollMax), cause)
	case errors.Is(cause, ade.ErrViolation):
		err = errors.Join(p.brake.trip(ctx, p, 0), cause)
	default:
		// Unknown outcome: left as it is. Whoever comes after the deadline fences.
		if !p.keeps(rulePostOnce) && a.Tries < maxTries {
			return true, pause{}, nil // a second POST under one intent
		}
		return false, pause{WaitUncertain, a.PostDeadline.Add(p.set.Skew)}, nil
	}
	if errors.Is(err, errLost) {
		if !p.keeps(ruleStaleAnswer) {
			return p.answeredAnyway(ctx, j, cause)
		}
		err = nil // the record moved on; what we heard is no longer about it
	}
	return false, pause{j.rec.Waiting, j.rec.NotBefore}, err
}

// answeredAnyway is what ruleStaleAnswer forbids.
func (p *Pipeline) answeredAnyway(ctx context.Context, j *job, cause error) (bool, pause, error) {
	ctx = context.WithoutCancel(ctx)
	seen, err := p.load(ctx, j.id)
	if err != nil {
		return false, pause{}, err
	}
	*j = *seen
	return p.answered(ctx, j, *j.rec.current(), cause)
}

// postpone ends an attempt that was definitely not accepted. Its staging object
// goes at once; the next attempt has its own.
func (p *Pipeline) postpone(ctx context.Context, j *job, end string, why Reason, wait time.Duration) error {
	staged := j.rec.current().staging()
	err := p.swap(ctx, j, EventDefer, end, func(r *record) {
		r.current().End = end
		r.Waiting, r.NotBefore = why, j.now.Add(wait)
		dropSpent(r)
	})
	if err != nil {
		return err
	}
	return p.takeAway(ctx, j.rec, staged)
}

// dropSpent keeps a storm of 429, or of copies that do not work out, from
// growing the record: of attempts that were never accepted or never sent only
// the newest few are kept. Their URLs can still be used until they end, so the
// kept ones are those that end last.
func dropSpent(r *record) {
	const keep = 8
	spent := 0
	for i := len(r.Attempts) - 1; i >= 0; i-- {
		if a := r.Attempts[i]; a.End != endDeferred && !a.SignedAt.IsZero() {
			continue
		}
		if spent++; spent > keep {
			r.Attempts = append(r.Attempts[:i:i], r.Attempts[i+1:]...)
		}
	}
}

// backoff doubles from a second to half a minute.
func backoff(tries int) time.Duration {
	return min(time.Second<<min(max(tries-1, 0), 10), 30*time.Second)
}

// sleep waits, and reports whether it did so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
