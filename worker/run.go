package worker

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// RunOptions is what one Run is asked to do.
type RunOptions struct {
	// Documents are drawn as slots come free, so a million of them cost no
	// memory. An error in the sequence ends the Run.
	Documents iter.Seq2[Document, error]
	// Notify is told each outcome, one at a time. Default: nobody is told.
	Notify func(Outcome)
	// Status is told the counts whenever they change. It must return soon.
	// Default: nobody is told.
	Status func(Summary)
	// Patience is how long the Run goes on while nothing works. Default: 15
	// minutes.
	Patience time.Duration
}

// OutcomeKind says how a Run finished with a document.
type OutcomeKind string

const (
	OutcomeSealed    OutcomeKind = "sealed"    // this Run brought its result
	OutcomeUnchanged OutcomeKind = "unchanged" // its result stood already; the provider was not asked
	OutcomeFailed    OutcomeKind = "failed"    // for good
	OutcomeRefused   OutcomeKind = "refused"   // not a document that can be extracted; no job was made
	OutcomeSkipped   OutcomeKind = "skipped"   // no route takes it
	OutcomeHeld      OutcomeKind = "held"      // a person or the policy decides
)

// Outcome is one document's end in a Run.
type Outcome struct {
	Kind     OutcomeKind
	Document zdr.Name
	Job      Job  // zero for refused and skipped
	Code     Code // of failed, refused, skipped, held
}

// Summary is what a Run came to.
type Summary struct {
	Found, Sealed, Unchanged, Failed, Refused, Skipped, Held int
	Violations                                               int // sealed with a schema violation
	Open                                                     int // left to others, or for the next Run
	Credits                                                  float64
}

