package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Later is a queue that can hold a nudge back.
type Later interface {
	Nudges
	// SendLater is Send for tokens that come out after d at the earliest.
	SendLater(ctx context.Context, d time.Duration, tokens ...string) error
}

// Errand is a worker that lives as long as one call, of a function for example.
// It moves on the jobs that the call is about, each until it waits, and keeps
// nothing: no loop of it notices anything, so events, nudges and sweeps must.
type Errand struct {
	s     *Server
	later Later
	leave <-chan struct{}
}

// Errand makes one. It begins no step after leave is closed. A job that waits
// for its turn comes back through later; without it, only sweeps find such a
// job, and they look at every open one.
func (p *Pipeline) Errand(leave <-chan struct{}, later Later) (*Errand, error) {
	o := ServeOptions{}
	if later != nil {
		o.Nudges = later
	}
	s, err := p.Serve(o)
	return &Errand{s, later, leave}, err
}

// errLeft says that the time of a call is over before its work is.
var errLeft = &Fault{Op: "errand", Code: codeDraining, Hint: "the time of the call is over; what is not done comes again"}

// Arrived takes in a document that an event named and moves its job on. Nil:
// the job is durable, or the document is none of ours.
func (e *Errand) Arrived(ctx context.Context, d Document) error {
	j, _, err := e.s.claimed(ctx, d, false)
	if err != nil || j == nil || !j.rec.State.pressing() {
		return err
	}
	if err := e.move(ctx, j.id); err != nil && !e.left() {
		e.s.tell(ctx, slog.LevelInfo, "job not moved on", j.rec.Ref, codeFor(err))
	}
	return nil // a sweep finds what stands still
}

// Nudged moves on the job that a token names: of a result that arrived, or of
// what a sweep sent. ErrForeign when it is not this fleet's; any other error
// means that the same may work later.
func (e *Errand) Nudged(ctx context.Context, token string) error {
	id, _, err := e.s.p.secret.open(token)
	if err != nil {
		return ErrForeign
	}
	err = e.move(ctx, id)
	if c := codeFor(err); err != nil && (c == CodeNotFound || c == CodeNewerFormat) {
		return nil
	}
	return err
}

// move drives a job until it waits, and then those that its end has set free:
// nothing else tells of them for a while.
func (e *Errand) move(ctx context.Context, id ID) error {
	var free []ID
	err := e.drive(ctx, id, func(id ID) { free = append(free, id) })
	for _, id := range free {
		e.one(ctx, id) // an extraction sets nothing free itself
	}
	return err
}

func (e *Errand) drive(ctx context.Context, id ID, wake func(ID)) error {
	p := e.s.p
	if e.left() {
		return errLeft
	}
	release, err := p.hands.take(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	j, err := p.load(ctx, id)
	if err != nil {
		return fault("errand", "", err)
	}
	n := nudge{ask: p.now().Sub(j.rec.UpdatedAt) > quiet, slot: true, leave: e.leave, wake: wake}
	w, err := p.drive(ctx, j, n)
	if errors.Is(err, context.Canceled) && e.left() {
		return errLeft
	}
	if err != nil {
		return err
	}
	return e.comeBack(ctx, j, w)
}

const (
	// soonest is how soon a job that waits is looked at again; one that has waited
	// for long is looked at ever more seldom, which makes it an eighth later.
	soonest = 30 * time.Second
	// latestBack is the longest that SQS holds a message back (AWS SQS developer
	// guide, "delay queues": 15 minutes).
	latestBack = 15 * time.Minute
)

// comeBack lets a job that waits for its turn come again through the queue.
func (e *Errand) comeBack(ctx context.Context, j *job, w pause) error {
	switch j.rec.State {
	case Claimed, Submitting, Fencing:
	default:
		return nil // its result's event or a sweep tells of it
	}
	if e.later == nil {
		return nil
	}
	p := e.s.p
	waited := p.now().Sub(j.rec.UpdatedAt)
	d := min(max(w.until.Sub(p.now()), waited/8, soonest), latestBack)
	if w.reason == WaitPaused || w.reason == WaitBreaker || w.reason == WaitBudget {
		d = latestBack // a person or a probe ends it, not this job
	}
	if err := e.later.SendLater(ctx, d, p.secret.token(j.id, 0)); err != nil {
		return &Fault{Op: "errand", Ref: j.rec.Ref, Code: CodeQueue, Hint: "the queue of nudges does not answer"}
	}
	return nil
}

// Sweep sweeps for the fleet, unless another worker does so just now. What it
// finds goes through the queue, or without one is moved on here.
func (e *Errand) Sweep(ctx context.Context) error {
	listing, stop := e.whileHere(ctx)
	defer stop()
	_, err := e.s.sweepNow(listing, e.later == nil)
	resign, done := firm(ctx)
	defer done()
	_ = e.s.p.offDuty(resign) // the lease ends by itself
	if e.left() {
		return errLeft
	}
	if err != nil {
		return err
	}
	e.each(ctx, e.s.queue.drain())
	return e.fill(ctx)
}

// fill takes documents out of backfills that were left in the bucket. It begins
// none after leave is closed.
func (e *Errand) fill(ctx context.Context) error {
	_, err := e.s.p.fillUntil(ctx, e.leave)
	if e.left() {
		return errLeft
	}
	return err
}

// each moves on what a sweep found.
func (e *Errand) each(ctx context.Context, ids []ID) {
	var movers crew
	next := make(chan ID)
	for range min(e.s.p.set.Workers, len(ids)) {
		movers.Go(func() {
			for id := range next {
				movers.safely(func() { e.one(ctx, id) })
			}
		})
	}
	for _, id := range ids {
		next <- id
	}
	close(next)
	movers.Wait()
}

func (e *Errand) one(ctx context.Context, id ID) {
	if err := e.move(ctx, id); err != nil && !e.left() {
		e.s.tell(ctx, slog.LevelInfo, "job not moved on", "", codeFor(err))
	}
}

// Observe counts what became of a trigger's message, in metrics.
func (e *Errand) Observe(source, outcome string) { e.s.Observe(source, outcome) }

// Finish removes what the jobs of the call had staged. Call it when the call's
// work is done; what it cannot do a sweep does.
func (e *Errand) Finish(ctx context.Context) { e.s.p.emptyFirmly(ctx) }

// Rest takes back what a sweep let the fleet's gauges say: a worker that sleeps
// between calls would tell old numbers at the next.
func (e *Errand) Rest() { e.s.p.meter.tell(nil) }

// left reports whether nothing new may begin.
func (e *Errand) left() bool { return nudge{leave: e.leave}.left() }

// whileHere gives a context that ends when leave is closed.
func (e *Errand) whileHere(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-e.leave:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// drain takes out everything.
func (q *queue) drain() []ID {
	q.mu.Lock()
	defer q.mu.Unlock()
	var ids []ID
	for _, t := range q.moves {
		ids = append(ids, t.id)
		delete(q.tasks, t.id)
	}
	q.moves = nil
	return ids
}
