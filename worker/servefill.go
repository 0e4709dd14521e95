package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

const (
	// fillLook is about how often a server looks for backfills that were left.
	fillLook = 15 * time.Second
	// adoptAfter is how long nobody has touched a backfill when servers take it
	// up though somebody meant to wait for it.
	adoptAfter = 10 * time.Minute
	// fillRoom is how often a server looks whether there is room for another
	// document of a backfill.
	fillRoom = 100 * time.Millisecond
)

// fills are the backfills that a server knows of.
type fills struct {
	s    *Server
	stop context.CancelCauseFunc
	all  sync.WaitGroup
	mu   sync.Mutex
	busy map[string]bool // being drawn from
	seen map[string]seenBackfill
}

// seenBackfill is a backfill that is not for this server as it is.
type seenBackfill struct {
	etag    string
	awaited bool // somebody means to wait for it: for servers once it is old
}

// fillLoop draws from backfills that were left in the bucket, until ctx ends.
func (s *Server) fillLoop(stop context.CancelCauseFunc) func(context.Context) {
	return func(ctx context.Context) {
		f := &fills{s: s, stop: stop, busy: map[string]bool{}, seen: map[string]seenBackfill{}}
		defer f.all.Wait()
		for first := true; first || sleep(ctx, jittered(fillLook)); first = false {
			if err := f.look(ctx); err != nil && ctx.Err() == nil {
				s.tell(ctx, slog.LevelWarn, "backfills not read", "", codeFor(err))
			}
		}
	}
}

// look begins to draw from what it finds. A backfill that has not changed since
// it was read is not read again.
func (f *fills) look(ctx context.Context) error {
	p := f.s.p
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: backfillPrefix}) {
		if err != nil {
			return err
		}
		id := backfillOf(o.Key)
		old := p.storeTime(o.Date).Sub(o.Modified) > adoptAfter
		if id == "" || f.knows(id, o.ETag, old) {
			continue
		}
		b, err := p.Backfill(ctx, id)
		if leftAlone(err) {
			f.pass(id, seenBackfill{etag: o.ETag})
			continue
		}
		if err != nil {
			return err
		}
		if err := f.consider(ctx, b, o.ETag, old); err != nil {
			return err
		}
	}
	return nil
}

// leftAlone: a backfill was removed meanwhile, or a newer program wrote it.
func leftAlone(err error) bool {
	c := codeFor(err)
	return err != nil && (c == CodeNoBackfill || c == CodeNewerFormat)
}

// knows: it is being drawn from, or was read as it is. An old one that nobody
// touches any more may be taken up after all.
func (f *fills) knows(id, etag string, old bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.seen[id]
	return f.busy[id] || seen.etag == etag && !(seen.awaited && old)
}

// pass remembers one that is not for this server.
func (f *fills) pass(id string, as seenBackfill) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[id] = as
}

// consider draws from a backfill that is this server's to do.
func (f *fills) consider(ctx context.Context, b Backfill, etag string, old bool) (err error) {
	p := f.s.p
	open := b.Ended.IsZero() && b.Paused.IsZero()
	if open && !p.Serves(b) {
		if old { // nobody else has its routes either: it would lie there unseen
			f.s.tell(ctx, slog.LevelWarn, "backfill left alone: it was begun under other routes, and nobody goes on with it", "", CodeRouteChanged)
		}
		f.pass(b.ID, seenBackfill{etag, !old})
		return nil
	}
	if open && b.Bounded {
		f.pass(b.ID, seenBackfill{etag, false})
		return nil
	}
	if open && old && !b.Left {
		b, err = p.editBackfill(ctx, b.ID, func(b *Backfill) bool { b.Left = true; return true })
	}
	if err != nil {
		return err
	}
	if !open || !b.Left {
		f.pass(b.ID, seenBackfill{etag, open})
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy[b.ID] = true
	f.all.Go(func() { f.s.root(f.stop, func() { f.fill(ctx, b) }) })
	return nil
}

// fill draws documents as there is room for them, until the backfill is through
// or paused.
func (f *fills) fill(ctx context.Context, b Backfill) {
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.busy, b.ID)
	}()
	feed := f.s.p.newFeeder(b, 0, 0, false)
	keeping, stop := context.WithCancel(ctx)
	var saving crew
	saving.Go(func() { feed.keep(keeping) })
	for d, err := range feed.documents(ctx) {
		if err == nil {
			err = f.s.draw(ctx, d)
		}
		if err != nil {
			if ctx.Err() == nil {
				f.s.tell(ctx, slog.LevelWarn, "backfill not gone on with", "", codeFor(err))
			}
			break
		}
	}
	stop()
	saving.Wait()
	if _, err := feed.close(ctx); err != nil {
		f.s.tell(ctx, slog.LevelInfo, "backfill's place not saved", "", codeFor(err))
	}
}

// draw claims one document of a backfill, once there is room.
func (s *Server) draw(ctx context.Context, d Document) error {
	for s.queue.backlog() >= 2*s.p.set.Workers {
		if !sleep(ctx, jittered(fillRoom)) {
			return ctx.Err()
		}
	}
	for try := 1; ; try++ {
		sum, err := s.claimDrawn(ctx, d)
		if isUnread(err) {
			return d.from.passOver(ctx, d.Key, err)
		}
		if err == nil {
			d.from.settled(d.Key, sum)
		}
		if err == nil || !transient(err) || !sleep(ctx, backoff(try)) {
			return err
		}
	}
}

// claimDrawn claims a document and puts its job in the line of backfills.
func (s *Server) claimDrawn(ctx context.Context, d Document) (Counts, error) {
	j, _, fresh, err := s.p.claim(ctx, d, false)
	if f, ok := errors.AsType[*Fault](err); ok && f.Code.unfit() {
		s.tell(ctx, slog.LevelInfo, "document passed over", "", f.Code)
		return Counts{Refused: 1}, nil
	}
	if isNewer(err) {
		return Counts{Unchanged: 1}, nil
	}
	if err != nil {
		return Counts{}, err
	}
	if j.rec.State == Claimed {
		s.queue.start(j.id, j.rec.Route.Name, j.rec.Backfill)
	} else if fresh {
		s.queue.move(j.id, time.Time{}, false) // it has failed, which is to be told
	}
	if fresh || !j.rec.ClaimedAt.Before(d.from.begun()) {
		return Counts{Claimed: 1}, nil
	}
	return Counts{Unchanged: 1}, nil
}
