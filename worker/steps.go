package worker

import (
	"context"
	"errors"
	"time"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/zdr"
)

// What differs between the two steps at the provider: its routes, its lists and
// the limits that they fall under.

// sender is a create that lacks its URLs only.
type sender func(ctx context.Context, pair presign.Pair) (zdr.JobID, error)

// sender prepares the create of the newest attempt.
func (p *Pipeline) sender(ctx context.Context, j *job) (sender, error) {
	if j.rec.Step == StepParse {
		return p.parseSender(ctx, j)
	}
	schema, err := p.schemaOf(ctx, j.rec.Route.Schema)
	if err != nil {
		return nil, err
	}
	r := j.rec
	return func(ctx context.Context, pair presign.Pair) (zdr.JobID, error) {
		return p.provider.CreateExtractJob(ctx, ade.ExtractJob{
			Ref: r.Ref, Attempt: r.current().N, Schema: schema, Model: r.Route.Model, Strict: r.Route.Strict,
			Markdown: pair.Get, OutputSave: pair.Put,
		})
	}, nil
}

func (p *Pipeline) parseSender(ctx context.Context, j *job) (sender, error) {
	r, o := j.rec, j.rec.Options
	words, err := o.prompts()
	if err != nil {
		return nil, &Fault{Op: "submit", Ref: r.Ref, Code: CodeConfig, Hint: "the words about figures that the job was claimed with cannot be sent"}
	}
	secret, err := p.passwordOf(ctx, o.Password)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, pair presign.Pair) (zdr.JobID, error) {
		return p.provider.CreateParseJob(ctx, ade.ParseJob{
			Ref: r.Ref, Attempt: r.current().N, Model: o.Model, Split: ade.Split(o.Split), Prompts: words, Password: secret,
			Document: pair.Get, OutputSave: pair.Put,
		})
	}, nil
}

// passwordOf reads the secret of that name. It is asked for at each submission
// and kept nowhere.
func (p *Pipeline) passwordOf(ctx context.Context, name string) (zdr.Password, error) {
	if name == "" {
		return zdr.Password{}, nil
	}
	if p.password == nil {
		return zdr.Password{}, &Fault{Op: "submit", Code: CodeConfig, Hint: "the document needs a password and this worker has no way to read one"}
	}
	secret, err := p.password(ctx, name)
	if err != nil || secret.IsZero() {
		return zdr.Password{}, &Fault{Op: "submit", Code: CodeCredentials, Hint: "the password of the route's documents could not be read"}
	}
	return secret, nil
}

// jobOf asks the provider for a job of a record.
func (p *Pipeline) jobOf(ctx context.Context, r *record, id zdr.JobID) (ade.Job, error) {
	if r.Step == StepParse {
		return p.provider.ParseJob(ctx, id, r.Ref)
	}
	return p.provider.ExtractJob(ctx, id, r.Ref)
}

// jobsOf gives a page of the list that a step's jobs are in.
func (p *Pipeline) jobsOf(ctx context.Context, step string, o ade.ListOptions) (ade.JobList, error) {
	if step == StepParse {
		return p.provider.ParseJobs(ctx, o)
	}
	return p.provider.ExtractJobs(ctx, o)
}

// gateOf and paceOf are of the step's own limit at the provider.
func (p *Pipeline) gateOf(step string) *gate {
	if step == StepParse {
		return &p.pageGate
	}
	return &p.gate
}

func (p *Pipeline) paceOf(step string) *pacer {
	if step == StepParse {
		return &p.pages
	}
	return &p.pacer
}

// weight is how much of its limit a submission takes: pages of a parse, as far
// as they are known.
func (r *record) weight() int {
	if r.Step == StepParse {
		return max(1, r.Source.Pages)
	}
	return 1
}

// A document's URLs must be valid for so long, and for so much more with each
// page that is parsed: the provider's newer API asks for it, the older is taken
// to be alike.
const (
	parseFloor = 15 * time.Minute
	pageTime   = 3 * time.Second
)

// need is the least validity that the job's URLs must have. Whoever sets a
// JobTime below the provider's floor has said that it is none.
func (p *Pipeline) need(r *record) time.Duration {
	if r.Step == StepParse {
		return max(p.set.JobTime, min(parseFloor, p.set.JobTime)+time.Duration(r.Source.Pages)*pageTime)
	}
	return p.set.JobTime
}

// outlasts says that URLs cannot live long enough for this document, because of
// its pages, while they can for others: that is a fault of one document and no
// reason to stop.
func (p *Pipeline) outlasts(err error) bool {
	short, ok := errors.AsType[*presign.TooShort](err)
	return ok && short.Have >= p.set.JobTime
}
