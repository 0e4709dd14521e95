package worker

import (
	"container/heap"
	"sync"
	"time"
)

// task is a job that is to be moved on.
type task struct {
	id      ID
	due     time.Time
	seq     int64  // order of equals
	ask     bool   // the provider may be asked
	begin   bool   // it waits for its turn to submit
	hand    bool   // a worker has it
	fresh   bool   // something happened while a worker had it
	askNext bool   // as ask, of what happened then
	fails   int    // failures in a row
	route   string // of one that waits for its turn; "" when it was never read
	back    bool   // of a backfill: what is live goes first
	index   int    // in its line
}

// queue is a bounded set of tasks: those that can move, and those that wait for
// their turn to submit, which is asked for once for all of them. What is out
// comes home first.
type queue struct {
	mu      sync.Mutex
	tasks   map[ID]*task
	moves   line
	starts  turns
	most    int
	seq     int64
	wake    chan struct{} // closed and made anew at each change
	waiting int           // workers that wait for wake
	closed  bool
	spilt   bool // something did not fit since it was asked last
}

func newQueue(most int) *queue {
	return &queue{tasks: map[ID]*task{}, most: most, wake: make(chan struct{})}
}

// move puts a job in, or makes one that is known due at once. A zero due is now.
func (q *queue) move(id ID, due time.Time, ask bool) {
	q.put(id, due, ask, nil)
}

// start puts in a job that waits to be submitted, of a backfill or not.
func (q *queue) start(id ID, route string, back bool) {
	q.put(id, time.Time{}, true, &task{route: route, back: back})
}

func (q *queue) put(id ID, due time.Time, ask bool, start *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t, begin := q.tasks[id], start != nil
	switch {
	case q.closed:
		return
	case t == nil && q.full(begin):
		q.spilt = true
		return
	case t == nil:
		t = &task{id: id, index: -1}
		q.tasks[id] = t
	case t.hand:
		t.fresh, t.askNext = true, t.askNext || ask // the rest is the worker's
		return
	case begin && (t.begin || !t.due.After(time.Now())):
		return // it is waiting already
	}
	q.lift(t)
	if begin && t.route == "" {
		t.route, t.back = start.route, start.back
	}
	q.seq++
	t.due, t.seq, t.ask, t.begin = due, q.seq, t.ask || ask, begin
	q.drop(t)
	q.signal()
}

// ahead is how many live documents wait for their turn to submit.
func (q *queue) ahead() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.starts.lines[live] {
		n += len(*l)
	}
	return n
}

// full: each line has its own room, or what waits for its turn would keep out
// the results that free the turns.
func (q *queue) full(begin bool) bool {
	if begin {
		return q.starts.len() >= q.most
	}
	return len(q.moves) >= q.most
}

// line is where a task stands.
func (q *queue) line(t *task) *line {
	if t.begin {
		return q.starts.of(t)
	}
	return &q.moves
}

func (q *queue) lift(t *task) {
	if t.index >= 0 {
		heap.Remove(q.line(t), t.index)
	}
}

func (q *queue) drop(t *task) { heap.Push(q.line(t), t) }

// signal wakes who waits, if anybody does.
func (q *queue) signal() {
	if q.waiting == 0 && !q.closed {
		return
	}
	q.waiting = 0
	close(q.wake)
	q.wake = make(chan struct{})
}

