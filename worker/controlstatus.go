package worker

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// StatusOptions bounds what a Status costs. The zero value works.
type StatusOptions struct {
	// Reads is how many jobs are read at most; below 0 none. Default: 200.
	Reads int
	// Markers is how many open jobs are counted at most. Default: 100,000.
	Markers int
}

// Status is what the buckets say of the whole fleet.
type Status struct {
	Open    int       // open jobs, by their markers and slips
	Drain   int       // of them: done, and waiting for the end of their URLs
	AtLeast bool      // there are more: Open is where counting ended
	Oldest  time.Time // marker of an open job; zero: none
	Read    int       // jobs that were read: all that do not drain, or a random sample
	States  map[State]int
	Waiting map[Reason]int
	Routes  map[string]int
	Newer   int // of those read: of a newer program
	Gone    int // of those read: closed meanwhile
	Beyond  int // of those read: they wait for budget, and for more than a day has

	Staged       int // documents that the provider may read
	StagedOldest time.Time
	Landed       int // results that are not sealed, or not removed yet

	Backfills []Backfill // under way, the newest first

	Budget  BudgetStatus // of the present day
	Breaker Breaker
	Pause   Pause
	Pace    Pace
	Swept   time.Time // when the last whole sweep began; zero: never
	Sweeper Duty      // who sweeps for a fleet that serves
}

// Sampled reports whether the states are those of a sample.
func (s Status) Sampled() bool { return s.Read < s.Open-s.Drain || s.AtLeast }

// Status asks the buckets alone. It reads at most o.Reads jobs: where there are
// more, what it says of states, reasons and routes is a sample.
func (p *Pipeline) Status(ctx context.Context, o StatusOptions) (Status, error) {
	if o.Reads == 0 {
		o.Reads = 200
	}
	if o.Markers == 0 {
		o.Markers = 100_000
	}
	s := Status{States: map[State]int{}, Waiting: map[Reason]int{}, Routes: map[string]int{}}
	sample, err := p.countOpen(ctx, &s, o)
	if err != nil {
		return s, fault("status", "", err)
	}
	if s.Pause, err = p.Paused(ctx); err != nil {
		return s, err
	}
	if err := p.readSample(ctx, &s, sample); err != nil {
		return s, fault("status", "", err)
	}
	if err := p.countSlips(ctx, &s); err != nil {
		return s, fault("status", "", err)
	}
	for prefix, count := range map[string]func(bucket.Info){
		StagingPrefix: func(i bucket.Info) { s.Staged++; s.StagedOldest = earliest(s.StagedOldest, i.Modified) },
		OutboxPrefix:  func(bucket.Info) { s.Landed++ },
	} {
		if err := p.countExchange(ctx, prefix, count); err != nil {
			return s, fault("status", "", err)
		}
	}
	return s, p.readControls(ctx, &s)
}

// countOpen counts markers and draws a sample, each job as likely as any other.
func (p *Pipeline) countOpen(ctx context.Context, s *Status, o StatusOptions) ([]ID, error) {
	var sample []ID
	for m, err := range p.store.List(ctx, bucket.Page{Prefix: openPrefix, Limit: o.Markers + 1}) {
		if err != nil {
			return nil, err
		}
		id, _, err := parseMarkerKey(m.Key)
		if err != nil {
			continue
		}
		if s.Open == o.Markers {
			s.AtLeast = true
			break
		}
		s.Open++
		s.Oldest = earliest(s.Oldest, m.Modified)
		if len(sample) < o.Reads {
			sample = append(sample, id)
		} else if i := rand.IntN(s.Open); i < len(sample) {
			sample[i] = id
		}
	}
	return sample, nil
}

// countSlips counts the jobs that drain; none of them is read.
func (p *Pipeline) countSlips(ctx context.Context, s *Status) error {
	all, err := p.onSlips(ctx)
	s.Open, s.Drain = s.Open+all.jobs, all.jobs
	for state, n := range map[State]int{Sealed: all.jobs - all.failed, Draining: all.failed} {
		if n > 0 {
			s.States[state] += n
		}
	}
	return err
}

func (p *Pipeline) readSample(ctx context.Context, s *Status, sample []ID) error {
	for _, id := range sample {
		j, err := p.load(ctx, id)
		s.Read++
		switch {
		case errors.Is(err, bucket.ErrNotFound):
			s.Gone++ // claimed this moment, or long gone
		case errors.Is(err, errNewerFormat):
			s.Newer++
		case err != nil:
			return err
		case j.rec.State == Closed:
			s.Gone++
		default:
			s.States[j.rec.State]++
			s.Routes[j.rec.Route.Name]++
			s.Waiting[p.waitsFor(j, s.Pause)]++
			if never, err := p.beyond(ctx, j); err == nil && !never.IsZero() {
				s.Beyond++
			}
		}
	}
	return nil
}

func (p *Pipeline) waitsFor(j *job, paused Pause) Reason {
	d := p.describe(j)
	if paused.Stops(d) {
		return WaitPaused
	}
	return d.Waits()
}

func (p *Pipeline) countExchange(ctx context.Context, prefix string, count func(bucket.Info)) error {
	for o, err := range p.exchange.List(ctx, bucket.Page{Prefix: prefix}) {
		if err != nil {
			return err
		}
		if _, _, err := p.secret.open(tokenOf(o.Key)); err == nil {
			count(o)
		}
	}
	return nil
}

func (p *Pipeline) readControls(ctx context.Context, s *Status) (err error) {
	if s.Breaker, err = p.Breaker(ctx); err != nil {
		return err
	}
	if s.Budget, err = p.Today(ctx); err != nil {
		return err
	}
	all, err := p.Backfills(ctx)
	if err != nil {
		return err
	}
	s.Backfills = slices.DeleteFunc(all, func(b Backfill) bool { return !b.Ended.IsZero() })
	if s.Pace, err = p.Pace(ctx); err != nil {
		return err
	}
	if s.Sweeper, err = p.duty.view(ctx, p.store, p.now()); err != nil {
		return fault("status", "", err)
	}
	var swept sweepObject
	if _, err := readJSON(ctx, p.store, sweepKey, &swept); err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return fault("status", "", err)
	}
	s.Swept = swept.Began
	return nil
}
