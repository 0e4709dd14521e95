package worker

import (
	"context"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

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
	if r.halt == nil && !r.broke() {
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
		landed := landed[id] || landed[t.parse]
		if t.hand || !landed && !late || r.halt != nil && t.idle {
			continue
		}
		t.hand = true
		out = append(out, work{id, nudge{ask: late, listed: true, looked: looked && !landed, slot: r.halt == nil}})
	}
	return out
}

// ended moves on what waits for a job that ended without a result.
func (r *run) ended(ctx context.Context, id ID) {
	for _, w := range r.waitFor(id) {
		select {
		case r.nudges <- w:
		case <-ctx.Done():
			return
		}
	}
}

// waitFor takes the jobs in hand that are one job, or wait for its parse.
func (r *run) waitFor(id ID) (out []work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for of, t := range r.open {
		if !t.hand && (of == id || t.parse == id) {
			t.hand = true
			out = append(out, work{of, nudge{ask: true, slot: r.halt == nil}})
		}
	}
	return out
}

func (r *run) result(ctx context.Context) (Summary, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := r.seen()
	sum.Open = len(r.open) + sum.Paused
	switch {
	case r.halt != nil:
		return sum, r.halt
	case len(r.open) == 0 && r.fed && r.busy == 0:
		return sum, nil
	}
	return sum, context.Cause(ctx)
}
