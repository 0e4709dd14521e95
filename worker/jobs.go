package worker

import (
	"context"
	"encoding/hex"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// Job is a job as it was when it was read. It can be printed and logged: names
// are redacting types.
type Job struct {
	ID       ID     // of the record; for Advance
	Ref      string // the job's public name
	Gen      int
	State    State
	Step     string
	Attempt  int
	Route    string
	Revision int
	Model    string
	Document zdr.Name // key in the store bucket; empty once nothing needs it
	Result   zdr.Name // key of the sealed result; empty before
	Status   string   // of the result: ok, partial, schema-violation, superseded, discarded
	Credits  float64
	Code     Code   // why it failed or is held
	Billed   string // of a failure: no, yes, unknown
	Retry    bool   // of a failure: another try may work
	FailedAt string // of a failure: the step that failed

	Dependents int       // of a parse: extract jobs that were told to wait for it
	Parse      *JobParse // of a job whose document is no Markdown; else nil

	WaitingFor Reason    // as recorded; see Waits
	Until      time.Time // look again then; zero: when something happens
	Claimed    time.Time
	Updated    time.Time
	History    []Change
}

// Change is one step of a job's life.
type Change struct {
	At      time.Time
	Event   Event
	State   State
	Attempt int
	Code    string
}

// Waits is what the job waits for: what its record says or, where that says
// nothing, what follows from its state. That a pause is in the way says
// Pause.Stops.
func (j Job) Waits() Reason { return waits(j.State, j.WaitingFor) }

func waits(s State, recorded Reason) Reason {
	if recorded != WaitNothing {
		return recorded
	}
	switch s {
	case Claimed:
		return WaitSlot
	case Submitting, Fencing:
		return WaitUncertain
	case Submitted:
		return WaitResult
	case Held:
		return WaitOperator
	}
	return WaitNothing
}

// Failed reports whether the job ended without a result.
func (j Job) Failed() bool { return j.Code != "" && j.State != Held }

// Sealed reports whether the document's result stands at its key.
func (j Job) Sealed() bool { return j.Status != "" }

// describe makes the public view of a record.
func (p *Pipeline) describe(j *job) Job {
	r := j.rec
	out := Job{
		ID: j.id, Ref: r.Ref, Gen: r.Gen, State: r.State, Step: r.Step, Route: r.Route.Name, Revision: r.Route.Revision,
		Model: r.Route.Model, WaitingFor: r.Waiting, Until: r.NotBefore, Claimed: r.ClaimedAt, Updated: r.UpdatedAt,
		Code: Code(r.Hold), Parse: describeParse(j), Dependents: len(r.Dependents),
	}
	if r.Source.Key != "" {
		out.Document = zdr.NewName(r.Source.Key)
	}
	if a := r.current(); a != nil {
		out.Attempt = a.N
	}
	if r.Result != nil {
		out.Status = r.Result.Status
		if r.Route.Result != "" && r.Result.Status != StatusSuperseded && r.Result.Status != StatusDiscarded {
			out.Result = zdr.NewName(r.Route.Result)
		}
	}
	if r.Receipt != nil {
		out.Credits = r.Receipt.Credits
		if r.Receipt.Model != "" {
			out.Model = r.Receipt.Model
		}
	}
	if f := r.Failure; f != nil {
		out.Code, out.Billed, out.Retry, out.FailedAt = Code(f.Code), f.Billed, f.Retryable, f.Step
	}
	for _, h := range r.History {
		out.History = append(out.History, Change(h))
	}
	return out
}

func (p *Pipeline) describeWaiting(j *job, w pause) Job {
	out := p.describe(j)
	if w.reason != "" {
		out.WaitingFor = w.reason
	}
	if !w.until.IsZero() {
		out.Until = w.until
	}
	return out
}

// Filter narrows Jobs. The zero Filter gives every job that is open.
type Filter struct {
	All   bool  // closed ones too: reads every record
	State State // only this state
	Step  string
	Route string
	Limit int
}

// Jobs reads jobs from the bucket: open ones by their markers, or with All
// every record. The order is that of the keys, which means nothing.
func (p *Pipeline) Jobs(ctx context.Context, f Filter) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		n := 0
		for id, err := range p.ids(ctx, f.All || f.State == Closed) {
			if err != nil {
				yield(Job{}, fault("jobs", "", err))
				return
			}
			j, err := p.load(ctx, id)
			if errors.Is(err, bucket.ErrNotFound) {
				continue
			}
			if err != nil {
				if !yield(Job{ID: id}, fault("jobs", "", err)) {
					return
				}
				continue
			}
			if out := p.describe(j); f.takes(out) {
				if n++; !yield(out, nil) || n == f.Limit {
					return
				}
			}
		}
	}
}

