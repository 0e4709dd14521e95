package worker

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// Statuses of a sealed result, as its metadata says them.
const (
	StatusOK              = "ok"
	StatusPartial         = "partial"
	StatusSchemaViolation = "schema-violation"
	StatusSuperseded      = "superseded"
	StatusDiscarded       = "discarded"
)

// stepSealing checks the chosen landing and publishes it. Nothing is deleted
// before the record says sealed (I4): a crash anywhere in here finds the outbox
// as it was.
func (p *Pipeline) stepSealing(ctx context.Context, j *job) (pause, bool, error) {
	a := j.rec.attempt(j.rec.Seal.Attempt)
	if a == nil {
		return pause{}, true, &Fault{Op: "seal", Ref: j.rec.Ref, Code: CodeInternal, Hint: "the record seals an attempt that it does not have"}
	}
	obj, err := p.exchange.Get(ctx, outboxKey(a.Token), bucket.GetOptions{IfMatch: j.rec.Seal.ETag})
	switch {
	case errors.Is(err, bucket.ErrPrecondition):
		return pause{}, false, p.reland(ctx, j, a)
	case errors.Is(err, bucket.ErrNotFound):
		// Either the result was published and the crash came after, or it is lost.
		return pause{}, false, p.fail(ctx, j, CodeResultLost, true, "yes")
	case err != nil:
		return pause{}, true, err
	}
	defer obj.Body.Close()
	err = p.sealLanding(ctx, j, a, obj)
	if errors.Is(err, errOutboxChanged) {
		err = p.reland(ctx, j, a)
	}
	return pause{}, err != nil, err
}

// bringHome takes the landing of a job's only attempt to its result key and
// writes land and seal together: one write less, and one look. Where there are
// several attempts, the write in between says which of them counts (I5); one
// attempt has only one outbox, and whoever publishes second finds the first's
// result at the key and leaves it.
func (p *Pipeline) bringHome(ctx context.Context, j *job) (landed bool, err error) {
	if len(j.rec.live()) != 1 {
		return p.landing(ctx, j)
	}
	n := j.rec.live()[0].N
	obj, err := p.exchange.Get(ctx, outboxKey(j.rec.attempt(n).Token), bucket.GetOptions{})
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer obj.Body.Close()
	p.meter.noticed(j.id, obj.Modified)
	j.now = p.storeTime(obj.Date) // the record may have been read long ago
	home, err := foresee(j, EventLand, func(r *record) { r.lands(n, obj.Info) })
	if err != nil {
		return true, err
	}
	err = p.sealLanding(ctx, home, home.rec.attempt(n), obj)
	if errors.Is(err, errOutboxChanged) {
		return true, nil // looked at again from the start
	}
	if err == nil {
		*j = *home
	}
	return true, err
}

// sealLanding checks the landing that obj is and publishes it.
func (p *Pipeline) sealLanding(ctx context.Context, j *job, a *attempt, obj bucket.Object) error {
	if obj.Size > p.set.MaxResult {
		return p.fail(ctx, j, CodeResultTooLarge, false, "yes")
	}
	verdict, err := p.checkLanding(ctx, j, a, obj)
	switch {
	case err != nil:
		return err
	case !p.keeps(ruleSealedFirst):
		if err := p.removeStaged(ctx, j.rec); err != nil {
			return err
		}
	case verdict.code != "":
		return p.failBilled(ctx, j, verdict.code, verdict)
	}
	return p.publishSealed(ctx, j, a, verdict)
}

// checkLanding reads the landing once and holds it to what a result must be.
func (p *Pipeline) checkLanding(ctx context.Context, j *job, a *attempt, obj bucket.Object) (verdict, error) {
	v, err := p.checkBody(ctx, j, obj)
	if err != nil {
		return v, err
	}
	return p.withReceipt(ctx, j, a, v)
}

