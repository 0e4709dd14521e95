package worker

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/zdr"
)

// RunOptions is what one Run is asked to do.
type RunOptions struct {
	// Documents are drawn as slots come free, so a million of them cost no
	// memory. An error in the sequence ends the Run.
	Documents iter.Seq2[Document, error]
	// Backfills are drawn from after Documents, one after the other: as
	// StartBackfill or Backfills gave them. Other workers may share them.
	Backfills []Backfill
	// Share of Shares is where in each backfill this Run begins; it helps with
	// the rest. Shares below 0: how many there are is not known. Default: anywhere.
	Share, Shares int
	// Jobs are drawn after all else: open jobs that are to be brought to their
	// end, whoever claimed them.
	Jobs iter.Seq2[Job, error]
	// Notify is told each outcome, one at a time. Default: nobody is told.
	Notify func(Outcome)
	// Status is told the counts whenever they change. It must return soon.
	// Default: nobody is told.
	Status func(Summary)
	// ParseOnly makes Markdown of the documents and stops there. A route's own
	// options go before Parse. Default: false.
	ParseOnly bool
	Parse     ParseOptions
	// MaxCredits is what may be spent on what is submitted while the Run lasts. All
	// Runs of one backfill share it. Default: no bound.
	MaxCredits float64
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
	Unread                                                   int // refused since the store did not give them
	Open                                                     int // left to others, or for the next Run
	Paused                                                   int // of those: left because their route is paused
	Credits                                                  float64
}

// Run brings documents to their end: it claims, submits, waits and seals, with
// at most Settings.InFlight of them at the provider. It returns when all are
// settled, when ctx ends (nothing is lost: jobs go on from the bucket), or when
// something that is no document's fault stops it: then the error says what, and
// what was already accepted has been brought home. A route that is paused is
// left, the others go on; the error says so at the end. Of a backfill that came
// to its end the summary tells what became of all of it, whoever did the work.
func (p *Pipeline) Run(ctx context.Context, o RunOptions) (Summary, error) {
	if o.Patience == 0 {
		o.Patience = 15 * time.Minute
	}
	if err := p.bindBackfills(ctx, o); err != nil {
		return Summary{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer p.bin.keep()()
	r := &run{
		p: p, o: o, cancel: cancel, open: map[ID]*tracked{}, wake: make(chan struct{}, 1),
		docs: make(chan drawing), nudges: make(chan work), slots: make(chan struct{}, p.set.InFlight), out: newOutstanding(2 * p.set.InFlight),
		lastGood: time.Now(),
	}
	defer p.purse.limitRun(r.account(), o.MaxCredits)()
	closeFeeders := r.openFeeders(ctx)
	var workers sync.WaitGroup
	for range p.set.Workers {
		workers.Go(func() { r.root(func() { r.work(ctx) }) })
	}
	var feeding sync.WaitGroup
	for _, loop := range []func(){
		func() { r.feed(ctx) },
		func() { p.keepEmpty(ctx) },
		func() { p.silent(ctx, r.out, func(id ID) { r.ended(ctx, id) }) },
	} {
		feeding.Go(func() { r.root(loop) })
	}
	r.watch(ctx)
	cancel(nil)
	feeding.Wait()
	workers.Wait()
	p.emptyFirmly(ctx)
	return closeFeeders(r.result(ctx))
}

// run is the state of one Run. It holds what is in flight and nothing else.
type run struct {
	p      *Pipeline
	o      RunOptions
	cancel context.CancelCauseFunc

	docs   chan drawing
	nudges chan work
	feeds  []*feeder
	slots  chan struct{} // one per document under way
	out    *outstanding  // of them, those at the provider, and their parses
	wake   chan struct{} // something changed that watch should look at

	mu       sync.Mutex
	open     map[ID]*tracked
	busy     int // documents being claimed just now
	fed      bool
	halt     error   // no new submissions; bring home what is out
	sum      Summary // of all but backfills
	filled   Summary // of backfills, as far as this Run saw
	lastGood time.Time
	lastErr  error
	unreads  int       // documents of no backfill in a row that the store did not give
	freed    time.Time // when a document was finished last: its budget may be another's
}

// tracked is a job under way.
type tracked struct {
	doc   Document
	also  []Document // the same job, drawn in another way; it takes no slot of its own
	due   time.Time  // look at it again then
	hand  bool       // a worker has it
	fail  int        // failures in a row
	parse ID         // the parse that it waits for, if any
	short bool       // it waits for budget
	seen  time.Time  // when that was found out
	idle  bool       // nothing of it is out, or waiting cannot help: a halted Run leaves it
}

type work struct {
	id ID
	n  nudge
}

// parseID is the parse that the job waits for; zero when it waits for none.
func (j *job) parseID() ID {
	if j.rec.State == Claimed && j.rec.Parse != nil {
		return j.rec.Parse.ID
	}
	return ID{}
}

// nothingOut: the provider has nothing of the job.
func (j *job) nothingOut() bool {
	return j.rec.State == Claimed && (j.parse == nil || j.parse.rec.State == Claimed || j.parse.rec.State == Held)
}

// nameFor fills in the names that a closed record no longer holds.
func (p *Pipeline) nameFor(out *Job, d Document) {
	out.Document = zdr.NewName(d.Key)
	if route, _, ok := p.routes.Match(d.Key); ok && out.Step == StepExtract && out.Sealed() && out.Result.IsZero() &&
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