// next waits for a task that is due and gives it; ok is false when the queue was
// closed. mayStart is asked before one is taken that wants to submit, of a
// backfill or not.
func (q *queue) next(mayStart func(back bool) (until time.Time, ok bool)) (*task, bool) {
	for {
		t, first, wait, wake := q.look()
		if t == nil && first != nil {
			until, ok := mayStart(first.back)
			if t = q.begin(first.back, until, ok); t == nil {
				continue
			}
		}
		if t != nil {
			return t, true
		}
		if wake == nil {
			return nil, false
		}
		timer := time.NewTimer(wait)
		select {
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// idleWait is how long a worker rests when there is nothing to wait for; a
// change wakes it.
const idleWait = time.Hour

// look takes a task that can move; or says which wants to start; or how long to
// wait for what. wake is nil when the queue is closed.
func (q *queue) look() (t, first *task, wait time.Duration, wake chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, nil, 0, nil
	}
	now := time.Now()
	if t := q.moves.due(now); t != nil {
		return q.give(t), nil, 0, q.wake
	}
	wait = idleWait
	if len(q.moves) > 0 {
		wait = min(wait, q.moves[0].due.Sub(now))
	}
	if first := q.starts.due(now); first != nil {
		// A copy: whoever takes it before this one asks may change it.
		return nil, &task{back: first.back}, 0, q.wake
	}
	if q.starts.len() > 0 {
		wait = min(wait, q.starts.soonest().Sub(now))
	}
	q.waiting++
	return nil, nil, max(wait, time.Millisecond), q.wake
}

// begin takes the first that waits to submit, or lets all of its class wait
// until then.
func (q *queue) begin(back bool, until time.Time, ok bool) *task {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if !ok {
		q.starts.wait(back, latest(until, now.Add(10*time.Millisecond)))
		return nil
	}
	if t := q.starts.due(now); t != nil && !q.closed {
		q.starts.took(t)
		return q.give(t)
	}
	return nil
}

// backlog is how many wait for their turn to submit.
func (q *queue) backlog() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.starts.len()
}

func (q *queue) give(t *task) *task {
	q.lift(t)
	t.hand, t.fresh = true, false
	return t
}

// later puts a task back.
func (q *queue) later(t *task, due time.Time, begin bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if begin && q.full(true) {
		delete(q.tasks, t.id)
		q.spilt = true
		return
	}
	if t.fresh && !begin {
		due = time.Time{}
	}
	q.seq++
	t.hand, t.fresh, t.begin, t.due, t.seq = false, false, begin, due, q.seq
	t.ask, t.askNext = t.ask || t.askNext, false
	q.drop(t)
	q.signal()
}

// done forgets a task, unless something happened to its job meanwhile.
func (q *queue) done(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !t.fresh {
		delete(q.tasks, t.id)
		return
	}
	q.seq++
	t.hand, t.fresh, t.begin, t.due, t.seq, t.fails = false, false, false, time.Time{}, q.seq, 0
	t.ask, t.askNext = t.askNext, false
	q.drop(t)
	q.signal()
}

// forget drops a task whatever happened to its job meanwhile.
func (q *queue) forget(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.tasks, t.id)
}

// close ends next for everybody.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// room is how much fits of what did not fit before, once half of the queue is
// empty; 0 when everything did fit and no walk for it is under way. spilt:
// something did not fit since this was asked last.
func (q *queue) room(walking bool) (n int, spilt bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	longest := max(q.starts.len(), len(q.moves))
	if !q.spilt && !walking || longest > q.most/2 {
		return 0, false
	}
	spilt, q.spilt = q.spilt, false
	return q.most - longest, spilt
}

// line is a heap by due time, then by order of arrival.
type line []*task

// due is the first task whose time has come.
func (l line) due(now time.Time) *task {
	if len(l) == 0 || now.Before(l[0].due) {
		return nil
	}
	return l[0]
}

// Len is for container/heap.
func (l line) Len() int { return len(l) }

// Less is for container/heap.
func (l line) Less(i, j int) bool {
	if l[i].due.Equal(l[j].due) {
		return l[i].seq < l[j].seq
	}
	return l[i].due.Before(l[j].due)
}

// Swap is for container/heap.
func (l line) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].index, l[j].index = i, j
}

// Push is for container/heap.
func (l *line) Push(v any) {
	t := v.(*task)
	t.index = len(*l)
	*l = append(*l, t)
}

// Pop is for container/heap.
func (l *line) Pop() any {
	old := *l
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*l, t.index = old[:len(old)-1], -1
	return t
}
