package worker

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// SweepReport counts what a sweep found and did.
type SweepReport struct {
	Open    int `json:"open"`    // jobs that were not closed when it began
	Nudged  int `json:"nudged"`  // jobs that were moved on or looked at
	Closed  int `json:"closed"`  // jobs that became closed
	Orphans int `json:"orphans"` // staged objects of nobody, removed
	Staged  int `json:"staged"`  // staged objects that are left, of jobs under way
	Unknown int `json:"unknown"` // records of a newer format, left alone
	Failed  int `json:"failed"`  // jobs that could not be moved on now
	Parsed  int `json:"parsed"`  // parse results that were kept long enough, removed
	Begun   int `json:"begun"`   // documents of backfills that were taken up; by FillBackfills
}

// sweepObject remembers when the last whole sweep began.
type sweepObject struct {
	Format int       `json:"format"`
	Began  time.Time `json:"began"`
}

// ages are the ages of a marker at which its job is looked at: often while it
// is young, seldom later. A sweep reads no record in between, so its cost does
// not grow with what waits.
var ages = []time.Duration{
	2 * time.Minute, 10 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 14 * time.Hour,
	24 * time.Hour, 2 * 24 * time.Hour, 4 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour,
}

// Sweep moves on what no nudge covers: results that nobody noticed, workers
// that died, URLs that have ended. all looks at every open job, whatever its
// age. It may run anywhere, any number of times, at the same time.
func (p *Pipeline) Sweep(ctx context.Context, all bool) (SweepReport, error) {
	var rep SweepReport
	var before sweepObject
	began := p.now().UTC()
	if _, err := readJSON(ctx, p.store, sweepKey, &before); err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return rep, fault("sweep", "", err)
	}
	defer p.bin.keep()()
	done := map[ID]bool{}
	if err := p.sweepExchange(ctx, OutboxPrefix, done, &rep); err != nil {
		return rep, fault("sweep", "", err)
	}
	if err := p.sweepOpen(ctx, before.Began, began, all, done, &rep); err != nil {
		return rep, fault("sweep", "", err)
	}
	if err := p.emptyBin(ctx); err != nil {
		return rep, err
	}
	draining, err := p.onSlips(ctx)
	if err == nil {
		rep.Open += draining.jobs
		err = p.closeDue(ctx, &rep)
	}
	if err != nil {
		return rep, fault("sweep", "", err)
	}
	if err := p.sweepExchange(ctx, StagingPrefix, done, &rep); err != nil {
		return rep, fault("sweep", "", err)
	}
	if err := p.tidyBackfills(ctx); err != nil {
		return rep, fault("sweep", "", err)
	}
	if err := p.tidyAccounts(ctx); err != nil {
		return rep, fault("sweep", "", err)
	}
	if err := p.tidyParsed(ctx, &rep); err != nil {
		return rep, fault("sweep", "", err)
	}
	p.purse.settled(ctx, p)
	// The object is a hint; whoever writes last is right enough.
	_, err = writeJSON(ctx, p.store, sweepKey, sweepObject{1, began}, bucket.Condition{})
	return rep, fault("sweep", "", err)
}

// sweepOpen goes through the markers whose age has crossed one of the ages
// since the last sweep.
func (p *Pipeline) sweepOpen(ctx context.Context, last, now time.Time, all bool, done map[ID]bool, rep *SweepReport) error {
	for m, err := range p.store.List(ctx, bucket.Page{Prefix: openPrefix}) {
		if err != nil {
			return err
		}
		id, gen, err := parseMarkerKey(m.Key)
		if err != nil {
			if err := p.sweepRace(ctx, p.store, RacePrefix, m); err != nil {
				return err
			}
			continue
		}
		rep.Open++
		if done[id] || !all && !crossed(m.Modified, last, now) {
			continue
		}
		done[id] = true
		j := p.nudge(ctx, id, rep)
		if err := p.tidyMarker(ctx, m, id, gen, j); err != nil {
			return err
		}
	}
	return nil
}

// crossed reports whether the age of something written at t passed one of the
// ages between two sweeps, or a multiple of the last: what is older than that is
// looked at as seldom, for as long as it is there.
func crossed(t, last, now time.Time) bool {
	for _, a := range ages {
		if due := t.Add(a); due.After(last) && !due.After(now) {
			return true
		}
	}
	old := ages[len(ages)-1]
	return now.Sub(t) > old && (last.Before(t) || now.Sub(t)/old > last.Sub(t)/old)
}

