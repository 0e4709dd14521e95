package worker

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// hurryWait is how long an event is held until a worker has a hand free for its
// document.
const hurryWait = 5 * time.Second

// mayHurry: the document may be claimed and submitted in the same go, which
// saves the writing and the reading of a record that only waits for its turn.
// With true a submission was taken, and a place among those who submit.
func (s *Server) mayHurry(ctx context.Context, d Document) (taken time.Time, ok bool) {
	if s.leaving() || s.queue.ahead() > cap(s.quick) {
		return taken, false
	}
	wait, stop := context.WithTimeout(ctx, hurryWait)
	defer stop()
	select {
	case s.quick <- struct{}{}:
	case <-wait.Done():
		return taken, false // all hands are busy: its job is made durable, and waits
	}
	p, now := s.p, s.p.now()
	_, held := p.brake.blocks(ctx, p, now)
	if !s.leaving() && !held && p.gate.closedUntil(now).IsZero() {
		if taken, ok = p.mayStart(ctx, d); ok {
			return taken, true
		}
	}
	<-s.quick
	return taken, false
}

// hurry carries on an attempt whose document's event is taken care of.
func (s *Server) hurry(ctx context.Context, j *job, l launch) {
	defer func() { <-s.quick }()
	defer zdr.RecoverTo(os.Stderr, func() {}) // whoever finds the record goes on with it
	p := s.p
	ctx = context.WithoutCancel(ctx)
	release, err := p.hands.take(ctx, j.id)
	if err != nil {
		return
	}
	defer release()
	w, err := p.carryOn(ctx, j, l)
	if err != nil && !errors.Is(err, errLost) {
		s.tell(ctx, slog.LevelInfo, "job not moved on", j.rec.Ref, codeFor(err))
	}
	switch j.rec.State {
	case Submitted:
		s.out.add(j)
	case Claimed:
		s.queue.start(j.id, j.rec.Route.Name, j.rec.Backfill)
	case Submitting, Fencing:
		s.queue.move(j.id, latest(w.until, p.now().Add(time.Second)), false)
	}
}
