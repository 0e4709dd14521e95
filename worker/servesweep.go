package worker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// sweepLoop sweeps for the fleet while this worker has the duty. A worker that
// is new on duty looks at every open job once: the one before may have known of
// jobs that wait for their turn.
func (s *Server) sweepLoop(ctx context.Context) {
	var next, held time.Time
	fresh := true
	for first := true; first || sleep(ctx, jittered(min(dutyTime/3, s.o.Sweep))); first = false {
		on, err := s.p.onDuty(ctx)
		if err != nil && ctx.Err() == nil {
			s.tell(ctx, slog.LevelWarn, "sweep's lease not read", "", codeFor(err))
		}
		if !on {
			s.p.meter.tell(nil)
			if err == nil || time.Since(held) > dutyTime { // until then nobody else can have had it
				fresh = true
			}
			continue
		}
		held = time.Now()
		if time.Now().Before(next) {
			continue
		}
		if s.sweepOnDuty(ctx, fresh) {
			fresh = false
		}
		next = time.Now().Add(jittered(s.o.Sweep))
	}
	s.p.meter.tell(nil)
	ctx, done := firm(ctx)
	defer done()
	_ = s.p.offDuty(ctx) // the lease ends by itself
}

// sweepOnDuty sweeps once and reports whether it came to the end.
func (s *Server) sweepOnDuty(ctx context.Context, all bool) bool {
	done, err := s.sweepNow(ctx, all)
	if err != nil && ctx.Err() == nil {
		s.tell(ctx, slog.LevelWarn, "sweep not finished", "", codeFor(err))
	}
	return done && err == nil
}

// sweepNow sweeps once. done is false when another worker has the duty.
func (s *Server) sweepNow(ctx context.Context, all bool) (done bool, err error) {
	began := time.Now()
	var state *fleetState
	done, err = s.p.whileOnDuty(ctx, func(ctx context.Context) (err error) {
		state, err = s.sweep(ctx, all)
		return err
	})
	if err == nil && done {
		s.p.meter.swept(time.Since(began))
		s.p.meter.tell(state)
	}
	return done, err
}

// round is one sweep under way.
type round struct {
	s         *Server
	last, now time.Time
	all       bool
	found     []ID
	state     *fleetState
	rep       SweepReport
}

// sweep finds what no nudge covers and hands it out; it moves nothing on itself,
// but for what is a day old. It lists and reads no record of a job that waits,
// so that its cost does not grow with them.
func (s *Server) sweep(ctx context.Context, all bool) (*fleetState, error) {
	p := s.p
	var before sweepObject
	if _, err := readJSON(ctx, p.store, sweepKey, &before); err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return nil, fault("sweep", "", err)
	}
	r := &round{s: s, last: before.Began, now: p.now().Add(p.duty.clock(ctx)).UTC(), all: all, state: &fleetState{}}
	for _, part := range []func(context.Context) error{r.outbox, r.open, r.staging, r.flush, r.close, p.tidyBackfills, r.parsed} {
		if err := part(ctx); err != nil {
			return nil, fault("sweep", "", err)
		}
	}
	if _, err := writeJSON(ctx, p.store, sweepKey, sweepObject{1, r.now}, bucket.Condition{}); err != nil {
		return nil, fault("sweep", "", err)
	}
	return r.state, r.rest(ctx)
}

// clock is how far the store's clock is ahead.
func (c *control[T]) clock(ctx context.Context) time.Duration {
	if c.take(ctx) != nil {
		return 0
	}
	defer c.give()
	return c.ahead
}

// rest asks what the fleet's gauges say beside the listings.
func (r *round) rest(ctx context.Context) (err error) {
	p := r.s.p
	if r.state.breaker, err = p.Breaker(ctx); err != nil {
		return err
	}
	paused, err := p.Paused(ctx)
	r.state.paused, r.state.swept = paused.Any(), p.now()
	return err
}

// close closes what has drained.
func (r *round) close(ctx context.Context) error {
	n, err := r.s.p.onSlips(ctx)
	if err != nil {
		return err
	}
	r.state.open += n.jobs
	return r.s.p.closeDue(ctx, &r.rep)
}

// parsed removes parse results that were kept long enough.
func (r *round) parsed(ctx context.Context) error { return r.s.p.tidyParsed(ctx, &r.rep) }

