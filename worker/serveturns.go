package worker

import (
	"time"
)

// class of tasks that wait for their turn to submit.
const (
	live = iota
	backfilling
	classes
)

// turns are the lines in which tasks wait for their turn to submit, one a route
// and class. What is live goes before backfills; within a class the routes take
// turns, so that none waits for another's backlog.
type turns struct {
	lines  [classes]map[string]*line
	routes []string // in the order in which they came up
	next   int      // of the routes, whose turn it is
	hold   [classes]time.Time
}

func turnClass(back bool) int {
	if back {
		return backfilling
	}
	return live
}

// of is the line of a task.
func (s *turns) of(t *task) *line {
	class := turnClass(t.back)
	if s.lines[class] == nil {
		s.lines[class] = map[string]*line{}
	}
	l := s.lines[class][t.route]
	if l == nil {
		l = &line{}
		s.lines[class][t.route] = l
		s.know(t.route)
	}
	return l
}

func (s *turns) know(route string) {
	for _, r := range s.routes {
		if r == route {
			return
		}
	}
	s.routes = append(s.routes, route)
}

// due is the task whose turn it is; nil when none is due.
func (s *turns) due(now time.Time) *task {
	for class := range classes {
		if now.Before(s.hold[class]) {
			continue
		}
		for i := range s.routes {
			l := s.lines[class][s.routes[(s.next+i)%len(s.routes)]]
			if l == nil {
				continue
			}
			if t := l.due(now); t != nil {
				return t
			}
		}
	}
	return nil
}

// took lets the next route have its turn.
func (s *turns) took(t *task) {
	for i, r := range s.routes {
		if r == t.route {
			s.next = i + 1
		}
	}
}

// wait lets nothing of a class start before then.
func (s *turns) wait(back bool, until time.Time) { s.hold[turnClass(back)] = until }

// len is how many wait.
func (s *turns) len() (n int) {
	for _, class := range s.lines {
		for _, l := range class {
			n += len(*l)
		}
	}
	return n
}

// soonest is when the next one may be due.
func (s *turns) soonest() (first time.Time) {
	for class, lines := range s.lines {
		for _, l := range lines {
			if len(*l) > 0 {
				first = earliest(first, latest(s.hold[class], (*l)[0].due))
			}
		}
	}
	return first
}