func (f Filter) takes(j Job) bool {
	return (f.State == "" || j.State == f.State) && (f.Step == "" || j.Step == f.Step) && (f.Route == "" || j.Route == f.Route)
}

// ids lists the jobs by their markers and slips, or by their records. One that
// comes onto its slip meanwhile may be listed twice.
func (p *Pipeline) ids(ctx context.Context, all bool) iter.Seq2[ID, error] {
	if all {
		return p.idsUnder(ctx, recordPrefix)
	}
	return func(yield func(ID, error) bool) {
		for _, some := range []iter.Seq2[ID, error]{p.idsUnder(ctx, openPrefix), p.idsOnSlips(ctx)} {
			for id, err := range some {
				if !yield(id, err) || err != nil {
					return
				}
			}
		}
	}
}

func (p *Pipeline) idsUnder(ctx context.Context, prefix string) iter.Seq2[ID, error] {
	all := prefix == recordPrefix
	return func(yield func(ID, error) bool) {
		var last ID
		for info, err := range p.store.List(ctx, bucket.Page{Prefix: prefix}) {
			if err != nil {
				yield(ID{}, err)
				return
			}
			id, err := idOfKey(info.Key, all)
			if err != nil || id == last {
				continue
			}
			if last = id; !yield(id, nil) {
				return
			}
		}
	}
}

func idOfKey(key string, record bool) (ID, error) {
	if record {
		return parseRecordKey(key)
	}
	id, _, err := parseMarkerKey(key)
	return id, err
}

// Find gives the job of a ref (8 hex digits are enough), or the newest of a
// document's key under the configured routes. Errors: job_not_found,
// ref_ambiguous.
func (p *Pipeline) Find(ctx context.Context, refOrKey string) (Job, error) {
	if key, ok := strings.CutPrefix(refOrKey, "s3://"+p.store.Name()+"/"); ok {
		return p.findKey(ctx, key)
	}
	if isRef(refOrKey) {
		j, err := p.findRef(ctx, refOrKey)
		if err != nil {
			return Job{}, err
		}
		return p.describe(j), nil
	}
	return p.findKey(ctx, refOrKey)
}

// minRef is the shortest ref that is looked for: enough that two jobs rarely
// share it.
const minRef = 8

func isRef(s string) bool {
	if len(s) < minRef || len(s) > 36 {
		return false
	}
	_, err := hex.DecodeString(s[:len(s)&^1])
	return err == nil && strings.ToLower(s) == s
}

// findRef looks at the records whose id begins as the ref does: one of 65,536
// parts.
func (p *Pipeline) findRef(ctx context.Context, ref string) (*job, error) {
	var found *job
	prefix := recordPrefix + ref[:2] + "/" + ref[:4]
	for info, err := range p.store.List(ctx, bucket.Page{Prefix: prefix}) {
		if err != nil {
			return nil, fault("find", "", err)
		}
		id, err := parseRecordKey(info.Key)
		if err != nil {
			continue
		}
		j, err := p.load(ctx, id)
		if err != nil || !strings.HasPrefix(j.rec.Ref, ref) {
			continue
		}
		if found != nil {
			return nil, &Fault{Op: "find", Code: CodeAmbiguous, Hint: "several jobs begin with this; give more of it"}
		}
		found = j
	}
	if found == nil {
		return nil, &Fault{Op: "find", Ref: ref, Code: CodeNotFound, Hint: "no job has this ref in this store"}
	}
	return found, nil
}