// checkBody is what the result alone comes to.
func (p *Pipeline) checkBody(ctx context.Context, j *job, obj bucket.Object) (verdict, error) {
	if j.rec.Step == StepParse {
		return p.checkParsed(obj)
	}
	schema, err := p.schemaOf(ctx, j.rec.Route.Schema)
	if err != nil {
		return verdict{}, err
	}
	v, err := checkResult(obj.Body, obj.Size, schema)
	if err != nil {
		return v, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	return v, nil
}

// withReceipt adds what the provider says of the job: credits, model, warnings.
// The result may land a moment before the job says completed, and the result
// carries the same receipt, so a missing answer holds nothing up.
func (p *Pipeline) withReceipt(ctx context.Context, j *job, a *attempt, v verdict) (verdict, error) {
	if v.code != "" || a.ProviderJob == "" {
		return v, nil
	}
	id, err := zdr.RecordedJobID(a.ProviderJob)
	if err != nil {
		return v, err
	}
	got, err := p.jobOf(ctx, j.rec, id)
	if err != nil || got.Status != ade.StatusCompleted || got.Receipt == nil {
		if errors.Is(err, ade.ErrViolation) {
			// The fleet stops; this result was paid for and is sealed all the same.
			return v, p.brake.trip(ctx, p, 0)
		}
		return v, nil
	}
	v.merge(got, a.ProviderJob)
	if v.violationText.IsZero() && len(v.warnings) == 0 {
		return v, nil
	}
	return v, p.keepTexts(ctx, j, v.texts())
}

// reland: the provider wrote again while we read. The newest landing counts;
// it is the same job's, and it was paid once.
func (p *Pipeline) reland(ctx context.Context, j *job, a *attempt) error {
	info, err := p.exchange.Head(ctx, outboxKey(a.Token), "")
	if err != nil {
		return err
	}
	return p.swap(ctx, j, EventReland, "", func(r *record) { r.Seal.ETag, r.Seal.Size = info.ETag, info.Size })
}

// failBilled ends a job whose result is of no use, with what its receipt says
// where there is one.
func (p *Pipeline) failBilled(ctx context.Context, j *job, code Code, v verdict) error {
	return p.failAt(ctx, j, failure{Code: string(code), Step: j.rec.Step, Retryable: true, Billed: "yes"}, func(r *record) {
		if v.receipt.Credits > 0 {
			r.Receipt = &v.receipt
		}
	})
}

func (p *Pipeline) publishSealed(ctx context.Context, j *job, a *attempt, v verdict) error {
	if v.status == StatusSchemaViolation && j.rec.Route.PartialFails {
		return p.failBilled(ctx, j, CodePartial, v)
	}
	v.ofPartial(j.rec.Parse)
	publish := p.publish
	if j.rec.Step == StepParse {
		publish = p.publishParsed
	}
	info, status, err := publish(ctx, j, a, v)
	if err != nil {
		return err
	}
	err = p.markSealed(ctx, j, info, status, v.jobID, v.receipt)
	if errors.Is(err, errLost) {
		return p.overtaken(ctx, j)
	}
	return err
}

func (p *Pipeline) markSealed(ctx context.Context, j *job, info bucket.Info, status, jobID string, got receipt) error {
	if _, err := zdr.RecordedJobID(jobID); err != nil {
		jobID = ""
	}
	return p.swap(ctx, j, EventSeal, "", func(r *record) {
		if a := r.attempt(r.Seal.Attempt); a != nil && a.ProviderJob == "" {
			a.ProviderJob = jobID // the answer to the POST was lost; the result names its job
		}
		r.Result = &sealed{ETag: info.ETag, Status: status, At: j.now, SourceETag: r.Seal.ETag}
		r.Receipt, r.Waiting = &got, WaitNothing
	})
}

// sealMetadata is what a sealed result says of itself: the contract's list.
func (p *Pipeline) sealMetadata(j *job, v verdict, status string) map[string]string {
	r := j.rec
	return map[string]string{
		"zdr-format":          "1",
		"zdr-ref":             r.Ref,
		"zdr-route":           r.Route.Name,
		"zdr-revision":        strconv.Itoa(r.Route.Revision),
		"zdr-source-version":  versionOf(r.Source),
		"zdr-source-modified": r.Source.Modified.UTC().Format(time.RFC3339),
		"zdr-schema":          r.Route.Schema,
		"zdr-model":           v.receipt.Model,
		"zdr-status":          status,
		"zdr-credits":         strconv.FormatFloat(v.receipt.Credits, 'f', -1, 64),
		"zdr-sealed-at":       j.now.UTC().Format(time.RFC3339),
	}
}