// outbox hands out results that have lain for a while, and takes away what is
// nobody's.
func (r *round) outbox(ctx context.Context) error { return r.exchange(ctx, OutboxPrefix, 0) }

// staging takes away documents that are nobody's. The young ones belong to jobs
// under way.
func (r *round) staging(ctx context.Context) error {
	return r.exchange(ctx, StagingPrefix, time.Hour)
}

func (r *round) exchange(ctx context.Context, prefix string, least time.Duration) error {
	p := r.s.p
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
		r.state.staged++
		r.state.stagedO = earliest(r.state.stagedO, o.Modified)
		if !r.due(o.Modified) || r.now.Sub(o.Modified) < least {
			continue
		}
		if prefix == OutboxPrefix {
			r.find(id)
		}
		if err := r.batch(ctx); err != nil {
			return err
		}
		if err := p.sweepObject(ctx, o, id, n, &r.rep); err != nil {
			return err
		}
	}
	return nil
}

// open goes through the markers.
func (r *round) open(ctx context.Context) error {
	p := r.s.p
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
		r.state.open++
		r.state.oldest = earliest(r.state.oldest, m.Modified)
		switch {
		case crossed(m.Modified, r.last, r.now) && r.now.Sub(m.Modified) >= 24*time.Hour:
			j := p.nudge(ctx, id, &r.rep)
			if err := p.tidyMarker(ctx, m, id, gen, j); err != nil {
				return err
			}
		case r.due(m.Modified):
			r.find(id)
		}
		if p.newer.has(id) {
			r.state.unknown++
		}
		if err := r.batch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// due: the age of something crossed one of the ages since the last sweep, or
// everything is looked at.
func (r *round) due(t time.Time) bool { return r.all || crossed(t, r.last, r.now) }

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func (r *round) find(id ID) { r.found = append(r.found, id) }

// batch hands out what was found once it is a page.
func (r *round) batch(ctx context.Context) error {
	if len(r.found) < pageSize {
		return nil
	}
	return r.flush(ctx)
}

// flush hands out what was found: through the queue, so that the fleet shares
// it, or to this worker.
func (r *round) flush(ctx context.Context) error {
	defer func() { r.found = r.found[:0] }()
	if r.s.o.Nudges == nil {
		for _, id := range r.found {
			r.s.queue.move(id, time.Time{}, false)
		}
		return nil
	}
	var tokens []string
	for _, id := range r.found {
		tokens = append(tokens, r.s.p.secret.token(id, 0))
	}
	for some := range slices.Chunk(tokens, 100) {
		if err := r.s.o.Nudges.Send(ctx, some...); err != nil {
			return &Fault{Op: "sweep", Code: CodeQueue, Hint: "the queue of nudges does not answer"}
		}
	}
	return nil
}

// readiness remembers for a moment whether the worker can work.
type readiness struct {
	mu   sync.Mutex
	at   time.Time
	code Code
}

const (
	readyFresh = 2 * time.Second
	readyLimit = 5 * time.Second
)

// Ready gives "" when this worker can take a document to its end, or the code of
// what is in the way: breaker_open, violation, draining, or why a bucket does
// not answer. It asks the buckets at most every other second.
func (s *Server) Ready(ctx context.Context) Code {
	if s.leaving() {
		return codeDraining
	}
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if time.Since(s.ready.at) < readyFresh {
		return s.ready.code
	}
	// Not the asker's context: one who hangs up would make others hear that no
	// bucket answers.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyLimit)
	defer cancel()
	s.ready.code, s.ready.at = s.look(ctx), time.Now()
	return s.ready.code
}

// codeDraining is what a worker says that was told to end.
const codeDraining Code = "draining"

func (s *Server) look(ctx context.Context) Code {
	b, err := s.p.Breaker(ctx)
	if err == nil {
		_, err = s.p.exchange.Head(ctx, bindingKey, "")
	}
	switch {
	case err != nil:
		return unreachable(err)
	case b.Open && b.Reason == BreakerViolation:
		return CodeViolation
	case b.Open:
		return CodeBreaker
	}
	return ""
}

// unreachable is the code of a bucket that does not answer as it should.
func unreachable(err error) Code {
	if c := codeFor(err); c != CodeInternal && c != CodeNotFound {
		return c
	}
	return CodeStore
}
