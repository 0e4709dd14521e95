package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// Result is a sealed result. Its content prints as nothing.
type Result struct {
	Job  Job
	body zdr.Document
}

// Decode reads the extracted fields into v, as encoding/json does. Its error
// does not quote them.
func (r *Result) Decode(v any) error {
	var top struct {
		Extraction json.RawMessage `json:"extraction"`
	}
	if json.Unmarshal(r.body.Reveal(), &top) != nil || json.Unmarshal(top.Extraction, v) != nil {
		return &Fault{Op: "decode", Ref: r.Job.Ref, Code: CodeResultInvalid, Hint: "the result does not fit the Go value"}
	}
	return nil
}

// Document is the provider's JSON, byte for byte.
func (r *Result) Document() zdr.Document { return r.body }

// Wait moves a job on until its document's outcome is known and returns the
// result. A job that failed or is held is a *Fault with its code. Nothing is
// lost when ctx ends first: the job goes on without the waiter.
func (p *Pipeline) Wait(ctx context.Context, ref string) (*Result, error) {
	first, err := p.findRef(ctx, ref)
	if err != nil {
		return nil, err
	}
	id, pause := first.id, p.set.Poll
	// The names go when a job closes, and a waiter may come after that.
	result := first.rec.Route.Result
	for {
		j, err := p.Advance(ctx, id)
		switch {
		case err != nil && !transient(err):
			return nil, err
		case err == nil && j.Sealed():
			return p.read(ctx, j, result)
		case err == nil && (j.Failed() || j.State == Held):
			return nil, &Fault{Op: "wait", Ref: j.Ref, Code: j.Code}
		case err == nil && j.heldParse():
			return nil, &Fault{Op: "wait", Ref: j.Parse.Ref, Code: j.Parse.Code}
		}
		if !sleep(ctx, pause) {
			return nil, ctx.Err()
		}
		pause = min(pause*2, p.set.PollMax)
	}
}

func (p *Pipeline) read(ctx context.Context, j Job, key string) (*Result, error) {
	if key == "" || j.Status == StatusSuperseded || j.Status == StatusDiscarded {
		return nil, notAtItsKey("wait", j.Ref)
	}
	obj, err := p.openOwn(ctx, "wait", j.Ref, key)
	if err != nil {
		return nil, err
	}
	defer obj.Body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, obj.Body); err != nil {
		return nil, fault("wait", j.Ref, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable})
	}
	return &Result{Job: j, body: zdr.NewDocument(b.Bytes())}, nil
}

// openOwn opens what stands at a result key, if it is the job's: another version
// of its document may have been answered since.
func (p *Pipeline) openOwn(ctx context.Context, op, ref, key string) (bucket.Object, error) {
	obj, err := p.store.Get(ctx, key, bucket.GetOptions{})
	if err != nil {
		return obj, fault(op, ref, err)
	}
	if obj.Metadata["zdr-ref"] != ref {
		obj.Body.Close()
		return bucket.Object{}, notAtItsKey(op, ref)
	}
	return obj, nil
}

func notAtItsKey(op, ref string) error {
	return &Fault{Op: op, Ref: ref, Code: CodeSourceChanged, Hint: "the document has a newer version or is gone; its result is not at the result key"}
}

// OpenResult streams the sealed result of a job: the provider's bytes. Errors:
// job_not_found where it has none, source_changed once another version's stands
// at its key, and the store's.
func (p *Pipeline) OpenResult(ctx context.Context, j Job) (io.ReadCloser, error) {
	if j.Result.IsZero() {
		return nil, &Fault{Op: "result", Ref: j.Ref, Code: CodeNotFound, Hint: "the job has no result at its key"}
	}
	obj, err := p.openOwn(ctx, "result", j.Ref, j.Result.Reveal())
	return obj.Body, err
}

// transient: the same call may work in a while, with nothing changed.
func transient(err error) bool {
	for _, is := range []error{
		bucket.ErrUnavailable, bucket.ErrThrottled, bucket.ErrUnknown, bucket.ErrConflict,
		errLost, errUncertain, errShort,
	} {
		if errors.Is(err, is) {
			return true
		}
	}
	return providerTransient(err)
}

// errShort: an object ended before its length.
var errShort = errors.New("read ended early")

// waitAtLeast keeps a loop from spinning on times that have passed.
func waitAtLeast(until time.Time, least time.Duration) time.Duration {
	return max(time.Until(until), least)
}
