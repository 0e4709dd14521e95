package worker

import (
	"sync"

	"github.com/zdrworker/zdrworker/zdr"
)

// maxKnown bounds the memory of known: some 20 MB.
const maxKnown = 1 << 17

// known remembers which of the provider's jobs stand in records that this
// worker has read. A job never leaves its record, so what was once seen stays
// true, and the proofs of many uncertain attempts read the records once.
type known struct {
	mu   sync.Mutex
	jobs map[string]struct{}
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