// Run brings documents to their end: it claims, submits, waits and seals, with
// at most Settings.InFlight of them at the provider. It returns when all are
// settled, when ctx ends (nothing is lost: jobs go on from the bucket), or when
// something that is no document's fault stops it: then the error says what, and
// what was already accepted has been brought home.
func (p *Pipeline) Run(ctx context.Context, o RunOptions) (Summary, error) {
	if o.Patience == 0 {
		o.Patience = 15 * time.Minute
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{
		p: p, o: o, cancel: cancel, open: map[ID]*tracked{}, wake: make(chan struct{}, 1),
		docs: make(chan Document), nudges: make(chan work), slots: make(chan struct{}, p.set.InFlight),
		lastGood: time.Now(),
	}
	var workers sync.WaitGroup
	for range p.set.Workers {
		workers.Go(func() { r.work(ctx) })
	}
	var feeding sync.WaitGroup
	feeding.Go(func() { r.feed(ctx) })
	r.watch(ctx)
	cancel(nil)
	feeding.Wait()
	workers.Wait()
	return r.result(ctx)
}

// run is the state of one Run. It holds what is in flight and nothing else.
type run struct {
	p      *Pipeline
	o      RunOptions
	cancel context.CancelCauseFunc

	docs   chan Document
	nudges chan work
	slots  chan struct{} // one per document under way
	wake   chan struct{} // something changed that watch should look at

	mu       sync.Mutex
	open     map[ID]*tracked
	busy     int // documents being claimed just now
	fed      bool
	halt     error // no new submissions; bring home what is out
	sum      Summary
	lastGood time.Time
	lastErr  error
}

// tracked is a job under way.
type tracked struct {
	doc  Document
	due  time.Time // look at it again then
	hand bool      // a worker has it
	fail int       // failures in a row
	idle bool      // nothing of it is out, or waiting cannot help: a halted Run leaves it
}

type work struct {
	id ID
	n  nudge
}

// feed draws documents while there are slots.
func (r *run) feed(ctx context.Context) {
	defer r.signal()
	defer func() { r.mu.Lock(); r.fed = true; r.mu.Unlock() }()
	if r.o.Documents == nil {
		return
	}
	for d, err := range r.o.Documents {
		if err != nil {
			r.stop(fault("run", "", err))
			return
		}
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if r.halted() {
			<-r.slots
			return
		}
		r.count(func(s *Summary) { s.Found++ })
		r.begin(1)
		select {
		case r.docs <- d:
		case <-ctx.Done():
			r.begin(-1)
			return
		}
	}
}

func (r *run) begin(n int) { r.mu.Lock(); r.busy += n; r.mu.Unlock() }

// work takes nudges before documents: what is out comes home first.
func (r *run) work(ctx context.Context) {
	for {
		select {
		case w := <-r.nudges:
			r.advance(ctx, w)
			r.signal()
			continue
		default:
		}
		select {
		case w := <-r.nudges:
			r.advance(ctx, w)
		case d := <-r.docs:
			r.start(ctx, d)
			r.begin(-1)
		case <-ctx.Done():
			return
		}
		r.signal()
	}
}

// start claims one document and, when it is new, submits it in the same go.
func (r *run) start(ctx context.Context, d Document) {
	for try := 1; ; try++ {
		j, w, fresh, err := r.claimAndGo(ctx, d)
		if err == nil || j != nil {
			r.settle(d, j, w, fresh, err)
			return
		}
		if !transient(err) {
			r.refuse(d, err)
			return
		}
		r.trouble(err)
		if !sleep(ctx, backoff(try)) {
			<-r.slots
			return
		}
	}
}

func (r *run) claimAndGo(ctx context.Context, d Document) (*job, pause, bool, error) {
	p := r.p
	_, held := p.brake.holds(ctx, p, time.Now())
	begin := !held && p.gate.closedUntil(time.Now()).IsZero() && p.mayStart(ctx, d.Key)
	j, fresh, err := p.claim(ctx, d, begin)
	if begin && (err != nil || !fresh) {
		p.pacer.giveBack(ctx)
	}
	if err != nil {
		return nil, pause{}, false, err
	}
	release, err := p.hands.take(ctx, j.id)
	if err != nil {
		return nil, pause{}, false, err
	}
	defer release()
	known := !fresh && j.rec.State.Settled()
	var w pause
	if fresh && begin {
		// Only this call knows the token, so only it may go on with it (I1).
		w, _, err = p.attemptNow(ctx, j)
		if err == nil && w == (pause{}) || errors.Is(err, errLost) {
			w, err = p.drive(ctx, j, nudge{slot: true})
		}
		err = fault("submit", j.rec.Ref, err)
	} else if !known {
		w, err = p.drive(ctx, j, nudge{slot: true, ask: true})
	}
	return j, w, !known, err
}

// advance moves one tracked job on.
func (r *run) advance(ctx context.Context, w work) {
	p := r.p
	release, err := p.hands.take(ctx, w.id)
	if err != nil {
		return
	}
	defer release()
	r.mu.Lock()
	t := r.open[w.id]
	r.mu.Unlock()
	if t == nil {
		return
	}
	j, err := p.load(ctx, w.id)
	if err != nil {
		r.again(w.id, t, nil, fault("advance", "", err))
		return
	}
	pw, err := p.drive(ctx, j, w.n)
	if err != nil && !j.rec.State.Settled() {
		r.again(w.id, t, j, err)
		return
	}
	r.settle(t.doc, j, pw, true, err)
}

// again keeps a job for later after an error, or ends the Run where waiting
// cannot help. j is nil where the record could not be read.
func (r *run) again(id ID, t *tracked, j *job, err error) {
	final := !transient(err) && !errors.Is(err, context.Canceled)
	if final {
		r.stop(err)
	}
	r.trouble(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	t.fail++
	t.hand, t.due = false, time.Now().Add(backoff(t.fail))
	t.idle = final || j != nil && j.rec.State == Claimed
	r.open[id] = t
}

// settle books a job that came to its end, or keeps it under way.
func (r *run) settle(d Document, j *job, w pause, mine bool, err error) {
	if err != nil && !j.rec.State.Settled() {
		r.again(j.id, &tracked{doc: d}, j, err)
		return
	}
	out := r.p.describeWaiting(j, w)
	r.p.nameFor(&out, d)
	kind, code := outcome(out, mine)
	if kind == "" {
		r.keep(j, d, w)
		return
	}
	r.finish(j.id, Outcome{Kind: kind, Document: zdr.NewName(d.Key), Job: out, Code: code})
}

func outcome(j Job, mine bool) (OutcomeKind, Code) {
	switch {
	case j.State == Held:
		return OutcomeHeld, j.Code
	case !j.State.Settled():
		return "", ""
	case j.Failed():
		return OutcomeFailed, j.Code
	case mine:
		return OutcomeSealed, ""
	}
	return OutcomeUnchanged, ""
}

// keep notes when to look at a job again.
func (r *run) keep(j *job, d Document, w pause) {
	due := time.Now().Add(r.p.set.Ask)
	if !w.until.IsZero() {
		due = time.Now().Add(waitAtLeast(w.until, r.p.set.Poll))
	}
	if w.reason == WaitBreaker {
		r.stop(&Fault{Op: "submit", Code: CodeBreaker, Hint: "the provider refuses this key or account, or a violation was seen; see: zdrworker status"})
	}
	if w.reason == WaitPaused {
		r.stop(&Fault{Op: "submit", Code: CodePaused, Hint: "somebody paused submissions; zdrworker status says since when, zdrworker resume ends it"})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastGood = time.Now()
	r.open[j.id] = &tracked{doc: d, due: due, idle: j.rec.State == Claimed}
	r.report()
}

// refuse books a document that never became a job, or ends the Run where the
// cause is not the document.
func (r *run) refuse(d Document, err error) {
	var f *Fault
	errors.As(err, &f)
	kind := OutcomeRefused
	switch {
	case f == nil:
		f = &Fault{Code: CodeInternal, Err: err}
		r.stop(err)
	case f.Code == CodeNoRoute || f.Code == CodeUnsupported:
		kind = OutcomeSkipped
	case f.Code == CodeEmpty || f.Code == CodeBinary || f.Code == CodeKeyTooLong || f.Code == CodeKeyRefused || f.Code == CodeSourceGone:
	default:
		r.stop(err)
	}
	r.finish(ID{}, Outcome{Kind: kind, Document: zdr.NewName(d.Key), Code: f.Code})
}

// finish books an outcome and frees its slot.
func (r *run) finish(id ID, o Outcome) {
	r.mu.Lock()
	delete(r.open, id)
	r.lastGood = time.Now()
	s := &r.sum
	switch o.Kind {
	case OutcomeSealed:
		s.Sealed++
		s.Credits += o.Job.Credits
		if o.Job.Status == StatusSchemaViolation {
			s.Violations++
		}
	case OutcomeUnchanged:
		s.Unchanged++
	case OutcomeFailed:
		s.Failed++
	case OutcomeRefused:
		s.Refused++
	case OutcomeSkipped:
		s.Skipped++
	case OutcomeHeld:
		s.Held++
	}
	if r.o.Notify != nil {
		r.o.Notify(o)
	}
	r.report()
	r.mu.Unlock()
	<-r.slots
}

// report tells the counts; r.mu is held.
func (r *run) report() {
	if r.o.Status != nil {
		s := r.sum
		s.Open = len(r.open)
		r.o.Status(s)
	}
}

func (r *run) count(f func(*Summary)) { r.mu.Lock(); f(&r.sum); r.mu.Unlock() }

func (r *run) halted() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.halt != nil }

// stop ends submissions; what is out is still brought home.
func (r *run) stop(err error) {
	r.mu.Lock()
	if r.halt == nil {
		r.halt = err
	}
	r.mu.Unlock()
	r.signal()
}

// trouble notes an error that may pass. When nothing has worked for too long
// the Run gives up; the bucket keeps its place.
func (r *run) trouble(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastErr = err
	if time.Since(r.lastGood) > r.o.Patience {
		r.cancel(err)
	}
}

func (r *run) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// watch notices: one listing of the outbox answers for all that wait; the
// provider is asked only about those whose time has come.
func (r *run) watch(ctx context.Context) {
	wait := r.p.set.Poll
	for !r.done() {
		if r.look(ctx) {
			wait = r.p.set.Poll
		}
		if !r.rest(ctx, wait) {
			return
		}
		wait = min(wait*2, r.p.set.PollMax)
	}
}

// rest waits until the next listing, or until there is none to come. It reports
// whether ctx goes on.
func (r *run) rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			return true
		case <-r.wake:
			if r.done() {
				return true
			}
		case <-ctx.Done():
			return false
		}
	}
}

