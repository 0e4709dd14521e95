package worker_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// verdict is what the scheduler lets become of one effect.
type verdict struct {
	dead   bool        // the worker has crashed: nothing happens
	faults []faultKind // what goes wrong with it
	wait   time.Duration
}

func (v verdict) has(f faultKind) bool { return slices.Contains(v.faults, f) }

// effect is something that changes or reads the world outside a worker. Every
// one of them waits at the gate until the scheduler lets it through, so that
// only one goroutine runs at a time and the seed alone chooses the order.
type effect struct {
	kind string // "get", "put", …; "post", "ask", "list-jobs"; "fetch", "deliver"
	key  string // what the store is asked about
	what string // for the trace: no content, no names
	may  []faultKind
}

type waiter struct {
	proc  *process // nil: the provider's own transfers
	e     effect
	grant chan verdict
	at    time.Time // of arrival
}

// before orders those that timers woke at the same instant: which of them came
// first is the Go scheduler's choice, and a seed must replay.
func (w *waiter) before(o *waiter) int {
	order := cmp.Or(w.at.Compare(o.at), strings.Compare(w.proc.name(), o.proc.name()))
	if order != 0 || w.proc != nil {
		return order
	}
	return cmp.Or(strings.Compare(w.e.kind, o.e.kind), strings.Compare(w.e.what, o.e.what))
}

// process is one incarnation of a worker.
type process struct {
	id, life int
	pipe     *worker.Pipeline // nil until it has started
	ctx      context.Context
	cancel   context.CancelFunc
	dead     bool
	paused   time.Time // not scheduled before this
	threads  [2]string // what each thread is doing; "" is idle
	skew     time.Duration
	lists    int // list requests since one was answered in part
}

func (p *process) name() string {
	if p == nil {
		return "provider"
	}
	return fmt.Sprintf("w%d.%d", p.id, p.life)
}

type (
	processKey struct{}
	threadKey  struct{}
)

// park waits at the gate.
func (s *sim) park(p *process, e effect) verdict {
	s.mu.Lock()
	if s.over || p != nil && p.dead {
		s.mu.Unlock()
		return verdict{dead: true}
	}
	w := &waiter{p, e, make(chan verdict, 1), time.Now()}
	s.waiting = append(s.waiting, w)
	s.mu.Unlock()
	return <-w.grant
}

// ready are the waiters whose worker is not paused, in the order of arrival.
func (s *sim) ready() []*waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*waiter
	now := time.Now()
	for _, w := range s.waiting {
		if w.proc == nil || !now.Before(w.proc.paused) {
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, (*waiter).before)
	return out
}

// let grants one effect and waits until everything stands still again.
func (s *sim) let(w *waiter, v verdict) {
	s.mu.Lock()
	i := slices.Index(s.waiting, w)
	if i < 0 {
		s.mu.Unlock()
		return
	}
	s.waiting = slices.Delete(s.waiting, i, i+1)
	s.mu.Unlock()
	s.steps++
	if s.tracing {
		s.note(w.proc.name(), w.e.kind+" "+w.e.what+describe(v))
	}
	w.grant <- v
	synctest.Wait()
}

func describe(v verdict) string {
	var parts []string
	for _, f := range v.faults {
		parts = append(parts, f.String())
	}
	if v.dead {
		parts = append(parts, "dead")
	}
	if parts == nil {
		return ""
	}
	return " ← " + strings.Join(parts, ", ")
}

// judge draws what goes wrong with an effect.
func (s *sim) judge(w *waiter) verdict {
	var v verdict
	if !s.chaos {
		return v
	}
	for _, f := range w.e.may {
		if s.roll(f) {
			v.faults = append(v.faults, f)
			break
		}
	}
	v.wait = between(s.rng, time.Second, 20*time.Minute)
	if v.has(storeZombie) && s.rng.IntN(4) == 0 {
		v.wait = between(s.rng, time.Hour, 14*time.Hour)
	}
	return v
}

// roll says whether a fault that the seed has happens now.
func (s *sim) roll(f faultKind) bool {
	if !s.faulty(f) {
		return false
	}
	s.happened[f]++
	return true
}

// faulty is roll for a fault that counts itself.
func (s *sim) faulty(f faultKind) bool {
	return s.chaos && s.o.faults[f] && s.rng.Float64() < faults[f].odds*s.o.intensity
}

