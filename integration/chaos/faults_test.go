//go:build unix

package chaos

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// faults is what goes wrong at the provider, at a low rate, until it is calmed.
type faults struct {
	fetch adetest.FetchTime
	calm  atomic.Bool

	mu      sync.Mutex
	dice    *dice
	creates map[string]bool // paths of documents whose submission was interfered with
	counts  map[string]int
}

func newFaults(p plan) *faults {
	f := &faults{dice: p.dice(1), creates: map[string]bool{}, counts: map[string]int{}}
	if f.dice.IntN(2) == 1 {
		f.fetch = adetest.AtRun
	}
	return f
}

// choice is a fault and how often in a hundred it happens.
type choice[F any] struct {
	name    string
	percent float64
	fault   F
}

// At a create: the answer is lost, the work was done or not, the provider is
// over its limit, or answers when nobody waits any more.
var creates = []choice[adetest.RequestFault]{
	{"202 lost", 1.5, adetest.RequestFault{Drop: adetest.DropAfter}},
	{"202 cut in half", 0.5, adetest.RequestFault{Drop: adetest.DropWithin}},
	{"create lost", 0.5, adetest.RequestFault{Drop: adetest.DropBefore}},
	{"503 after the accept", 1, adetest.RequestFault{Status: 503, Accept: true}},
	{"500 without accept", 0.5, adetest.RequestFault{Status: 500}},
	{"429", 1.5, adetest.RequestFault{Status: 429, RetryAfter: time.Second}},
	{"202 too late", 0.5, adetest.RequestFault{Delay: postTimeout + time.Second}},
}

// At a get or a list.
var questions = []choice[adetest.RequestFault]{
	{"question answered 500", 2, adetest.RequestFault{Status: 500}},
	{"question lost", 1, adetest.RequestFault{Drop: adetest.DropAfter}},
}

// At a job.
var jobs = []choice[adetest.JobFault]{
	{"job failed", 1, adetest.JobFault{End: adetest.EndFailed}},
	{"job put twice", 2, adetest.JobFault{Landing: adetest.Landing{Twice: true}}},
	{"job put again late", 2, adetest.JobFault{Landing: adetest.Landing{Again: 2 * time.Second}}},
	{"job not found at first", 2, adetest.JobFault{Hidden: 500 * time.Millisecond}},
}

// draw picks one of the choices, or none; f.mu is held.
func draw[F any](f *faults, among []choice[F]) (F, bool) {
	at := f.dice.Float64() * 100
	for _, c := range among {
		if at -= c.percent; at < 0 {
			f.counts[c.name]++
			return c.fault, true
		}
	}
	var none F
	return none, false
}

func (f *faults) request(r adetest.Request) adetest.RequestFault {
	if f.calm.Load() {
		return adetest.RequestFault{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Operation != adetest.OpCreate && r.Operation != adetest.OpParseCreate {
		fault, _ := draw(f, questions)
		return fault
	}
	fault, hit := draw(f, creates)
	if hit {
		f.creates[r.MarkdownPath] = true
	}
	return fault
}

// job takes between 0.2 and 1 second.
func (f *faults) job(adetest.Job) adetest.JobFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var fault adetest.JobFault
	if !f.calm.Load() {
		fault, _ = draw(f, jobs)
	}
	fault.Delay = &adetest.Delay{
		Pending: f.dice.between(100*time.Millisecond, 500*time.Millisecond), Processing: f.dice.between(100*time.Millisecond, 500*time.Millisecond),
	}
	return fault
}
