package worker

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

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
	var again walk
	for {
		wait = min(wait*2, longest)
		if s.landed(ctx, &handed) {
			wait = shortest
		}
		again = s.refill(ctx, again)
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

// walk goes through the markers for what did not fit into the queue.
type walk struct {
	after string // the last marker that was read
	on    bool   // it has begun
	again bool   // something did not fit since then: it may lie before the last marker
}

// refill reads more of the open jobs from the bucket once there is room for
// what did not fit before, and gives where to go on.
func (s *Server) refill(ctx context.Context, w walk) walk {
	room, spilt := s.queue.room(w.on)
	room = min(room, pageSize)
	if room == 0 {
		return w
	}
	w.again = w.on && (w.again || spilt)
	w.on = true
	n := 0
	for m, err := range s.p.store.List(ctx, bucket.Page{Prefix: openPrefix, After: w.after, Limit: room}) {
		if err != nil {
			return w
		}
		n, w.after = n+1, m.Key
		if id, _, err := parseMarkerKey(m.Key); err == nil {
			s.queue.move(id, time.Time{}, false)
		}
	}
	if n < room {
		return walk{on: w.again}
	}
	return w
}
