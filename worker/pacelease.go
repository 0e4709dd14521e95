package worker

import (
	"context"
	"errors"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// pacer is this worker's part of the fleet's pace.
type pacer struct {
	limits  Limits
	control control[Pace]

	left  int         // submissions of the chunk in hand
	until time.Time   // when that ends
	spare float64     // submissions of ended chunks that nobody used: the next lease says so
	saved time.Time   // when spare was right
	full  time.Time   // too many documents are staged: look again then
	kept  int         // submissions not made that are staged, and count until giveBack
	gone  int         // of these, those whose copy was taken away
	begun []time.Time // submissions taken whose document may not be staged yet

	took func(ctx context.Context, n int) // a simulation is told of what is taken; nil in a program
}

// begunFor is how long a submission counts as begun: it is staged by then, and
// a listing shows it.
const begunFor = 10 * time.Second

func newPacer(l Limits, key string) pacer { return pacer{limits: l, control: newControl[Pace](key)} }

// take asks for one submission that weighs n. wait says that it must wait, and
// until when.
func (c *pacer) take(ctx context.Context, p *Pipeline, back bool, n int) (w pause, wait bool) {
	if c.control.take(ctx) != nil {
		return pause{WaitRate, p.now().Add(controlFresh)}, true
	}
	defer c.control.give()
	if w, wait := c.may(ctx, p, back, n); wait || c.limits.none() {
		return w, wait
	}
	now := p.now() // not before: the store may have taken its time
	c.left -= n
	c.begun = append(c.recent(now), now)
	c.tell(ctx, n)
	return pause{}, false
}

// open asks whether take would give one now, and takes none: not for a moment
// either, or another hand that asks in that moment would wait for the next.
func (c *pacer) open(ctx context.Context, p *Pipeline, back bool) (w pause, wait bool) {
	if c.control.take(ctx) != nil {
		return pause{WaitRate, p.now().Add(controlFresh)}, true
	}
	defer c.control.give()
	return c.may(ctx, p, back, 1)
}

// may has a submission of that weight in hand, or says until when to wait; the
// right to use control is held.
func (c *pacer) may(ctx context.Context, p *Pipeline, back bool, n int) (w pause, wait bool) {
	now := p.now()
	again := pause{WaitRate, now.Add(controlFresh)}
	if err := c.control.refresh(ctx, p.store, now); err != nil && !c.control.known {
		return again, true
	}
	if !c.limits.none() && c.control.begin(ctx, p.store, now, blankPace()) != nil {
		return again, true
	}
	if until := c.control.last.NotBefore.Add(-c.control.ahead); now.Before(until) {
		return pause{WaitRate, until.Add(spread(p.holder, 2*time.Second))}, true
	}
	if c.limits.none() {
		return pause{}, false
	}
	if until := c.control.last.Live.Add(-c.control.ahead); back && now.Before(until) {
		return pause{WaitSlot, until.Add(spread(p.holder, 2*time.Second))}, true
	}
	w, wait = c.ready(ctx, p, n)
	if wait && !back {
		c.goFirst(ctx, p, now)
	}
	return w, wait
}

// ready has a submission of that weight in hand, or leases a chunk.
func (c *pacer) ready(ctx context.Context, p *Pipeline, weight int) (pause, bool) {
	now := p.now()
	if c.left >= weight && (now.Before(c.until) || !p.keeps(rulePaceEnds)) {
		return pause{}, false
	}
	c.save(float64(c.left), c.until, now)
	c.left = 0
	if now.Before(c.full) {
		return pause{WaitSlot, c.full}, true
	}
	for range maxPublish {
		w, wait, err := c.lease(ctx, p, now, weight)
		switch {
		case err == nil && !wait && !p.now().Before(c.until) && p.keeps(rulePaceEnds):
			c.left = 0 // it slept while it leased, and nobody counts with it any more
			return pause{WaitRate, p.now()}, true
		case err == nil:
			return w, wait
		case !errors.Is(err, errLost):
			return pause{WaitRate, now.Add(controlFresh)}, true
		case c.control.refresh(ctx, p.store, now) != nil:
			return pause{WaitRate, now.Add(controlFresh)}, true
		}
	}
	return pause{WaitRate, now.Add(time.Second + spread(p.holder, time.Second))}, true
}

// lease takes a chunk out of the fleet's pace. One submission that weighs more
// than a chunk takes what it weighs and leaves the level below zero: it exceeds
// the limit by no more than itself, and what comes after it waits. errLost:
// somebody else changed the pace.
func (c *pacer) lease(ctx context.Context, p *Pipeline, now time.Time, weight int) (pause, bool, error) {
	at := now.Add(c.control.ahead)
	to := c.control.last.advanced(c.limits, at).returned(c.limits, c.unused(c.spare, c.saved, now))
	if at.Before(to.NotBefore) { // it came while this worker was about to lease
		return pause{WaitRate, to.NotBefore.Add(-c.control.ahead)}, true, nil
	}
	n := c.chunk()
	if c.limits.ExtractJobsPerHour > 0 {
		if n = min(n, int(to.Level)); n < c.limits.least() {
			return pause{WaitRate, to.next(c.limits, at).Add(-c.control.ahead)}, true, nil
		}
	}
	n = max(n, weight)
	if c.limits.InFlight > 0 {
		staged, err := p.stagedUpTo(ctx, c.limits.InFlight)
		if err != nil {
			return pause{}, false, err
		}
		room := c.limits.InFlight - staged - to.leased(p.holder) - len(c.recent(now))
		if n = max(min(n, room), weight); room < 1 {
			c.full = now.Add(controlFresh)
			return pause{WaitSlot, c.full}, true, nil
		}
	}
	to.Leases[p.holder] = PaceLease{N: n + len(c.recent(now)), Until: at.Add(paceLease).UTC()}
	if c.limits.ExtractJobsPerHour > 0 {
		to.Level -= float64(n)
	}
	c.spare = 0 // once: a write of unknown outcome may have told it
	if err := c.control.set(ctx, p.store, now, to); err != nil && (p.keeps(rulePaceLost) || !errors.Is(err, errLost)) {
		return pause{}, false, err
	}
	c.left, c.until = n, now.Add(paceLease)
	return pause{}, false, nil
}

// save keeps what was leased until a time, and not used, for the next lease.
func (c *pacer) save(n float64, until, now time.Time) {
	c.spare, c.saved = c.unused(c.spare, c.saved, now)+c.unused(n, until, now), now
}

// unused is what may be returned of n that have lain since a time. What is out
// keeps the level from its ceiling: so much as has come free since then would have
// been lost there, and an hour saw more than its limit if it came on top.
func (c *pacer) unused(n float64, since, now time.Time) float64 {
	return max(0, n-max(0, now.Sub(since).Seconds())*c.limits.rate())
}

func (c *pacer) tell(ctx context.Context, n int) {
	if c.took != nil {
		c.took(ctx, n)
	}
}

// liveHold is how long backfills step back after something live had to wait.
const liveHold = 30 * time.Second

// goFirst makes the fleet's backfills step back, because something live waits
// for what they would use. It is a courtesy: without it the live one waits
// longer.
func (c *pacer) goFirst(ctx context.Context, p *Pipeline, now time.Time) {
	at := now.Add(c.control.ahead)
	if c.control.last.Live.Sub(at) > liveHold/2 {
		return
	}
	to := c.control.last.advanced(c.limits, at)
	to.Live = at.Add(liveHold).UTC()
	_ = c.control.set(ctx, p.store, now, to)
}

// chunk is how much is leased at once: enough that the object changes seldom,
// little enough that others get theirs.
func (c *pacer) chunk() int {
	if c.limits.ExtractJobsPerHour > 0 {
		return c.limits.burst()
	}
	return max(1, c.limits.InFlight/8)
}

// recent are the submissions that may not be staged yet.
func (c *pacer) recent(now time.Time) []time.Time {
	for len(c.begun) > 0 && now.Sub(c.begun[0]) > begunFor {
		c.begun = c.begun[1:]
	}
	return c.begun
}

// staged: a submission's document is staged now, so a listing counts it.
func (c *pacer) staged(ctx context.Context) {
	if c.limits.none() || c.control.take(ctx) != nil {
		return
	}
	defer c.control.give()
	if len(c.begun) > 0 {
		c.begun = c.begun[1:]
	}
}

// unstaged: a submission will not be made after its copy was, which no lease
// counts any more. Where the copy is gone its place is for whoever counts next;
// where it is not, it fills that place. giveBack follows.
func (c *pacer) unstaged(ctx context.Context, gone bool) {
	if c.limits.none() || c.control.take(ctx) != nil {
		return
	}
	defer c.control.give()
	c.kept++
	if gone {
		c.gone++
	}
}

// giveBack returns a submission that was taken at a time and not made: into the
// lease, or into the next one where the lease no longer counts it.
func (c *pacer) giveBack(ctx context.Context, p *Pipeline, taken time.Time) {
	if c.limits.none() || c.control.take(ctx) != nil {
		return
	}
	defer c.control.give()
	now := p.now()
	staged, filled := c.kept > 0, c.kept > c.gone
	if staged {
		c.kept--
	}
	if filled {
		return
	}
	c.tell(ctx, -1)
	if staged {
		c.gone--
	} else if n := len(c.recent(now)); n > 0 && now.Sub(taken) <= begunFor {
		c.left++
		c.begun = c.begun[:n-1]
		return
	}
	c.save(1, taken, now)
}

// throttled tells the fleet of a 429. It is a courtesy to others: this worker
// has its own gate, so that a failure to write changes nothing here.
func (c *pacer) throttled(ctx context.Context, p *Pipeline, wait time.Duration) {
	if !c.begin(ctx, p) {
		return
	}
	_, _ = c.control.change(ctx, p.store, p.now, func(was Pace) (Pace, bool) {
		at := p.now().Add(c.control.ahead)
		return was.throttledUntil(c.limits, at.Add(wait), at)
	})
}

// begin makes the fleet's pace where there is none.
func (c *pacer) begin(ctx context.Context, p *Pipeline) bool {
	if c.control.take(ctx) != nil {
		return false
	}
	defer c.control.give()
	now := p.now()
	return c.control.refresh(ctx, p.store, now) == nil && c.control.begin(ctx, p.store, now, blankPace()) == nil
}

func blankPace() Pace { return Pace{Format: 1, Nonce: newNonce()} }

// stepBack ends an attempt that nobody carries on, and takes its document away,
// before its job waits for room: the copy that a dead worker left behind would
// be what the job waits for. A worker that was only asleep finds the record
// changed when it wants to write its intent, so the attempt is never sent.
func (p *Pipeline) stepBack(ctx context.Context, j *job) error {
	a := j.rec.current()
	if a == nil || !a.SignedAt.IsZero() || a.End != "" || !p.keeps(ruleStepBack) {
		return nil
	}
	staged := a.staging()
	err := p.swap(ctx, j, EventNote, endDeferred, func(r *record) { r.current().End, r.Lease = endDeferred, nil })
	if err != nil {
		return err
	}
	return p.takeAway(ctx, j.rec, staged)
}

// stagedUpTo counts staged documents, and stops at most: these are the jobs in
// flight. Their objects are what is counted, so no counter can go wrong, and
// none of them stands in the way for ever:
//
//   - A job that was accepted removes its own when it is sealed or has failed,
//     and one that is held has none.
//   - What an attempt left behind that has ended, or that is not the newest, a
//     sweep takes away, and so what belongs to a closed job (orphan).
//   - An attempt that a worker began and nobody sent is ended by whoever finds no
//     room for another (stepBack).
//   - A copy that no record names yet, since its worker died before it made one,
//     is taken away when the document is claimed again, or after a day
//     (unrecorded).
//
// Leases of dead workers end by themselves.
func (p *Pipeline) stagedUpTo(ctx context.Context, most int) (int, error) {
	n := 0
	for o, err := range p.exchange.List(ctx, bucket.Page{Prefix: StagingPrefix}) {
		if err != nil {
			return n, err
		}
		if _, _, err := p.secret.open(tokenOf(o.Key)); err != nil {
			continue // another's, or what writers raced for
		}
		if n++; n == most {
			break
		}
	}
	return n, nil
}

// mayStart asks pause and pace for a document that is about to be claimed and
// submitted in the same go; with true it has taken one submission, at that time.
func (p *Pipeline) mayStart(ctx context.Context, d Document) (taken time.Time, ok bool) {
	route, match, ok := p.routes.Match(d.Key)
	if !ok || match.NeedsParse() {
		return taken, false // one that has to be parsed takes its turn later
	}
	if _, wait := p.stopped(ctx, route.Name); wait {
		return taken, false
	}
	if len(p.purse.of(p.now())) > 0 {
		return taken, false // an attempt is in a record before anything is reserved for it
	}
	_, wait := p.pacer.take(ctx, p, d.from != nil, 1)
	return p.now(), !wait
}
