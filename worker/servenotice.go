package worker

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// outstanding are jobs that this worker saw accepted: a bounded set, so that a
// result that arrives is taken by the worker that submitted it, and so that one
// walk of the provider's list answers for all of them. What does not fit is
// found by others, and by sweeps.
type outstanding struct {
	mu   sync.Mutex
	most int
	jobs map[ID]accepted
	kept int           // of them, with their records
	wake chan struct{} // something was added
}

type accepted struct {
	step     string
	provider string
	at       time.Time
	etag     string
	record   []byte // as this worker wrote it last; nil where it is not kept
}

// keptRecords bounds the records that are kept until their results arrive: some
// 1 MB, as text. They save a read each; one that is out of date loses its race.
const keptRecords = 1000

func newOutstanding(most int) *outstanding {
	return &outstanding{most: most, jobs: map[ID]accepted{}, wake: make(chan struct{}, 1)}
}

func (o *outstanding) add(j *job) {
	a := j.rec.current()
	o.mu.Lock()
	if _, known := o.jobs[j.id]; (known || len(o.jobs) < o.most) && a != nil {
		as := accepted{step: j.rec.Step, provider: a.ProviderJob, at: time.Now()}
		if o.jobs[j.id].record != nil {
			o.kept--
		}
		if o.kept < keptRecords {
			if text, err := json.Marshal(j.rec); err == nil {
				as.etag, as.record = j.etag, text
				o.kept++
			}
		}
		o.jobs[j.id] = as
	}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outstanding) drop(id ID) {
	o.take(id)
	o.mu.Lock()
	delete(o.jobs, id)
	o.mu.Unlock()
}

// take gives a job's record, once, where it is kept.
func (o *outstanding) take(id ID) *job {
	o.mu.Lock()
	a := o.jobs[id]
	kept := a
	if a.record != nil {
		a.etag, a.record = "", nil
		o.jobs[id] = a
		o.kept--
	}
	o.mu.Unlock()
	if kept.record == nil {
		return nil
	}
	rec, err := decodeRecord(kept.record)
	if err != nil {
		return nil
	}
	return &job{id: id, rec: rec, etag: kept.etag, now: rec.UpdatedAt}
}

func (o *outstanding) has(id ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.jobs[id]
	return ok
}

// silent gives the jobs that have been out for longer than d, by the provider's
// id, and forgets those whom only a sweep can help.
func (o *outstanding) silent(step string, d time.Duration) map[string]ID {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := map[string]ID{}
	for id, a := range o.jobs {
		switch age := time.Since(a.at); {
		case age > forgetAfter:
			if a.record != nil {
				o.kept--
			}
			delete(o.jobs, id)
		case age >= d && a.step == step:
			out[a.provider] = id
		}
	}
	return out
}

const (
	// forgetAfter is how long a worker remembers what it submitted.
	forgetAfter = 6 * time.Hour
	// otherAfter is how old a result of another worker's must be before this one
	// takes it: that one is gone, or busy.
	otherAfter = 20 * time.Second
	// sealTime is how long a result that was handed out is left alone.
	sealTime = 10 * time.Second
)

// notice lists the outbox again and again: one listing answers for a thousand
// jobs. It comes often while results arrive, seldom while none does, and soon
// after something was submitted.
func (s *Server) notice(ctx context.Context) {
	handed := map[ID]time.Time{}
	shortest, longest := s.p.set.Poll, s.p.set.PollMax
	wait := shortest
	cursor := ""
	for {
		wait = min(wait*2, longest)
		if s.landed(ctx, &handed) {
			wait = shortest
		}
		cursor = s.refill(ctx, cursor)
		if !s.rest(ctx, jittered(wait), shortest) {
			return
		}
	}
}

