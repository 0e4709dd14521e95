package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// closingSlips is how many slips one proof serves: some thousands of jobs.
const closingSlips = 16

// errDraining: something of the job is there, or may still come.
var errDraining = errors.New("job is not drained yet")

// closeDue closes the jobs of all slips that are due. One listing of the
// exchange bucket, begun after their URLs had ended, is the proof for all of
// them that nothing came back.
func (p *Pipeline) closeDue(ctx context.Context, rep *SweepReport) error {
	for after := ""; ; {
		due, err := p.dueSlips(ctx, after)
		if err != nil || len(due) == 0 {
			return err
		}
		if err := p.closeSlips(ctx, due, rep); err != nil {
			return err
		}
		after = due[len(due)-1]
	}
}

// dueSlips lists slips that were due when the listing began. They sort by that
// time.
func (p *Pipeline) dueSlips(ctx context.Context, after string) (keys []string, err error) {
	var began time.Time
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: slipPrefix, After: after, Limit: closingSlips}) {
		if err != nil {
			return nil, err
		}
		if began.IsZero() {
			began = p.storeTime(o.Date)
		}
		l, ok := parseSlipKey(o.Key)
		if ok && !began.After(l.due) && p.keeps(ruleDrain) {
			break
		}
		keys = append(keys, o.Key)
	}
	return keys, nil
}

func (p *Pipeline) closeSlips(ctx context.Context, keys []string, rep *SweepReport) error {
	slips, ids := map[string][]slipped{}, map[ID]bool{}
	for _, key := range keys {
		s, err := p.readSlip(ctx, key)
		if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrInvalid) || errors.Is(err, errNewerFormat) {
			continue // done by another, or not for this program
		}
		if err != nil {
			return err
		}
		slips[key] = s.entries()
		for _, e := range slips[key] {
			ids[e.id] = false
		}
	}
	if err := p.lookFor(ctx, ids); err != nil {
		return err
	}
	for _, key := range keys {
		if err := p.closeSlip(ctx, key, slips[key], ids, rep); err != nil {
			return err
		}
	}
	return nil
}

// lookFor sets those jobs of which something lies in the exchange bucket: any
// version, delete marker or unfinished upload.
func (p *Pipeline) lookFor(ctx context.Context, ids map[ID]bool) error {
	if len(ids) == 0 {
		return nil
	}
	for _, prefix := range []string{StagingPrefix, OutboxPrefix} {
		for r, err := range p.exchange.Remnants(ctx, prefix) {
			if err != nil {
				return err
			}
			id, _, err := p.secret.open(tokenOf(r.Key))
			if _, asked := ids[id]; asked && err == nil {
				ids[id] = true
			}
		}
	}
	return nil
}

// closeSlip closes the jobs of one slip. The slip stays while one of them could
// not be closed.
func (p *Pipeline) closeSlip(ctx context.Context, key string, jobs []slipped, there map[ID]bool, rep *SweepReport) error {
	var mu sync.Mutex
	left := 0
	each(jobs, p.set.Workers, func(e slipped) {
		closed, err := p.closeOne(ctx, e, there[e.id])
		mu.Lock()
		defer mu.Unlock()
		if closed {
			rep.Closed++
		}
		if err != nil {
			left++
		}
	})
	if left > 0 || len(jobs) == 0 {
		rep.Failed += left
		return ctx.Err()
	}
	gone := []string{key}
	for _, e := range jobs {
		gone = append(gone, p.marker(e.id, e.gen)) // whoever wrote the slip may have died before that
	}
	return p.store.Remove(ctx, gone...)
}

// closeOne closes a job that stands on a slip, unless it is closed or in a later
// generation.
func (p *Pipeline) closeOne(ctx context.Context, e slipped, there bool) (closed bool, err error) {
	release, err := p.hands.take(ctx, e.id)
	if err != nil {
		return false, err
	}
	defer release()
	j, err := p.load(ctx, e.id)
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if j.rec.Gen != e.gen || !j.rec.State.retiring() {
		return false, nil
	}
	if !p.drained(j) {
		return false, errDraining
	}
	if there || j.rec.parted() {
		if err := p.sweepOut(ctx, j); err != nil {
			return false, err
		}
	}
	err = p.close(ctx, j)
	return j.rec.State == Closed, err
}

// each calls do for all, at most width of them at a time.
func each[T any](all []T, width int, do func(T)) {
	if width == 1 {
		for _, one := range all {
			do(one)
		}
		return
	}
	var running crew
	slots := make(chan struct{}, width)
	for _, one := range all {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			do(one)
		})
	}
	running.Wait()
}
