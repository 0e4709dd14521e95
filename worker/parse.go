package worker

import (
	"context"
	"errors"
	"slices"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// parseRef is what an extract record says of the parse that its document needs.
type parseRef struct {
	ID      ID           `json:"id"`
	Options parseOptions `json:"options"`
	// Want is the least generation of the parse that will do: more than the one
	// that is there when somebody chose to parse again.
	Want int `json:"want,omitempty"`

	// The rest says which parse the Markdown is from; empty before there is one.
	Gen     int     `json:"gen,omitempty"`
	Ref     string  `json:"ref,omitempty"`
	ETag    string  `json:"etag,omitempty"` // of the sealed parse result
	Partial bool    `json:"partial,omitempty"`
	Pages   int     `json:"pages,omitempty"`
	Credits float64 `json:"credits,omitempty"` // of the parse, where this job began it
	Reused  bool    `json:"reused,omitempty"`  // another job had begun it
	// Markdown is how long the text is, in bytes.
	Markdown int64 `json:"markdown,omitempty"`
}

// maxDependents bounds who is told of a parse's end; a sweep tells the others.
const maxDependents = 64

// parsing is what became of the parse that an extract job waits for.
type parsing struct {
	ready *parseRef // the Markdown is there
	wait  pause     // else, when it is not and nothing else has happened
	moved bool      // the extract job's own record has changed
}

// parsed has the document's Markdown ready, or moves its parse on and says what
// it waits for. The extract job is in no one's hands but the caller's, and a
// parse never reaches for an extract job, so that the two locks have an order.
func (p *Pipeline) parsed(ctx context.Context, j *job, n nudge) (parsing, error) {
	release, err := p.hands.take(ctx, j.rec.Parse.ID)
	if err != nil {
		return parsing{}, err
	}
	defer release()
	for range maxSteps {
		out, pj, err := p.parsedOnce(ctx, j, n)
		if !errors.Is(err, errLost) || pj == nil {
			return out, err
		}
	}
	return parsing{}, errLost
}

// parsedOnce is one try of parsed. With a job, errLost is about the parse's
// record; without, about the extract job's.
func (p *Pipeline) parsedOnce(ctx context.Context, j *job, n nudge) (parsing, *job, error) {
	pj, err := p.parseOf(ctx, j)
	if err != nil {
		return parsing{}, pj, err
	}
	if again, err := p.parseAgain(ctx, j, pj); again || err != nil {
		return parsing{moved: true}, nil, err
	}
	if pj.rec.Gen < j.rec.Parse.Want {
		if err := p.reparse(ctx, j, pj); err != nil {
			return parsing{}, pj, err
		}
	}
	if err := p.unmark(ctx, pj); err != nil {
		return parsing{}, pj, err
	}
	if !pj.rec.State.Settled() {
		if err := p.depend(ctx, j, pj); err != nil {
			return parsing{}, pj, err
		}
		n.route = j.rec.Route.Name
		w, err := p.drive(ctx, pj, n)
		if err != nil {
			return parsing{wait: w}, nil, err
		}
		if !pj.rec.State.Settled() {
			j.parse = pj
			return parsing{wait: w}, nil, nil
		}
	}
	return p.parseEnded(ctx, j, pj)
}

// parseRefOf names the parse of a document version under a route's options.
func (p *Pipeline) parseRefOf(src source, route Route) *parseRef {
	options := route.Parse.record()
	by := options.digest()
	if !p.keeps(ruleOneParse) {
		by += route.Name
	}
	return &parseRef{ID: p.secret.parseID(src.Bucket, src.Key, versionOf(src), by), Options: options}
}

// parseOf reads the parse's record, or makes it: marker, then record, as any.
func (p *Pipeline) parseOf(ctx context.Context, j *job) (*job, error) {
	pj, err := p.load(ctx, j.rec.Parse.ID)
	if errors.Is(err, bucket.ErrNotFound) {
		first := p.parseRecord(j.rec.Parse, j.rec.Source, j.rec.Route.Name, j.id)
		first.Backfill = j.rec.Backfill
		pj, _, err = p.open(ctx, j.rec.Parse.ID, first)
	}
	return pj, err
}

// parseRecord is the first record of a parse. The route is the one that asked
// first, for labels and for pauses; answers of its own it has none.
func (p *Pipeline) parseRecord(ref *parseRef, src source, route string, dependents ...ID) *record {
	now, options := p.now().UTC(), ref.Options
	return &record{
		Ref: newRef(ref.ID), Gen: 1, State: Claimed, Step: StepParse, Source: src, Dev: p.dev,
		Route: routeRef{Name: route, Model: options.Model}, Options: &options, Dependents: dependents,
		ClaimedAt: now, UpdatedAt: now,
		History: []entry{{At: now, Event: EventClaim, State: Claimed}},
	}
}

// depend has this job told when the parse ends.
func (p *Pipeline) depend(ctx context.Context, j, pj *job) error {
	if slices.Contains(pj.rec.Dependents, j.id) || len(pj.rec.Dependents) >= maxDependents {
		return nil
	}
	return p.swap(ctx, pj, EventNote, "", func(r *record) { r.Dependents = append(r.Dependents, j.id) })
}

// parseAgain decides about a parse that failed before this job asked for it, of
// its own accord and unbilled: another try is free, so this job wants one. A
// failure that this job waited for is its own. Whose result was kept long enough
// is parsed anew, and billed anew.
func (p *Pipeline) parseAgain(ctx context.Context, j, pj *job) (bool, error) {
	f, ref := pj.rec.Failure, j.rec.Parse
	if pj.rec.Result.gone() && ref.ETag == "" && ref.Want <= pj.rec.Gen {
		return true, p.wantParse(ctx, j, pj.rec.Gen+1)
	}
	if f == nil || ref.Want > 0 || ref.Gen > 0 || slices.Contains(pj.rec.Dependents, j.id) {
		return false, nil
	}
	if f.Billed != "no" || !f.Retryable && !missedDocument(Code(f.Code)) {
		return false, nil
	}
	return true, p.wantParse(ctx, j, pj.rec.Gen+1)
}

func (p *Pipeline) wantParse(ctx context.Context, j *job, gen int) error {
	return p.swap(ctx, j, EventNote, "", func(r *record) { r.Parse.Want = gen })
}

// reparse begins the next generation of a parse that has come to its end: one
// that failed, or whose result is of no use to somebody who chose to parse
// again. Whoever loses the race finds the generation begun.
func (p *Pipeline) reparse(ctx context.Context, j, pj *job) error {
	for pj.rec.State != Draining && pj.rec.State != Closed {
		if !pj.rec.State.Settled() {
			return nil // it is under way; its end will be looked at
		}
		if _, _, err := p.stepRemove(ctx, pj); err != nil {
			return err
		}
	}
	return p.reopenAs(ctx, pj, func(r *record) {
		r.Source, r.Dependents = j.rec.Source, []ID{j.id}
	})
}

// parseEnded takes what the parse came to into the extract job.
func (p *Pipeline) parseEnded(ctx context.Context, j, pj *job) (parsing, *job, error) {
	r, ref := pj.rec, *j.rec.Parse
	ref.Gen, ref.Ref = r.Gen, r.Ref
	if f := r.Failure; f != nil {
		return parsing{moved: true}, nil, p.failParse(ctx, j, ref, *f)
	}
	if r.Result == nil {
		return parsing{}, nil, &Fault{Op: "parse", Ref: r.Ref, Code: CodeInternal, Hint: "the parse has ended with neither result nor failure"}
	}
	ref.ETag, ref.Partial = r.Result.ETag, r.Result.Status == StatusPartial
	if ref.Partial && j.rec.Route.PartialFails {
		// The parse itself stands: another route may take what there is.
		return parsing{moved: true}, nil, p.failParse(ctx, j, ref, failure{Code: string(CodePartial), Retryable: true, Billed: "yes"})
	}
	ref.Reused = len(r.Dependents) == 0 || r.Dependents[0] != j.id
	if r.Receipt != nil {
		ref.Markdown = r.Receipt.Markdown
		if ref.Pages = r.Receipt.Pages; !ref.Reused {
			ref.Credits = r.Receipt.Credits
		}
	}
	return parsing{ready: &ref}, nil, nil
}

// failParse ends an extract job for want of Markdown.
func (p *Pipeline) failParse(ctx context.Context, j *job, ref parseRef, f failure) error {
	ref.ETag = ""
	return p.failAt(ctx, j, failure{Code: f.Code, Step: StepParse, Retryable: f.Retryable, Billed: f.Billed}, func(r *record) { r.Parse = &ref })
}

// parseGone decides when the pinned parse result is not there any more. A newer
// one is taken. Where there is none, the job fails: the document was parsed and
// billed, and would be again, so somebody must choose it.
func (p *Pipeline) parseGone(ctx context.Context, j *job) error {
	pj, err := p.load(ctx, j.rec.Parse.ID)
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return err
	}
	if err == nil && (!pj.rec.State.Settled() || pj.rec.Gen != j.rec.Parse.Gen || pj.rec.Result != nil && pj.rec.Result.ETag != j.rec.Parse.ETag) {
		return p.swap(ctx, j, EventNote, "", func(r *record) { r.Parse.ETag = "" })
	}
	return p.failParse(ctx, j, *j.rec.Parse, failure{Code: string(CodeParseGone), Retryable: true, Billed: "yes"})
}
