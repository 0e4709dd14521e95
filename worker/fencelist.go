package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/zdr"
)

// listPage is the most jobs that the provider lists on a page (OpenAPI v1).
const listPage = 100

// listings are walks of the provider's whole list for one step, for attempts of
// unknown outcome. Such attempts come in heaps, when a worker died with its hands
// full, and the list is as long as a day: so all that ask while one walk is under
// way share the next. A walk serves only those who asked before it began, so that
// it began when each of their fences had had its time.
type listings struct {
	turn chan struct{} // full while one walks

	mu   sync.Mutex
	next *listing // not begun yet; nil when nobody waits
}

// listing is one look at the list, for all who asked before it began.
type listing struct {
	windows []window
	over    chan struct{}
	seen    map[string]listed
	err     error
}

// listed is a job of the list that may be billed.
type listed struct {
	id zdr.JobID
	at time.Time // when it was received; zero: not said
}

func newListings() *listings { return &listings{turn: make(chan struct{}, 1)} }

// join asks for the next walk. Whoever is first walks for all.
func (l *listings) join(w window) (next *listing, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if first = l.next == nil; first {
		l.next = &listing{over: make(chan struct{})}
	}
	l.next.windows = append(l.next.windows, w)
	return l.next, first
}

// begin ends the time to join.
func (l *listings) begin() { l.mu.Lock(); l.next = nil; l.mu.Unlock() }

// lead walks for all who have joined by the time of its turn.
func (l *listings) lead(ctx context.Context, w *listing, look func(windows []window) (map[string]listed, error)) {
	defer close(w.over)
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		w.err = ctx.Err()
	}
	l.begin()
	if w.err == nil {
		w.seen, w.err = look(w.windows)
	}
}

// candidates are the jobs of the list that were received while the attempt's
// POST could have been accepted with content to fetch.
func (p *Pipeline) candidates(ctx context.Context, step string, w window) (map[string]zdr.JobID, error) {
	for {
		shared, first := p.listingsOf(step).join(w)
		if first {
			p.listingsOf(step).lead(ctx, shared, func(all []window) (map[string]listed, error) { return p.readList(ctx, step, all) })
		}
		select {
		case <-shared.over:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if ctx.Err() == nil && !first && errors.Is(shared.err, context.Canceled) {
			continue // whoever walked had to leave
		}
		return shared.within(w), shared.err
	}
}

// within are the jobs of one window.
func (w *listing) within(one window) map[string]zdr.JobID {
	out := map[string]zdr.JobID{}
	for key, job := range w.seen {
		if job.at.IsZero() || one.holds(job.at) {
			out[key] = job.id
		}
	}
	return out
}

// readList reads the whole list twice. Pages shift while one walks, so a walk
// may miss a job: all that any of the two saw counts. What only the second saw,
// because it is new, is some record's by a later look.
func (p *Pipeline) readList(ctx context.Context, step string, windows []window) (map[string]listed, error) {
	seen, times := map[string]listed{}, 2
	if !p.keeps(ruleTwoWalks) {
		times = 1
	}
	for range times {
		if err := p.readPages(ctx, step, windows, seen); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// readPages adds to seen the jobs that were received in one of the windows and
// can be billed.
func (p *Pipeline) readPages(ctx context.Context, step string, windows []window, seen map[string]listed) error {
	for page := 0; ; page++ {
		list, err := p.jobsOf(ctx, step, ade.ListOptions{Page: page, PageSize: listPage})
		if err != nil {
			return err
		}
		for _, s := range list.Jobs {
			over := s.Status == ade.StatusFailed || s.Status == ade.StatusCancelled
			if !over && (s.ReceivedAt.IsZero() || inAny(windows, s.ReceivedAt)) {
				seen[s.ID.String()] = listed{s.ID, s.ReceivedAt}
			}
		}
		if !list.HasMore {
			return nil
		}
	}
}

func inAny(windows []window, t time.Time) bool {
	for _, w := range windows {
		if w.holds(t) {
			return true
		}
	}
	return false
}

func (p *Pipeline) listingsOf(step string) *listings {
	if step == StepParse {
		return p.parseLists
	}
	return p.extractLists
}
