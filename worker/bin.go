package worker

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// bin collects jobs whose outcome stands and whose staged objects may go, so
// that one removal takes many jobs' away. What is lost with this process is
// found by sweeps: the marker of such a job stands until it was emptied.
type bin struct {
	mu   sync.Mutex
	jobs map[ID]retired
	full chan struct{} // told when there is enough for a removal
	// keepers are those who will empty it; without one, whoever puts something in
	// does so at once.
	keepers atomic.Int32
}

// retired is all that is needed to remove what a job staged.
type retired struct {
	gen  int
	ref  string
	keys []string
	due  time.Time // when it can close
}

// binFull is how many jobs one removal takes: two keys each are half of what S3
// deletes in a request.
const binFull = 250

func newBin() *bin { return &bin{jobs: map[ID]retired{}, full: make(chan struct{}, 1)} }

// add takes a job in. keys may be none, where they were removed already.
func (b *bin) add(j *job, due time.Time, keys []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jobs[j.id] = retired{gen: j.rec.Gen, ref: j.rec.Ref, keys: keys, due: due}
	if len(b.jobs) < binFull {
		return
	}
	select {
	case b.full <- struct{}{}:
	default:
	}
}

// keep says that the caller empties the bin, at the latest when it is done.
func (b *bin) keep() (done func()) {
	b.keepers.Add(1)
	return func() { b.keepers.Add(-1) }
}

// take empties it, by one removal's worth.
func (b *bin) take() map[ID]retired {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.jobs) <= binFull {
		all := b.jobs
		b.jobs = map[ID]retired{}
		return all
	}
	some := map[ID]retired{}
	for id, r := range b.jobs {
		if len(some) == binFull {
			break
		}
		some[id] = r
		delete(b.jobs, id)
	}
	return some
}

// emptyBin writes what is settled of budgets and removes what the jobs in the
// bin had staged. After an error the rest is a sweep's to find.
func (p *Pipeline) emptyBin(ctx context.Context) error {
	p.purse.settled(ctx, p)
	for {
		some := p.bin.take()
		if len(some) == 0 {
			return nil
		}
		if err := p.retire(ctx, some); err != nil {
			return fault("remove", "", err)
		}
	}
}

// retire removes what jobs had staged, says on a slip when they can close, and
// then takes their markers away: a job stands under one of the two at every
// moment (I6).
func (p *Pipeline) retire(ctx context.Context, jobs map[ID]retired) error {
	var keys, markers []string
	s := slip{Format: 1}
	for _, id := range sortedIDs(jobs) {
		r := jobs[id]
		for _, key := range r.keys {
			if err := p.tellRemoved(ctx, r.ref, key); err != nil {
				return err
			}
		}
		keys, markers = append(keys, r.keys...), append(markers, p.marker(id, r.gen))
		s.add(id, r)
	}
	if len(keys) > 0 {
		if err := p.exchange.Remove(ctx, keys...); err != nil {
			return err
		}
	}
	if err := p.writeSlip(ctx, s); err != nil {
		return err
	}
	return p.store.Remove(ctx, markers...)
}

// tellRemoved says to the recorder what is about to be removed: a removal that
// nobody heard of is worse than one that is told twice.
func (p *Pipeline) tellRemoved(ctx context.Context, ref, key string) error {
	e := zdr.Entry{At: p.now(), Kind: zdr.KindRemoved, Operation: "remove", Ref: ref, Key: key}
	if _, n, err := p.secret.open(tokenOf(key)); err == nil {
		e.Attempt = n
	}
	return p.recorder.Record(ctx, e)
}

// binTime is how long a job may lie in the bin of a program that runs on.
const binTime = time.Second

// keepEmpty empties the bin over and over until ctx ends. Whoever calls it
// empties it once more when nothing is added any longer.
func (p *Pipeline) keepEmpty(ctx context.Context) {
	tick := time.NewTicker(binTime)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-p.bin.full:
		case <-ctx.Done():
			return
		}
		p.emptyFirmly(ctx)
	}
}

// emptyFirmly finishes what it begins. What fails is found by a sweep.
func (p *Pipeline) emptyFirmly(ctx context.Context) {
	ctx, done := firm(ctx)
	defer done()
	if err := p.emptyBin(ctx); err != nil {
		p.log.LogAttrs(ctx, slog.LevelWarn, "staged objects not removed yet", slog.String("code", string(codeFor(err))), slog.String("worker", p.holder))
	}
}
