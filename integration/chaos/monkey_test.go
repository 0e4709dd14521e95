//go:build unix

package chaos

import (
	"fmt"
	"sync"
	"syscall"
	"time"
)

// storm is the time of trouble: it ends when so many signals were sent.
type storm struct {
	*world
	over chan struct{}

	mu     sync.Mutex
	sent   int
	posted int
}

// storm lets the storm pass over the world, and calms the provider behind it.
func (w *world) storm() {
	s := &storm{world: w, over: make(chan struct{})}
	s.arrive(0)
	if w.plan.kills == 0 {
		s.arrive(1)
		close(s.over)
	}
	var all sync.WaitGroup
	for n := range w.plan.procs {
		all.Go(func() { s.slot(n) })
	}
	all.Go(s.cutter)
	all.Wait()
	w.faults.calm.Store(true)
}

func (s *storm) passed() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// take claims one of the signals of the plan. Documents arrive as signals are
// sent, so that there is always work to be hit.
func (s *storm) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent == s.plan.kills {
		return false
	}
	s.sent++
	s.arrive(float64(s.sent) / float64(s.plan.kills))
	if s.sent == s.plan.kills {
		close(s.over)
	}
	return true
}

// arrive posts the documents that are due when a part of the storm is over: at
// the beginning a handful, the last ones a little before the end.
func (s *storm) arrive(part float64) {
	n := min(s.plan.docs, int(part*1.05*float64(s.plan.docs))+4*s.plan.procs)
	s.post(s.posted, n)
	s.posted = max(s.posted, n)
}

// where is what a process is started on: the newest folders, sometimes all.
func (s *storm) where(d *dice) []string {
	s.mu.Lock()
	newest := max(s.posted-1, 0)
	s.mu.Unlock()
	at := func(prefix string) string { return "s3://" + s.store + "/" + prefix }
	if d.percent(5) {
		return []string{"run", at(inbox)}
	}
	args := []string{"run", at(folder(newest))}
	for n := newest - batch; n >= 0 && len(args) < 4; n -= batch {
		args = append(args, at(folder(n)))
	}
	return args
}

// slot keeps one process going, whatever becomes of it.
func (s *storm) slot(n int) {
	d := s.plan.dice(uint64(100 + n))
	for !s.passed() {
		p, err := s.start(s.where(d)...)
		if err != nil {
			s.t.Errorf("a process cannot be started: %v", err)
			return
		}
		s.haunt(d, p)
		<-p.over
		s.book.count("processes")
		s.book.ended(p.exit())
		select {
		case <-time.After(d.between(20*time.Millisecond, 300*time.Millisecond)):
		case <-s.over:
		}
	}
}

// moments are the steps after which a process is hit: between a write of the
// record and what comes next.
var moments = []string{
	"claim", "begin", "intend", "intend", "intend", "intend", "intend", "accept", "defer", "fence", "fenced", "prove",
	"land", "land", "seal", "seal", "remove",
}

// haunt does things to one process until it has ended or the storm is over.
func (s *storm) haunt(d *dice, p *process) {
	for {
		if !s.lie(d, p) {
			return
		}
		if s.passed() {
			s.term(p)
			return
		}
		switch roll := d.Float64(); {
		case roll < 0.08:
			s.term(p)
			return
		case roll < 0.62:
			if s.take() {
				s.kill(p, "SIGKILL")
				return
			}
		case s.take():
			if !s.pause(d, p) {
				return
			}
		}
	}
}

// lie waits for the moment to strike: one of the steps, or any time. False when
// the process has ended by itself.
func (s *storm) lie(d *dice, p *process) bool {
	if d.percent(70) {
		if !p.lurk(d.between(300*time.Millisecond, 2*time.Second), moments[d.IntN(len(moments))]) {
			return false
		}
		if d.percent(40) {
			return !p.await(0)
		}
		return !p.await(d.between(0, 15*time.Millisecond))
	}
	return !p.await(d.between(10*time.Millisecond, 2500*time.Millisecond))
}

func (s *storm) kill(p *process, why string) {
	s.book.count(why)
	s.book.note("SIGKILL to %d", p.cmd.Process.Pid)
	p.signal(syscall.SIGKILL)
}

// pause stops a process past its lease, past a POST's deadline and past what
// another would wait before it fences, and lets it go on, or kills it asleep.
func (s *storm) pause(d *dice, p *process) (goesOn bool) {
	s.book.count("SIGSTOP")
	s.book.note("SIGSTOP to %d", p.cmd.Process.Pid)
	p.signal(syscall.SIGSTOP)
	p.await(d.between(lease, postTimeout+skew+listWait+2*time.Second))
	if d.percent(15) {
		s.kill(p, "SIGKILL while stopped")
		return false
	}
	s.book.note("SIGCONT to %d", p.cmd.Process.Pid)
	p.signal(syscall.SIGCONT)
	return true
}

// grace is the most that a process may take after SIGTERM: the rest of a POST,
// the writing down of its answer, and the count of what is left staged.
const grace = postTimeout + 30*time.Second + 15*time.Second

// term asks a process to leave.
func (s *storm) term(p *process) {
	at := time.Now()
	s.book.count("SIGTERM")
	s.book.note("SIGTERM to %d", p.cmd.Process.Pid)
	p.signal(syscall.SIGTERM)
	if !p.await(grace) {
		s.t.Errorf("a process is still there %s after SIGTERM", grace)
		s.kill(p, "SIGKILL after the grace")
		<-p.over
	}
	s.book.left(leaving{at: at, took: time.Since(at), exit: p.exit(), unanswered: p.unanswered(at.Add(-postTimeout))})
}

// cutter cuts one way after the other until the storm is over.
func (s *storm) cutter() {
	d := s.plan.dice(2)
	for {
		quiet, length := d.between(500*time.Millisecond, 4*time.Second), d.between(200*time.Millisecond, 5*time.Second)
		l, k, budget := s.lines()[d.IntN(3)], kinds[d.IntN(len(kinds))], 1+d.IntN(6<<10)
		if l == s.delivery {
			length = min(length, 1500*time.Millisecond)
		}
		select {
		case <-time.After(quiet):
		case <-s.over:
			return
		}
		s.break1(l, k, budget, length)
	}
}

func (s *storm) break1(l *line, k kind, budget int, length time.Duration) {
	s.book.note("%s: %s for %s", l.name, k, length)
	from := time.Now()
	l.cut(k, budget)
	select {
	case <-time.After(length):
	case <-s.over:
	}
	l.mend(k)
	s.book.count("cuts")
	s.book.count(fmt.Sprintf("cut %s, %s", l.name, k))
	// What was held or sent again comes a moment later.
	s.book.cut(outage{from: from, to: time.Now().Add(time.Second)})
}
