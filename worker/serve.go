package worker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// ServeOptions is how a long-running worker is set up. The zero value works.
type ServeOptions struct {
	// Queue is how many jobs are known here that are to be moved on. What does
	// not fit stays in the bucket and is read from there when there is room.
	// Default: 10,000.
	Queue int
	// Sweep is about how long after one sweep of the fleet the next begins. One
	// worker at a time sweeps. Default: 1 minute.
	Sweep time.Duration
	// Nudges takes the tokens of jobs that a sweep found, so that the whole fleet
	// shares them. Default: this worker moves on what it found.
	Nudges Nudges
	// Drain is how long the steps in hand may go on when Run is to end; the
	// longest is a request to the provider. Default: 90 seconds.
	Drain time.Duration
}

// Nudges is a queue that hands tokens to some worker of the fleet.
type Nudges interface {
	// Send queues tokens. They say nothing to others. After an error some may
	// have been queued, which does no harm.
	Send(ctx context.Context, tokens ...string) error
}

func (o ServeOptions) withDefaults() ServeOptions {
	if o.Queue == 0 {
		o.Queue = 10_000
	}
	if o.Sweep == 0 {
		o.Sweep = time.Minute
	}
	if o.Drain == 0 {
		o.Drain = 90 * time.Second
	}
	return o
}

// Server is a worker that runs until it is told to end. Nudges come to it from
// outside; what they do not cover it notices by listing. It holds a bounded set
// of jobs to move on. For one that waits for its result it holds no goroutine, no
// message and no document: who it is and when it went out, 32 bytes, of as many
// as Queue says, and the packed records of at most 1,000, each for a read less.
type Server struct {
	p     *Pipeline
	o     ServeOptions
	queue *queue
	out   *outstanding
	leave chan struct{} // closed when Run is to end
	quick chan struct{} // one for each document that is submitted as it arrives
	once  sync.Once

	ready readiness
}

// Serve makes a long-running worker of a pipeline. Run starts it.
func (p *Pipeline) Serve(o ServeOptions) (*Server, error) {
	if o.Queue < 0 || o.Sweep < 0 || o.Drain < 0 {
		return nil, errors.New("worker: serve: Queue, Sweep and Drain must not be negative")
	}
	o = o.withDefaults()
	return &Server{
		p: p, o: o, queue: newQueue(o.Queue), out: newOutstanding(o.Queue), leave: make(chan struct{}),
		quick: make(chan struct{}, p.set.Workers),
	}, nil
}

// Arrived takes in a document that an event named. Nil: its job is durable, or
// it is none of ours, so that the event may be forgotten. Any error means that
// the same may work later.
func (s *Server) Arrived(ctx context.Context, d Document) error {
	j, hurried, err := s.takeIn(ctx, d)
	if err != nil || j == nil || hurried {
		return err
	}
	if j.rec.State == Claimed {
		s.queue.start(j.id, j.rec.Route.Name, j.rec.Backfill)
	} else if j.rec.State.pressing() {
		s.queue.move(j.id, time.Time{}, false)
	}
	return nil
}

// takeIn makes a document's job durable. hurried: it is carried on already.
func (s *Server) takeIn(ctx context.Context, d Document) (j *job, hurried bool, err error) {
	taken, begin := s.mayHurry(ctx, d)
	defer func() { // after a panic too: a place that is not given back keeps Run from ending
		if begin && !hurried {
			<-s.quick
			s.p.pacer.giveBack(ctx, s.p, taken)
		}
	}()
	j, l, err := s.claimed(ctx, d, begin)
	if l == nil {
		return j, false, err
	}
	go s.hurry(ctx, j, *l)
	return j, true, nil
}

// claimed makes a document's job durable; nil when the document is no work.
func (s *Server) claimed(ctx context.Context, d Document, begin bool) (*job, *launch, error) {
	j, l, _, err := s.p.claim(ctx, d, begin)
	if f, ok := errors.AsType[*Fault](err); ok && f.Code.unfit() {
		level := slog.LevelInfo
		if f.Code == CodeNoRoute {
			level = slog.LevelDebug // a scan meets many
		}
		s.tell(ctx, level, "document passed over", "", f.Code)
		return nil, nil, nil
	}
	if isNewer(err) {
		s.tell(ctx, slog.LevelInfo, "document left to a newer program", "", CodeNewerFormat)
		return nil, nil, nil
	}
	return j, l, err
}

// isNewer: the document has a job, and it is a newer program's: durable, and not
// to be touched.
func isNewer(err error) bool { return err != nil && codeFor(err) == CodeNewerFormat }

// unfit: the document is no work for this program, now or later.
func (c Code) unfit() bool {
	switch c {
	case CodeNoRoute, CodeKeyTooLong, CodeKeyRefused, CodeSourceGone, CodeSourceArchived:
		return true
	}
	return slices.Contains(unfitContent, c)
}

// ErrForeign: a token that this fleet did not make.
var ErrForeign = errForeignToken

// Landed takes in that a result arrived in the outbox that a token names.
// ErrForeign when it is not this fleet's.
func (s *Server) Landed(token string) error { return s.Nudged(token) }

// Nudged takes in a token that a sweep sent. ErrForeign as Landed.
func (s *Server) Nudged(token string) error {
	id, _, err := s.p.secret.open(token)
	if err != nil {
		return ErrForeign
	}
	s.queue.move(id, time.Time{}, false)
	return nil
}

// Observe counts what became of a trigger's message, in metrics.
func (s *Server) Observe(source, outcome string) { s.p.meter.message(source, outcome) }