// rest waits for d, but no longer than soon after a job was submitted.
func (s *Server) rest(ctx context.Context, d, soon time.Duration) bool {
	end := time.Now().Add(d)
	for {
		t := time.NewTimer(time.Until(end))
		select {
		case <-ctx.Done():
			t.Stop()
			return false
		case <-t.C:
			return true
		case <-s.out.wake:
			t.Stop()
			if next := time.Now().Add(soon); next.Before(end) {
				end = next
			}
		}
	}
}

// jittered gives d with up to a tenth more or less, so that workers drift apart.
func jittered(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1)
}

// landed hands out what lies in the outbox and reports whether it did.
func (s *Server) landed(ctx context.Context, handed *map[ID]time.Time) bool {
	now, next, moved := time.Now(), map[ID]time.Time{}, false
	for o, err := range s.p.exchange.List(ctx, bucket.Page{Prefix: OutboxPrefix}) {
		if err != nil {
			if ctx.Err() == nil {
				s.tell(ctx, slog.LevelWarn, "outbox not listed", "", codeFor(err))
			}
			return moved
		}
		id, _, err := s.p.secret.open(tokenOf(o.Key))
		if err != nil {
			continue
		}
		at, before := (*handed)[id]
		if before && now.Sub(at) < sealTime {
			next[id] = at
			continue
		}
		if s.out.has(id) || s.p.storeTime(o.Date).Sub(o.Modified) > otherAfter {
			s.p.meter.noticed(id, o.Modified)
			s.queue.move(id, time.Time{}, false)
			moved = true
			if len(next) < s.o.Queue {
				next[id] = now
			}
		}
	}
	*handed = next
	return moved
}

// refill reads more of the open jobs from the bucket once there is room for
// what did not fit before. It goes round once and gives the place to go on at.
func (s *Server) refill(ctx context.Context, after string) string {
	room := min(s.queue.room(), pageSize)
	if room == 0 {
		return after
	}
	n := 0
	for m, err := range s.p.store.List(ctx, bucket.Page{Prefix: openPrefix, After: after, Limit: room}) {
		if err != nil {
			s.queue.spill()
			return after
		}
		n, after = n+1, m.Key
		if id, _, err := parseMarkerKey(m.Key); err == nil {
			s.queue.move(id, time.Time{}, false)
		}
	}
	if n < room {
		return ""
	}
	s.queue.spill()
	return after
}

// askPages bounds one walk of the provider's list for one status.
const askPages = 10

// ask walks the provider's list for jobs of ours that ended without a result:
// two walks, by status, answer for all of them. Jobs that the walks do not show
// are asked for one by one as they grow old.
func (s *Server) ask(ctx context.Context) {
	for wait := s.p.set.Ask; sleep(ctx, jittered(wait)); {
		found := s.askStep(ctx, StepExtract) + s.askStep(ctx, StepParse)
		wait = min(wait*2, 5*s.p.set.Ask)
		if found > 0 {
			wait = s.p.set.Ask
		}
	}
}

func (s *Server) askStep(ctx context.Context, step string) (found int) {
	silent := s.out.silent(step, s.p.set.Ask/2)
	for _, status := range []ade.Status{ade.StatusFailed, ade.StatusCancelled} {
		if len(silent) > 0 {
			found += s.walk(ctx, step, status, silent)
		}
	}
	return found
}

// walk nudges the silent jobs that are in the list under a status.
func (s *Server) walk(ctx context.Context, step string, status ade.Status, silent map[string]ID) int {
	found := 0
	for page := range askPages {
		list, err := s.p.jobsOf(ctx, step, ade.ListOptions{Page: page, PageSize: ade.MaxPageSize, Status: status})
		if err != nil {
			if ctx.Err() == nil {
				s.tell(ctx, slog.LevelInfo, "provider's list not read", "", codeFor(err))
			}
			return found
		}
		for _, one := range list.Jobs {
			if id, ours := silent[one.ID.String()]; ours {
				found++
				s.out.drop(id)
				s.queue.move(id, time.Time{}, true)
			}
		}
		if !list.HasMore {
			return found
		}
	}
	return found
}