// nudge advances one job in a sweep; nil when it has no record, or none that can
// be read now.
func (p *Pipeline) nudge(ctx context.Context, id ID, rep *SweepReport) *job {
	release, err := p.hands.take(ctx, id)
	if err != nil {
		return nil
	}
	defer release()
	j, err := p.load(ctx, id)
	if errors.Is(err, errNewerFormat) {
		rep.Unknown++
	}
	if err != nil {
		return nil
	}
	rep.Nudged++
	was := j.rec.State
	if _, err := p.drive(ctx, j, nudge{ask: true, slot: true}); err != nil {
		rep.Failed++
	}
	if was != Closed && j.rec.State == Closed {
		rep.Closed++
	}
	return j
}

// sweepExchange goes through staged objects. One whose record still needs it
// stays (and its job is nudged when it is a result); one that is nobody's any
// more is removed: a worker that slept before its copy may have made it after
// everything was closed (trace 9).
func (p *Pipeline) sweepExchange(ctx context.Context, prefix string, done map[ID]bool, rep *SweepReport) error {
	for o, err := range p.exchange.List(ctx, bucket.Page{Prefix: prefix}) {
		if err != nil {
			return err
		}
		id, n, err := p.secret.open(tokenOf(o.Key))
		if err != nil {
			// Not a token of ours: another's object is never touched.
			if err := p.sweepRace(ctx, p.exchange, StagingPrefix, o); err != nil {
				return err
			}
			continue
		}
		if prefix == OutboxPrefix && !done[id] {
			done[id] = true
			p.nudge(ctx, id, rep)
		}
		if err := p.sweepObject(ctx, o, id, n, rep); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pipeline) sweepObject(ctx context.Context, o bucket.Info, id ID, n int, rep *SweepReport) error {
	j, err := p.load(ctx, id)
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return nil // unreadable now: decided by a later sweep
	}
	if !p.keeps(ruleOrphans) {
		return nil
	}
	if err == nil && !j.orphan(n, tokenOf(o.Key), strings.HasPrefix(o.Key, StagingPrefix)) {
		if _, err := p.exchange.Head(ctx, o.Key, ""); err == nil {
			rep.Staged++
		}
		return nil
	}
	if err != nil && p.storeTime(o.Date).Sub(o.Modified) < unrecorded {
		rep.Staged++
		return nil // no record yet, or none that can be seen
	}
	rec := &record{} // of nobody any more
	if j != nil {
		rec = j.rec
	}
	if err := p.takeAway(ctx, rec, o.Key); err != nil {
		return err
	}
	rep.Orphans++
	return nil
}

// unrecorded is how long a staged object may stand that no record knows of: so
// long a worker may sleep between its copy and its record. One that sleeps
// longer finds its document gone at the POST, which is not billed then.
const unrecorded = 24 * time.Hour

// orphan: the record says that the attempt's object is of no use. A document
// that was staged is wanted by the newest attempt alone, while that has not
// ended, and under the token that the record names: where there is a record,
// no other token can come into it. A result is wanted unless the job is closed or the attempt was
// never accepted. Attempts only go forward, so a sweeper that slept is still
// right.
func (j *job) orphan(n int, token string, staged bool) bool {
	if j.rec.State == Closed {
		return true
	}
	newest := 0
	if a := j.rec.current(); a != nil {
		newest = a.N
		if staged && (a.Token != token || a.End != "") {
			return true
		}
	}
	if staged && (newest == 0 || j.rec.State == Held) {
		return true
	}
	a := j.rec.attempt(n)
	return n < newest && (a == nil || a.End == endDeferred)
}

// Staged counts what this fleet has in the exchange bucket now: documents that
// wait for the provider and results that wait to be sealed.
func (p *Pipeline) Staged(ctx context.Context) (int, error) {
	n := 0
	for _, prefix := range []string{StagingPrefix, OutboxPrefix} {
		for o, err := range p.exchange.List(ctx, bucket.Page{Prefix: prefix}) {
			if err != nil {
				return n, fault("staged", "", err)
			}
			if _, _, err := p.secret.open(tokenOf(o.Key)); err == nil {
				n++
			}
		}
	}
	return n, nil
}
