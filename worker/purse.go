package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// purse is this worker's part of the budgets: a till for each account.
type purse struct {
	daily float64 // credits in a day; 0: no bound

	mu     sync.Mutex
	tills  map[string]*till
	runs   []*runBound // of the Runs that are under way
	tidied time.Time   // when this worker looked for accounts to remove last
}

// runBound is what a Run may spend, and the account that says how much it has.
type runBound struct {
	account string
	most    float64
}

func newPurse(b Budget) *purse { return &purse{daily: b.CreditsPerDay, tills: map[string]*till{}} }

// till is this worker's view of one account. Reservations and settlements that
// come while one write is under way go into the next together: the fleet makes
// about one write in the time of a request, and each carries all that a worker
// has.
type till struct {
	name    string
	control control[Account]
	seen    bool // the account was there; with control
	stands  bool // its backfill was there after a reservation was; with control

	mu      sync.Mutex
	limit   float64
	asks    []*reservation
	over    map[string]float64 // settlements that are not written yet: what each came to
	counted time.Time          // when the record of others' reservations were looked at last
}

func (u *purse) till(name string, limit float64) *till {
	u.mu.Lock()
	defer u.mu.Unlock()
	t := u.tills[name]
	if t == nil {
		t = &till{name: name, control: newControl[Account](budgetKey(name)), over: map[string]float64{}}
		u.tills[name] = t
		u.forget(name)
	}
	t.mu.Lock()
	t.limit = limit
	t.mu.Unlock()
	return t
}

// tillKept is how long the till of a day is kept after it: what is submitted on a
// day has ended by then.
const tillKept = 7 * 24 * time.Hour

// forget lets go of tills of days long before this one: each holds what was open
// in its account when that was read last, and a worker may run for months.
func (u *purse) forget(name string) {
	day, ok := dayOf(name)
	if !ok {
		return // the account of a Run
	}
	for old, t := range u.tills {
		if at, ok := dayOf(old); ok && day.Sub(at) > tillKept && t.idle() {
			delete(u.tills, old)
		}
	}
}

// idle: nothing of it is to be written.
func (t *till) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.asks) == 0 && len(t.over) == 0
}

// bound is the most that the account may come to: the latest that was said.
func (t *till) bound() float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.limit
}

// of are the tills that a submission at a time is paid from.
func (u *purse) of(at time.Time) (all []*till) {
	if u.daily > 0 {
		all = append(all, u.till(dayAccount(at), u.daily))
	}
	u.mu.Lock()
	runs := slices.Clone(u.runs)
	u.mu.Unlock()
	for _, r := range runs {
		all = append(all, u.till(r.account, r.most))
	}
	return all
}

// limitRun bounds what is submitted from now on, by whichever Run, under a name.
// What it returns ends that.
func (u *purse) limitRun(account string, most float64) func() {
	if most <= 0 {
		return func() {}
	}
	r := &runBound{account, most}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.runs = append(u.runs, r)
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.runs = slices.DeleteFunc(u.runs, func(other *runBound) bool { return other == r })
	}
}

// reserve asks for a part of the budget; false when there is not enough left.
// After an error it may have been reserved, under its attempt's name.
func (t *till) reserve(ctx context.Context, p *Pipeline, key string, credits float64) (bool, error) {
	r := &reservation{key: key, credits: credits}
	t.mu.Lock()
	t.asks = append(t.asks, r)
	t.mu.Unlock()
	if err := t.control.take(ctx); err != nil {
		t.withdraw(r)
		return false, err
	}
	defer t.control.give()
	if !r.done {
		t.commit(ctx, p)
	}
	return r.granted, r.err
}

// withdraw takes back what was asked for. Where it is on its way, what comes of
// it is given back.
func (t *till) withdraw(r *reservation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.asks, r); i >= 0 {
		t.asks = slices.Delete(t.asks, i, i+1)
		return
	}
	t.over[r.key] = 0
}

// settle notes what an attempt came to, to be written with the next write. An
// attempt that has no reservation, or has none any more, changes nothing.
func (t *till) settle(key string, cost float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over[key] = cost
}

// flush writes what is settled.
func (t *till) flush(ctx context.Context, p *Pipeline) error {
	t.mu.Lock()
	idle := len(t.over) == 0
	t.mu.Unlock()
	if idle {
		return nil
	}
	if err := t.control.take(ctx); err != nil {
		return err
	}
	defer t.control.give()
	return t.commit(ctx, p)
}

// commit writes all that waits; control is taken.
func (t *till) commit(ctx context.Context, p *Pipeline) error {
	t.mu.Lock()
	asks, over := t.asks, t.over
	t.asks, t.over = nil, map[string]float64{}
	t.mu.Unlock()
	ctx, done := firm(ctx) // others' are among them
	defer done()
	err := t.write(ctx, p, over, asks)
	if err == nil {
		err = t.confirm(ctx, p, asks)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range asks {
		if r.done, r.err = true, err; err != nil {
			r.granted = false
			t.over[r.key] = 0
		}
	}
	if err != nil {
		for key, cost := range over {
			t.over[key] = cost
		}
	}
	return err
}

// write books until one write wins. Nothing is refused on an old reading.
func (t *till) write(ctx context.Context, p *Pipeline, over map[string]float64, asks []*reservation) error {
	for range maxPublish {
		if err := t.refresh(ctx, p); err != nil {
			return err
		}
		if t.closed(p.now()) {
			asks = nil
		}
		fresh := t.control.read
		to, changed := t.control.last.booked(t.bound(), over, asks)
		if refused(asks) && p.now().Sub(fresh) > time.Second {
			t.control.reread()
			continue
		}
		if !changed {
			return nil
		}
		if err := t.control.set(ctx, p.store, p.now(), to); !errors.Is(err, errLost) {
			return err
		}
	}
	return errLost
}

func refused(asks []*reservation) bool {
	for _, r := range asks {
		if !r.granted {
			return true
		}
	}
	return false
}

// left is what may still be reserved, by a reading that may be a moment old, and
// if some reservations were given back.
func (t *till) left(ctx context.Context, p *Pipeline, without ...string) (float64, error) {
	if err := t.control.take(ctx); err != nil {
		return 0, err
	}
	defer t.control.give()
	if err := t.refresh(ctx, p); err != nil {
		return 0, err
	}
	if t.closed(p.now()) {
		return 0, nil
	}
	left := t.control.last.Left(t.bound())
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, cost := range t.over {
		if n, open := t.control.last.Open[key]; open {
			left += n - cost
		}
	}
	for _, key := range without {
		if _, back := t.over[key]; !back {
			left += t.control.last.Open[key]
		}
	}
	return round4(left), nil
}

// settled writes all that is settled. What cannot be written now is kept, and
// found again from the records if this worker dies.
func (u *purse) settled(ctx context.Context, p *Pipeline) {
	u.mu.Lock()
	var all []*till
	for _, t := range u.tills {
		all = append(all, t)
	}
	u.mu.Unlock()
	for _, t := range all {
		_ = t.flush(ctx, p)
	}
}