func (r *run) done() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy > 0 {
		return false
	}
	if r.halt == nil {
		return r.fed && len(r.open) == 0
	}
	// What is out comes home; what is not is left to the next Run.
	for _, t := range r.open {
		if t.hand || !t.idle {
			return false
		}
	}
	return true
}

// look lists the outbox once and nudges what landed or is due. It reports
// whether anything was handed out.
func (r *run) look(ctx context.Context) bool {
	landed, err := r.landed(ctx)
	if err != nil {
		r.trouble(err)
	}
	moved := false
	for _, w := range r.due(landed, err == nil) {
		select {
		case r.nudges <- w:
			moved = true
		case <-ctx.Done():
			return moved
		}
	}
	return moved
}

// landed gives the jobs that have something in an outbox.
func (r *run) landed(ctx context.Context) (map[ID]bool, error) {
	out := map[ID]bool{}
	r.mu.Lock()
	n := len(r.open)
	r.mu.Unlock()
	if n == 0 {
		return out, nil
	}
	for info, err := range r.p.exchange.List(ctx, bucket.Page{Prefix: OutboxPrefix}) {
		if err != nil {
			return out, err
		}
		if id, _, err := r.p.secret.open(tokenOf(info.Key)); err == nil {
			out[id] = true
		}
	}
	return out, nil
}

// due takes the jobs in hand that are to be moved on now.
func (r *run) due(landed map[ID]bool, looked bool) []work {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	var out []work
	for id, t := range r.open {
		late := !now.Before(t.due)
		if t.hand || !landed[id] && !late || r.halt != nil && t.idle {
			continue
		}
		t.hand = true
		out = append(out, work{id, nudge{ask: late, looked: looked && !landed[id], slot: r.halt == nil}})
	}
	return out
}

func (r *run) result(ctx context.Context) (Summary, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sum.Open = len(r.open)
	switch {
	case r.halt != nil:
		return r.sum, r.halt
	case len(r.open) == 0 && r.fed && r.busy == 0:
		return r.sum, nil
	}
	return r.sum, context.Cause(ctx)
}

// nameFor fills in the names that a closed record no longer holds.
func (p *Pipeline) nameFor(out *Job, d Document) {
	out.Document = zdr.NewName(d.Key)
	if route, _, ok := p.routes.Match(d.Key); ok && out.Sealed() && out.Result.IsZero() &&
		out.Status != StatusSuperseded && out.Status != StatusDiscarded {
		if key, err := route.ResultKey(d.Key); err == nil {
			out.Result = zdr.NewName(key)
		}
	}
}

// providerTransient: the provider did not answer, or said "later".
func providerTransient(err error) bool {
	return errors.Is(err, ade.ErrNotSent) || errors.Is(err, ade.ErrUnknownOutcome) || errors.Is(err, ade.ErrThrottled)
}