// findKey computes the id of a document's current version, so it costs two
// requests.
func (p *Pipeline) findKey(ctx context.Context, key string) (Job, error) {
	route, _, err := p.routeOf(key)
	if err != nil {
		return Job{}, err
	}
	info, err := p.store.Head(ctx, key, "")
	if err != nil {
		return Job{}, fault("find", "", err)
	}
	src := source{Bucket: p.store.Name(), Key: key, Version: info.Version, ETag: info.ETag}
	j, err := p.load(ctx, p.secret.id(src.Bucket, key, versionOf(src), route.Name, route.Revision))
	if errors.Is(err, bucket.ErrNotFound) {
		if before, failed := p.loadEarlier(ctx, src, route.Name, p.earlier(route)); before != nil || failed != nil {
			j, err = before, failed
		}
	}
	if err != nil {
		return Job{}, fault("find", "", err)
	}
	out := p.describe(j)
	p.nameFor(&out, Document{Key: key})
	return out, nil
}

// Retry starts a new generation of a job that failed and is closed or
// draining, or lets a held one submit again. The second may bill twice.
func (p *Pipeline) Retry(ctx context.Context, id ID) (Job, error) {
	return p.change(ctx, "retry", id, func(j *job) error {
		switch {
		case j.rec.State == Held:
			return p.resubmit(ctx, j)
		case j.rec.Failure != nil && (j.rec.State == Closed || j.rec.State == Draining):
			return p.reopen(ctx, j)
		}
		if err := p.lookParse(ctx, j); err == nil && j.parse != nil && j.parse.rec.State == Held {
			return &Fault{Op: "retry", Ref: j.parse.rec.Ref, Code: CodeWrongState, Hint: "the document's parse is held, and this is its ref: retry that one; it may be billed twice"}
		}
		return &Fault{Op: "retry", Ref: j.rec.Ref, Code: CodeWrongState, Hint: "only a job that failed or is held can be tried again; see: zdrworker jobs show"}
	})
}

// reopen begins the next generation: the marker first (I6), then the record.
func (p *Pipeline) reopen(ctx context.Context, j *job) error {
	if upheld, err := p.uphold(ctx, j); upheld || err != nil {
		return err // it has its result, and nothing is sent again
	}
	return p.reopenAs(ctx, j, func(*record) {})
}

// Abandon gives up a job that was not sealed. The provider has no cancel: what
// it accepted it may still bill. A job whose result stands already is sealed
// instead, and that is the error wrong_state.
func (p *Pipeline) Abandon(ctx context.Context, id ID) (Job, error) {
	return p.change(ctx, "abandon", id, func(j *job) error {
		if transitions[j.rec.State][EventFail] == "" {
			return &Fault{Op: "abandon", Ref: j.rec.Ref, Code: CodeWrongState, Hint: "the job cannot be given up in this state; see: zdrworker jobs show"}
		}
		billed := "unknown"
		if j.rec.State == Claimed {
			billed = "no"
		}
		if err := p.fail(ctx, j, CodeAbandoned, true, billed); err != nil || j.rec.Failure != nil {
			return err
		}
		return &Fault{Op: "abandon", Ref: j.rec.Ref, Code: CodeWrongState, Hint: "the job's result had been published, so the job is sealed; see: zdrworker jobs show"}
	})
}

// change is one deliberate change of a job, repeated when it loses a race.
func (p *Pipeline) change(ctx context.Context, op string, id ID, do func(*job) error) (Job, error) {
	release, err := p.hands.take(ctx, id)
	if err != nil {
		return Job{}, err
	}
	defer release()
	for range maxSteps {
		j, err := p.load(ctx, id)
		if err != nil {
			return Job{}, fault(op, "", err)
		}
		err = do(j)
		if errors.Is(err, errLost) {
			continue
		}
		return p.describe(j), fault(op, j.rec.Ref, err)
	}
	return Job{}, fault(op, "", errLost)
}
