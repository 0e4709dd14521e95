package worker

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// Duty is who sweeps: a lease in the store bucket. It only saves work: two
// sweepers at a time do no harm, since a sweep nudges, and every change of a job
// is conditional.
type Duty struct {
	Format int       `json:"format"`
	Nonce  string    `json:"nonce"`
	Holder string    `json:"holder,omitempty"`
	Until  time.Time `json:"until,omitzero"` // on the store's clock
}

// dutyTime is how long the duty stays with a worker that says nothing more.
const dutyTime = time.Minute

// onDuty takes the sweep's lease, or renews it, and reports whether this worker
// has it.
func (p *Pipeline) onDuty(ctx context.Context) (bool, error) {
	now, err := p.duty.change(ctx, p.store, p.now, func(was Duty) (Duty, bool) {
		at := p.now().Add(p.duty.ahead)
		if was.Holder != p.holder && at.Before(was.Until) {
			return was, false
		}
		return Duty{Format: 1, Nonce: newNonce(), Holder: p.holder, Until: at.Add(dutyTime).UTC()}, true
	})
	return err == nil && now.Holder == p.holder, fault("duty", "", err)
}

// offDuty gives the lease back, so that the next worker needs not wait.
func (p *Pipeline) offDuty(ctx context.Context) error {
	_, err := p.duty.change(ctx, p.store, p.now, func(was Duty) (Duty, bool) {
		return Duty{Format: 1, Nonce: newNonce()}, was.Holder == p.holder
	})
	return fault("duty", "", err)
}

// whileOnDuty runs do for as long as this worker has the duty, which it renews
// meanwhile. done is false when another has it, or lost it to another.
func (p *Pipeline) whileOnDuty(ctx context.Context, do func(context.Context) error) (done bool, err error) {
	if on, err := p.onDuty(ctx); !on || err != nil {
		return false, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		defer zdr.RecoverTo(os.Stderr, func() { stop(errLost) })
		for sleep(ctx, dutyTime/3) {
			if on, err := p.onDuty(ctx); err == nil && !on {
				stop(errLost)
			}
		}
	}()
	err = do(ctx)
	lost := errors.Is(context.Cause(ctx), errLost)
	stop(nil)
	<-renewed
	return !lost, err
}
