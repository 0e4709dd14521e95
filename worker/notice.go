package worker

import (
	"context"
	"errors"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// landing looks into the outboxes of all attempts. The result of any attempt of
// the job is good: the same document, already paid. landed means that the job
// moved on to sealing.
func (p *Pipeline) landing(ctx context.Context, j *job) (landed bool, err error) {
	live := j.rec.live()
	for i := len(live) - 1; i >= 0; i-- {
		info, err := p.exchange.Head(ctx, outboxKey(live[i].Token), "")
		if errors.Is(err, bucket.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		return true, p.land(ctx, j, live[i].N, info)
	}
	return false, nil
}

// land fixes one landing as the one that this generation publishes (I5).
func (p *Pipeline) land(ctx context.Context, j *job, attempt int, info bucket.Info) error {
	p.meter.noticed(j.id, info.Modified)
	return p.swap(ctx, j, EventLand, "", func(r *record) { r.lands(attempt, info) })
}

func (r *record) lands(attempt int, info bucket.Info) {
	r.Seal = &seal{Attempt: attempt, ETag: info.ETag, Size: info.Size}
	r.Waiting, r.Hold, r.Lease = WaitNothing, "", nil
}

// stepSubmitted waits for the result. The outbox is looked at first; the
// provider is asked only for what the bucket cannot show.
func (p *Pipeline) stepSubmitted(ctx context.Context, j *job, n nudge) (pause, bool, error) {
	expired := p.expired(j) // before the outbox is read: trace 3
	if !n.looked || expired {
		if landed, err := p.bringHome(ctx, j); landed || err != nil {
			return pause{}, false, err
		}
	}
	if !p.keeps(ruleExpiryFirst) {
		expired = p.expiredNow(ctx, j)
	}
	wait := pause{WaitResult, p.now().Add(p.set.Ask)}
	if !n.asks(p, j.rec) && !expired {
		return wait, true, nil
	}
	return p.askProvider(ctx, j, expired)
}

// askProvider learns what the outbox does not show: that the job ended without
// delivering.
func (p *Pipeline) askProvider(ctx context.Context, j *job, expired bool) (pause, bool, error) {
	wait := pause{WaitResult, p.now().Add(p.set.Ask)}
	got, err := p.ended(ctx, j)
	switch {
	case errors.Is(err, ade.ErrNotFound):
		// Right after the 202 that is lag of the provider's index; while the URL
		// lives the result may still come.
		if expired {
			return pause{}, false, p.hold(ctx, j, CodeNotDelivered)
		}
		return wait, true, nil
	case errors.Is(err, ade.ErrViolation):
		// The fleet stops, and this job's answers cannot be read any more: what
		// is left to look at is its outbox.
		err = p.brake.trip(ctx, p, 0)
		if err == nil && expired {
			return pause{}, false, p.hold(ctx, j, CodeNotDelivered)
		}
		return wait, true, err
	case err != nil:
		return wait, true, err
	case got.Status == ade.StatusFailed || got.Status == ade.StatusCancelled:
		return pause{}, false, p.providerFailed(ctx, j, got)
	case expired:
		return pause{}, false, p.hold(ctx, j, CodeNotDelivered)
	}
	return wait, true, nil
}

// ended asks for the job of the attempt that is under way.
func (p *Pipeline) ended(ctx context.Context, j *job) (ade.Job, error) {
	id, err := zdr.RecordedJobID(j.rec.current().ProviderJob)
	if err != nil {
		return ade.Job{}, err
	}
	return p.jobOf(ctx, j.rec, id)
}

// providerFailed: failed and cancelled jobs are not billed (documented), so
// another attempt is free, within the tries.
func (p *Pipeline) providerFailed(ctx context.Context, j *job, got ade.Job) error {
	if err := p.keepText(ctx, j, "failure_reason", got.FailureReason); err != nil {
		return err
	}
	if p.signedIn(j.rec) >= p.set.Attempts {
		return p.fail(ctx, j, CodeProviderFailed, true, "no")
	}
	staged := j.rec.current().staging()
	err := p.swap(ctx, j, EventEnded, string(got.Status), func(r *record) {
		r.current().End = endFailed
		r.Waiting, r.NotBefore = WaitProvider, j.now.Add(backoff(p.signedIn(r)))
	})
	if err != nil {
		return err
	}
	return p.takeAway(ctx, j.rec, staged)
}
