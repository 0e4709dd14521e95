package worker

import (
	"context"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// maxKnown bounds the memory of known: some 20 MB.
const maxKnown = 1 << 17

// knownFresh is for how long the records are not read again: what they did not
// know a moment ago takes a moment to be written down.
const knownFresh = 5 * time.Second

// known remembers which of the provider's jobs stand in records that this
// worker has read. A job never leaves its record, so what was once seen stays
// true, and the proofs of many uncertain attempts read the records once.
type known struct {
	turn chan struct{} // full while the records are read
	read time.Time     // when that began last; guarded by turn
	from time.Time     // since when records were read then; guarded by turn

	mu     sync.Mutex
	jobs   map[string]struct{}
	owners map[zdr.JobID]ID // as the provider named their outboxes
}

func newKnown() *known { return &known{turn: make(chan struct{}, 1)} }

// readOnce reads the records, one worker at a time, and strikes what they know.
// What it leaves out is not struck: nothing is proven then, and a later look
// may.
func (k *known) readOnce(ctx context.Context, unknown map[string]zdr.JobID, since, now time.Time, read func() error) error {
	k.strike(unknown)
	if len(unknown) == 0 {
		return nil
	}
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	k.strike(unknown)
	fresh := now.Sub(k.read) < knownFresh && !since.Before(k.from)
	if len(unknown) == 0 || fresh {
		return nil
	}
	if err := read(); err != nil {
		return err
	}
	k.read, k.from = now, since
	return nil
}

// note takes in the jobs of a record.
func (k *known) note(r *record) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range r.Attempts {
		if a.ProviderJob == "" {
			continue
		}
		if k.jobs == nil || len(k.jobs) >= maxKnown {
			k.jobs = map[string]struct{}{}
		}
		k.jobs[a.ProviderJob] = struct{}{}
	}
}

// strike takes out what is known.
func (k *known) strike(unknown map[string]zdr.JobID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id := range unknown {
		if _, ok := k.jobs[id]; ok {
			delete(unknown, id)
		}
	}
}

// noteOwner remembers to whose outbox a job delivers.
func (k *known) noteOwner(id zdr.JobID, owner ID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.owners == nil || len(k.owners) >= maxKnown {
		k.owners = map[zdr.JobID]ID{}
	}
	k.owners[id] = owner
}

// delivers reports whether a job is known to deliver to another's outbox.
func (k *known) delivers(id zdr.JobID, but ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	owner, ok := k.owners[id]
	return ok && owner != but
}