// kill ends a worker between two instructions: nothing that it still does has
// any effect.
func (s *sim) kill(p *process) {
	s.note(p.name(), "killed")
	s.mu.Lock()
	p.dead = true
	var its []*waiter
	s.waiting = slices.DeleteFunc(s.waiting, func(w *waiter) bool {
		if w.proc == p {
			its = append(its, w)
		}
		return w.proc == p
	})
	s.mu.Unlock()
	p.cancel()
	for _, w := range its {
		w.grant <- verdict{dead: true}
	}
	synctest.Wait()
}

// step lets one thing happen.
func (s *sim) step() {
	synctest.Wait()
	s.deliverLate()
	s.disturb()
	ready := s.ready()
	if len(ready) > 0 && s.rng.Float64() < 0.9 {
		s.one(ready[s.rng.IntN(len(ready))])
		return
	}
	if s.rng.Float64() < 0.7 && s.command() {
		return
	}
	s.pass(len(ready) > 0)
}

// one lets one effect through, with a crash before or after it, or a pause.
func (s *sim) one(w *waiter) {
	p := w.proc
	switch {
	case p != nil && s.roll(crashBefore):
		s.kill(p)
		return
	case p != nil && s.chaos && s.o.pauseAt != "" && strings.HasPrefix(w.e.key, s.o.pauseAt) && s.rng.IntN(4) == 0:
		s.pause(p, between(s.rng, 5*time.Minute, 30*time.Minute))
		return
	case p != nil && s.roll(pauseLease):
		s.pause(p, between(s.rng, 2*time.Minute, 15*time.Minute))
		return
	case p != nil && s.roll(pauseDays):
		s.pause(p, between(s.rng, 24*time.Hour, 6*24*time.Hour))
		return
	case p != nil && s.roll(pauseURL):
		s.pause(p, between(s.rng, time.Hour, 12*time.Hour))
		return
	}
	s.let(w, s.judge(w))
	if p != nil && s.roll(crashAfter) {
		s.kill(p)
	}
	time.Sleep(time.Duration(1 + s.rng.IntN(40_000_000)))
}

func (s *sim) pause(p *process, d time.Duration) {
	if s.tracing {
		s.note(p.name(), "paused for "+d.Truncate(time.Second).String())
	}
	p.paused = time.Now().Add(d)
}

// pass lets time go by: little while something waits, more when nothing does.
func (s *sim) pass(busy bool) {
	most := []time.Duration{time.Second, 10 * time.Second, time.Minute, 3 * time.Minute, 10 * time.Minute, time.Hour}[s.rng.IntN(6)]
	if busy {
		most = min(most, 10*time.Second)
	}
	time.Sleep(between(s.rng, time.Millisecond, most))
	synctest.Wait()
}

// deliverLate does what was delayed and is due, one thing at a time.
func (s *sim) deliverLate() {
	now := time.Now()
	for i, l := range s.late {
		if now.After(l.due) {
			s.late = slices.Delete(s.late, i, i+1)
			s.note("network", "late: "+l.what)
			l.do()
			synctest.Wait()
			return
		}
	}
}

// late is an effect that takes place after everybody has stopped waiting.
type late struct {
	due  time.Time
	what string
	do   func()
}

func (s *sim) later(after time.Duration, what string, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, late{time.Now().Add(after), what, do})
}

// run gives a thread something to do.
func (s *sim) run(p *process, thread int, what string, do func(context.Context) error) {
	s.mu.Lock()
	p.threads[thread] = what
	s.mu.Unlock()
	if s.tracing {
		s.note(p.name(), fmt.Sprintf("begins %s (thread %d)", what, thread))
	}
	go func() {
		err := do(context.WithValue(p.ctx, threadKey{}, thread))
		s.mu.Lock()
		defer s.mu.Unlock()
		p.threads[thread] = ""
		if p.dead || s.over {
			return
		}
		s.returned(p, what, err)
	}()
	synctest.Wait()
}

// settle lets everything that has begun come to its end, without faults.
func (s *sim) settle() {
	for n := 0; ; n++ {
		synctest.Wait()
		if ready := s.ready(); len(ready) > 0 {
			s.let(ready[0], verdict{})
			s.watch.check(s)
			if s.failed() || n > 20_000 {
				break
			}
			continue
		}
		if !s.busy() {
			return
		}
		time.Sleep(time.Second)
	}
	if !s.failed() {
		s.violate("stuck", "a command does not end")
	}
}

func (s *sim) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.procs {
		for _, t := range p.threads {
			if t != "" && !p.dead {
				return true
			}
		}
	}
	return false
}

// note adds a line to the trace.
func (s *sim) note(who, what string) {
	if !s.tracing {
		return
	}
	s.trace = append(s.trace, fmt.Sprintf("%10s  %-9s %s", time.Since(s.began).Truncate(time.Millisecond), who, what))
}
