package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/zdr"
)

// Who asks while a walk is under way shares the next one, which begins after all
// of them asked; each gets the jobs of its own window.
func TestWalksAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, began := newListings(), time.Now()
		at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
		var mu sync.Mutex
		walked := map[*listing]time.Time{}
		look := func(w *listing) func([]window) (map[string]listed, error) {
			return func([]window) (map[string]listed, error) {
				mu.Lock()
				walked[w] = time.Now()
				mu.Unlock()
				time.Sleep(10 * time.Second)
				seen := map[string]listed{}
				for i := range 100 {
					seen[fmt.Sprint(i)] = listed{zdr.JobID{}, at(i)}
				}
				return seen, nil
			}
		}
		var all sync.WaitGroup
		for i := range 20 {
			time.Sleep(time.Second / 2)
			all.Go(func() {
				asked, w := time.Now(), window{from: at(i), to: at(i + 3)}
				shared, first := l.join(w)
				if first {
					l.lead(t.Context(), shared, look(shared))
				}
				<-shared.over
				if got := shared.within(w); len(got) != 4 {
					t.Errorf("%d jobs in the window, want 4", len(got))
				}
				mu.Lock()
				defer mu.Unlock()
				if walked[shared].Before(asked) {
					t.Error("the walk had begun before it was asked for")
				}
			})
		}
		all.Wait()
		if len(walked) != 2 {
			t.Errorf("%d walks for 20 who asked within the time of one, want 2", len(walked))
		}
	})
}

// A walk of somebody who has to leave proves nothing, and keeps nobody waiting.
func TestWalksEnd(t *testing.T) {
	l := newListings()
	l.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	shared, _ := l.join(window{})
	cancel()
	l.lead(ctx, shared, func([]window) (map[string]listed, error) { t.Error("it walked"); return nil, nil })
	<-shared.over
	if !errors.Is(shared.err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", shared.err)
	}
	if _, first := l.join(window{}); !first {
		t.Error("who asks next waits for nobody")
	}
}

// emptyList is a provider whose list is read and has nothing.
type emptyList struct {
	Provider
	read int
}

func (p *emptyList) ExtractJobs(context.Context, ade.ListOptions) (ade.JobList, error) {
	p.read++
	return ade.JobList{}, nil
}

// Whoever waited for a walk of somebody who had to leave walks in his place.
func TestWalksAreTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &emptyList{}
		p := &Pipeline{provider: from, extractLists: newListings(), parseLists: newListings()}
		p.extractLists.turn <- struct{}{} // somebody walks
		ctx, leave := context.WithCancel(t.Context())
		var left, stayed error
		var both sync.WaitGroup
		both.Go(func() { _, left = p.candidates(ctx, StepExtract, window{}) })
		synctest.Wait()
		both.Go(func() { _, stayed = p.candidates(t.Context(), StepExtract, window{}) })
		synctest.Wait()
		leave()
		synctest.Wait()
		<-p.extractLists.turn
		both.Wait()
		if !errors.Is(left, context.Canceled) || stayed != nil || from.read != 2 {
			t.Errorf("who left got %v, who stayed %v, after %d pages; want a walk of two", left, stayed, from.read)
		}
	})
}
