package worker

import (
	"context"
	"errors"
	"time"
)

// price is the most that an attempt of a job may cost, as far as can be said
// before: what is reserved for it.
func (p *Pipeline) price(ctx context.Context, r *record, ready *parseRef) (float64, error) {
	if r.Step == StepParse {
		return EstimateParse(r.Source.Pages, r.Source.Size).High, nil
	}
	s, err := p.schemaOf(ctx, r.Route.Schema)
	if err != nil {
		return 0, err
	}
	size := r.Source.Size
	switch {
	case ready != nil:
		size = ready.Markdown
	case r.Parse != nil:
		size = r.Parse.Markdown
	}
	return EstimateExtract(s, size).High, nil
}

// afford looks whether there is budget for an attempt, and takes none: most of
// those that must wait are told without a write.
func (p *Pipeline) afford(ctx context.Context, j *job, ready *parseRef) (pause, bool, error) {
	tills := p.purse.of(j.now)
	if len(tills) == 0 {
		return pause{}, false, nil
	}
	need, err := p.price(ctx, j.rec, ready)
	if err != nil {
		return pause{}, true, err
	}
	for _, t := range tills {
		left, err := t.left(ctx, p, j.unsent()...)
		if err == nil && left < need && t.recount(ctx, p) {
			left, err = t.left(ctx, p, j.unsent()...)
		}
		if err != nil {
			return pause{}, true, err
		}
		if left < need {
			return p.unaffordable(), true, nil
		}
	}
	return pause{}, false, nil
}

// unsent are the reservations of attempts that nothing was sent for, and that
// nothing can be sent for once there is a newer one: who prepared them has died,
// or the copy did not work out.
func (j *job) unsent() (keys []string) {
	for _, a := range j.rec.Attempts {
		if a.SignedAt.IsZero() && a.End == "" {
			keys = append(keys, reservationKey(j.id, a.N))
		}
	}
	return keys
}

func (p *Pipeline) unaffordable() pause {
	return pause{WaitBudget, p.now().Add(budgetAgain + spread(p.holder, budgetAgain/4))}
}

// held is what an attempt holds of the budgets.
type held struct {
	credits  float64
	accounts []string
}

// reserve takes an attempt's part of every budget, before anything is staged for
// it. The attempt is in the record already, so that whatever becomes of this
// worker the record says what becomes of the reservation. wait: there is not
// enough left.
func (p *Pipeline) reserve(ctx context.Context, j *job) (h held, wait bool, err error) {
	tills := p.purse.of(j.now)
	if len(tills) == 0 {
		return h, false, nil
	}
	if h.credits, err = p.price(ctx, j.rec, nil); err != nil {
		return h, false, err
	}
	own := reservationKey(j.id, j.rec.current().N)
	for _, t := range tills {
		for _, key := range j.unsent() {
			if key != own {
				t.settle(key, 0)
			}
		}
		ok, err := t.reserve(ctx, p, own, h.credits)
		if err == nil && !ok && t.recount(ctx, p) {
			ok, err = t.reserve(ctx, p, own, h.credits)
		}
		h.accounts = append(h.accounts, t.name)
		if err != nil || !ok {
			p.unreserve(j, h)
			return h, err == nil, err
		}
	}
	return h, false, nil
}

// unreserve gives back what an attempt holds that nothing was sent for.
func (p *Pipeline) unreserve(j *job, h held) {
	for _, name := range h.accounts {
		p.purse.known(name).settle(reservationKey(j.id, j.rec.current().N), 0)
	}
}

// known is a till by name alone: to settle, the limit is of no interest.
func (u *purse) known(name string) *till {
	u.mu.Lock()
	limit := 0.0
	if t := u.tills[name]; t != nil {
		limit = t.bound()
	}
	u.mu.Unlock()
	return u.till(name, limit)
}

// short says in the record that its job waits for budget, once. What a dead
// worker reserved for an attempt of this job is given up first: two jobs that
// wait would keep each other waiting by it.
func (p *Pipeline) short(ctx context.Context, j *job) error {
	if err := p.stepBack(ctx, j); err != nil {
		return err
	}
	if j.rec.Waiting == WaitBudget {
		return nil
	}
	return p.swap(ctx, j, EventNote, "", func(r *record) { r.Waiting, r.Lease = WaitBudget, nil })
}

// settleAll settles every attempt of a record that is over.
func (p *Pipeline) settleAll(j *job) {
	for _, a := range j.rec.Attempts {
		if len(a.Budgets) == 0 {
			continue
		}
		cost, over := j.rec.cost(a.N, a.Reserved)
		for _, name := range a.Budgets {
			if over {
				p.purse.known(name).settle(reservationKey(j.id, a.N), cost)
			}
		}
	}
}

// cost is what an attempt came to, once it is over: nothing when it is proven
// unbilled, what the receipt says, or all that was reserved where no receipt
// does. An attempt that nobody signed can be sent only by a write that this
// record refuses once it has moved on.
func (r *record) cost(n int, reserved float64) (cost float64, over bool) {
	a := r.attempt(n)
	switch {
	case a == nil:
		return 0, r.current() != nil && n <= r.current().N // dropped as never accepted
	case a.End == endResubmitted:
		return reserved, true
	case a.End != "":
		return 0, true
	case a.SignedAt.IsZero():
		return 0, r.State != Claimed || a.N != r.current().N
	case a.Gen != r.Gen:
		return reserved, true
	case r.Seal != nil && r.Seal.Attempt == n && r.Receipt != nil && r.Receipt.Credits > 0:
		return r.Receipt.Credits, true
	case r.Failure != nil && r.Failure.Billed == "no":
		return 0, true
	}
	return reserved, r.State.Settled()
}

const (
	// recountEvery is how often a worker looks for what others left behind.
	recountEvery = time.Minute
	// recountMost is how many records it reads then.
	recountMost = 200
)

// recount settles the reservations of attempts that are over: their worker died
// before it could. It reports whether it found any.
func (t *till) recount(ctx context.Context, p *Pipeline) bool {
	t.mu.Lock()
	early := p.now().Sub(t.counted) < recountEvery
	if !early {
		t.counted = p.now()
	}
	t.mu.Unlock()
	if early || t.control.take(ctx) != nil {
		return false
	}
	open := t.control.last.Open
	t.control.give()
	found := false
	for _, key := range someOf(open, recountMost) {
		if cost, over, err := p.costOf(ctx, key, open[key]); err == nil && over {
			t.settle(key, cost)
			found = true
		}
	}
	return found && t.flush(ctx, p) == nil
}

// costOf asks the record of an attempt what it came to.
func (p *Pipeline) costOf(ctx context.Context, key string, reserved float64) (cost float64, over bool, err error) {
	id, n, ok := parseReservationKey(key)
	if !ok {
		return 0, false, errors.New("no attempt has such a name")
	}
	j, err := p.load(ctx, id)
	if err != nil {
		return 0, false, err
	}
	cost, over = j.rec.cost(n, reserved)
	return cost, over, nil
}
