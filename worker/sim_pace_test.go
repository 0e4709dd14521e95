package worker_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// chooseLimits draws what a fleet keeps to: nothing in most seeds, and so little
// in the others that each submission is felt.
func chooseLimits(r *rand.Rand) (l worker.Limits) {
	if r.IntN(3) > 0 {
		return l
	}
	l.ExtractJobsPerHour = []int{0, 3, 12, 900}[r.IntN(4)]
	l.ParsePagesPerHour = []int{0, 3, 12}[r.IntN(3)]
	l.InFlight = r.IntN(4)
	return l
}

// paceWatch holds what a fleet takes against its limits. What is promised:
//
//   - In no hour more is taken of a limit than it allows, whatever workers die
//     or sleep. A submission counts when it is taken: a worker that sleeps
//     between that and its POST may send it in a later hour.
//   - Nothing is taken longer after it was leased than a lease lives.
//   - No more documents are staged at a time than the ceiling allows, but for
//     those whose worker staged them after its lease had ended. Extract jobs and
//     parses learn of each other when they are staged, so that together they may
//     come to twice as many.
//   - After a 429 nothing is taken before the time that the fleet was told, by
//     anybody who could read of it.
//   - The pace's time is never ahead of the store's clock: it would stand still
//     for all until that clock came there.
type paceWatch struct {
	last  map[string]worker.Pace // by key
	told  map[string]time.Time   // when the fleet was last told of a 429
	taken map[string][]time.Time // by key
	hands map[hand]time.Time     // until when what a thread took, and has not staged yet, was leased
	lease map[string]time.Time   // by worker and key: until when its last lease is
	wrote map[string]time.Time   // by worker and key: when it leased last
	late  int                    // staged after the lease had ended
}

// hand is one thread of a worker.
type hand struct {
	p      *process
	thread int
}

const (
	paceUnsure = 3 * time.Second  // clocks are told in whole seconds
	paceLease  = 20 * time.Second // how long what is leased may be taken
	paceRead   = 5 * time.Second  // so old may be what a worker knows of the pace
)

func newPaceWatch() paceWatch {
	return paceWatch{
		last: map[string]worker.Pace{}, told: map[string]time.Time{}, taken: map[string][]time.Time{}, hands: map[hand]time.Time{},
		lease: map[string]time.Time{}, wrote: map[string]time.Time{},
	}
}

// follow has a worker's pipeline tell of what it takes.
func (w *paceWatch) follow(s *sim, p *process, pipe *worker.Pipeline) {
	pipe.WhenTaken(func(ctx context.Context, parse bool, n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		thread, _ := ctx.Value(threadKey{}).(int)
		if !p.dead && !s.over {
			w.took(s, hand{p, thread}, parse, n)
		}
	})
}

func (w *paceWatch) took(s *sim, h hand, parse bool, n int) {
	key, limit := worker.PaceKey, s.o.limits.ExtractJobsPerHour
	if parse {
		key, limit = worker.PagesKey, s.o.limits.ParsePagesPerHour
	}
	now := time.Now()
	if n < 0 {
		w.taken[key] = w.taken[key][:len(w.taken[key])-1]
		delete(w.hands, h)
		return
	}
	if ago := now.Sub(w.wrote[h.p.name()+key]); ago > paceLease {
		s.violate("lease", "a submission is taken %s after it was leased", ago.Truncate(time.Second))
	}
	if w.hands[h] = w.lease[h.p.name()+key]; n > 1 {
		return // none of the simulation's files has two pages
	}
	all := append(w.taken[key], now)
	w.taken[key] = all
	if i := len(all) - 1 - limit; limit > 0 && i >= 0 && now.Sub(all[i]) < time.Hour-2*paceUnsure {
		s.violate("pace", "%d submissions were taken within %s, %d an hour are allowed", limit+1, now.Sub(all[i]).Truncate(time.Second), limit)
	}
	if told, until := w.told[key], w.last[key].NotBefore.Add(-s.skew); now.Sub(told) > paceRead && now.Before(until.Add(-paceUnsure)) && s.readable() {
		s.violate("429", "a submission is taken %s before the provider wants one", until.Sub(now).Truncate(time.Second))
	}
}

// readable: whoever asked the store got an answer.
func (s *sim) readable() bool {
	return s.happened[storeSlowDown]+s.happened[storeDown]+s.happened[storeOutage] == 0
}

// effect is told of each write that took effect.
func (w *paceWatch) effect(ctx context.Context, s *sim, p *process, c memstore.Call) {
	thread, _ := ctx.Value(threadKey{}).(int)
	switch {
	case c.Key == worker.PaceKey || c.Key == worker.PagesKey:
		w.written(s, p, c.Key)
	case c.Bucket == exchangeName && c.Op != memstore.Remove && strings.HasPrefix(c.Key, worker.StagingPrefix):
		w.staged(s, hand{p, thread})
	}
}

// written holds a new state of a pace against the one before.
func (w *paceWatch) written(s *sim, p *process, key string) {
	var now worker.Pace
	if err := json.Unmarshal(s.object(storeName, key), &now); err != nil {
		s.violate("pace", "a pace was written that no worker can read")
		return
	}
	if now.NotBefore.After(w.last[key].NotBefore) {
		w.told[key] = time.Now()
	}
	w.last[key] = now
	if p.pipe != nil {
		w.wrote[p.name()+key] = time.Now()
		w.lease[p.name()+key] = now.Leases[p.pipe.Holder()].Until.Add(-s.skew)
	}
	if ahead := now.At.Sub(s.storeNow()); ahead > paceUnsure {
		s.violate("pace clock", "the pace stands %s ahead of the store's clock", ahead.Truncate(time.Second))
	}
}

// staged counts what is staged against the ceiling.
func (w *paceWatch) staged(s *sim, h hand) {
	most := s.o.limits.InFlight
	if most == 0 {
		return
	}
	until := w.hands[h]
	delete(w.hands, h)
	n := 0
	for _, o := range s.everything(exchangeName) {
		if _, _, ours := s.names.TokenIn(o.key); ours && strings.HasPrefix(o.key, worker.StagingPrefix) {
			n++
		}
	}
	if time.Until(until) < paceUnsure {
		w.late++
		return
	}
	if s.o.files > 0 {
		most *= 2
	}
	if n > most+w.late {
		s.violate("ceiling", "%d documents are staged, %d late, the ceiling is %d", n, w.late, s.o.limits.InFlight)
	}
}