// Run moves jobs on until ctx ends. Then it takes nothing more, lets the steps
// in hand end, at most for Drain, and returns the cause of ctx's end: nothing is
// lost, the jobs go on from the bucket. Run is called once.
func (s *Server) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer s.p.bin.keep()()
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var all sync.WaitGroup
	for range s.p.set.Workers {
		all.Go(func() { s.root(stop, func() { s.work(work) }) })
	}
	for _, loop := range []func(context.Context){s.notice, s.ask, s.sweepLoop, s.p.keepEmpty, s.fillLoop(stop)} {
		all.Go(func() { s.root(stop, func() { loop(ctx) }) })
	}
	<-ctx.Done()
	s.once.Do(func() { close(s.leave) })
	s.queue.close()
	last := time.AfterFunc(s.o.Drain, cut)
	defer last.Stop()
	all.Wait()
	for range cap(s.quick) {
		s.quick <- struct{}{} // whoever submits has ended then, and nobody begins
	}
	s.p.emptyFirmly(ctx)
	return context.Cause(ctx)
}

// root ends Run where a part of it panics.
func (s *Server) root(stop context.CancelCauseFunc, do func()) { root("serve", stop, do) }

// work moves one job after the other on.
func (s *Server) work(ctx context.Context) {
	for {
		t, ok := s.queue.next(func(back bool) (time.Time, bool) { return s.p.mayStartNow(ctx, back) })
		if !ok {
			return
		}
		s.advance(ctx, t)
	}
}

// blocks is holds without taking a probe that is due.
func (b *brake) blocks(ctx context.Context, p *Pipeline, now time.Time) (time.Time, bool) {
	if !b.take(ctx) {
		return now.Add(brakeFresh), true
	}
	defer b.give()
	if b.refresh(ctx, p, now) != nil || !b.last.Open {
		return time.Time{}, false
	}
	if b.last.Reason != BreakerViolation && now.After(b.last.Probe) {
		return time.Time{}, false
	}
	return now.Add(brakeFresh), true // not the probe's time: a person may release it before
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// advance moves one job on and says when to look at it again, if that is to be
// remembered here.
func (s *Server) advance(ctx context.Context, t *task) {
	p := s.p
	if t.begin && t.route != "" {
		if w, wait := p.stopped(ctx, t.route); wait {
			s.queue.later(t, w.until, true) // its record needs not be read
			return
		}
	}
	release, err := p.hands.take(ctx, t.id)
	if err != nil {
		s.queue.done(t)
		return
	}
	defer release()
	j, err := s.record(ctx, t)
	if err != nil {
		s.again(ctx, t, nil, err)
		return
	}
	t.route, t.back = j.rec.Route.Name, j.rec.Backfill
	n := nudge{ask: t.ask || p.quietFor(j.rec), slot: true, leave: s.leave}
	n.wake = func(id ID) { s.queue.start(id, "", false) }
	w, err := p.drive(ctx, j, n)
	if err != nil {
		s.again(ctx, t, j, err)
		return
	}
	s.keep(t, j, w)
}

// ask moves on what ended without a result.
func (s *Server) ask(ctx context.Context) {
	s.p.silent(ctx, s.out, func(id ID) { s.queue.move(id, time.Time{}, true) })
}

// record gives a job's record: the one that was kept, where its result is looked
// for, or as the bucket has it.
func (s *Server) record(ctx context.Context, t *task) (*job, error) {
	if j := s.out.take(t.id); j != nil && !t.ask && t.fails == 0 {
		return j, nil
	}
	return s.p.load(ctx, t.id)
}

// keep remembers a job that has a time of its own, and forgets one that
// something else will tell of: its result's arrival, or a sweep.
func (s *Server) keep(t *task, j *job, w pause) {
	switch j.rec.State {
	case Claimed:
		if j.parse != nil && j.parse.rec.State == Submitted {
			s.out.add(j.parse) // whose end tells of it
			s.queue.done(t)
			return
		}
		until := w.until
		if until.IsZero() || w.reason == WaitBreaker { // then blocks keeps all of the line
			until = s.p.now().Add(time.Second)
		}
		s.queue.later(t, until, true)
	case Submitting, Fencing:
		s.queue.later(t, latest(w.until, s.p.now().Add(time.Second)), false)
	case Submitted:
		s.out.add(j)
		s.queue.done(t)
	case Sealed, Draining:
		s.out.drop(j.id)
		s.queue.forget(t) // what was told of it meanwhile is done
	default: // held, closed
		s.out.drop(j.id)
		s.queue.done(t)
	}
}

// again keeps a job for later after an error. j is nil where its record could
// not be read.
func (s *Server) again(ctx context.Context, t *task, j *job, err error) {
	if errors.Is(err, context.Canceled) && s.leaving() {
		s.queue.done(t)
		return
	}
	ref := ""
	if j != nil {
		ref = j.rec.Ref
	}
	level, code := slog.LevelWarn, codeFor(err)
	if transient(err) {
		level = slog.LevelInfo
	}
	s.tell(ctx, level, "job not moved on", ref, code)
	if code == CodeNotFound || code == CodeNewerFormat {
		s.queue.done(t)
		return
	}
	t.fails++
	s.queue.later(t, s.p.now().Add(backoff(t.fails)), j != nil && j.rec.State == Claimed)
}

// codeFor is the code of any error.
func codeFor(err error) Code {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Code
	}
	return codeOf(err)
}

func (s *Server) leaving() bool {
	select {
	case <-s.leave:
		return true
	default:
		return false
	}
}

// tell logs codes and refs, never a name.
func (s *Server) tell(ctx context.Context, level slog.Level, msg, ref string, c Code) {
	attrs := []slog.Attr{slog.String("code", string(c)), slog.String("worker", s.p.holder)}
	if ref != "" {
		attrs = append(attrs, slog.String("ref", ref))
	}
	s.p.log.LogAttrs(ctx, level, msg, attrs...)
}
