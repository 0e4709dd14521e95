package worker

import (
	"context"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// failures is a listing of the failure objects, so that a busy worker needs not
// look for one beside each result that it publishes: there are few, as a rule.
type failures struct {
	turn  chan struct{}   // holds one: a lock that a request may be made under
	began time.Time       // on the store's clock, or a moment before; zero: never listed
	next  time.Time       // not listed again before
	keys  map[string]bool // nil: too many to know
	looks int             // since the last listing
}

const (
	// looksBefore is how many looks a listing must be worth: it costs a dozen.
	looksBefore = 12
	// failuresFresh is the least time between two listings.
	failuresFresh = time.Second
)

// noFailure reports that no failure object of an older version of the job's
// document stands. A listing says so if it began after the document was there: an
// older version's failure that is written later was decided before, and no look
// would find that one either.
func (p *Pipeline) noFailure(ctx context.Context, j *job, there time.Time) bool {
	if there.IsZero() {
		return false
	}
	f, there := &p.failures, there.Add(2*time.Second) // a Date is cut to the second
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return false
	}
	if f.looks++; !there.Before(f.began) && f.looks >= looksBefore && !p.now().Before(f.next) {
		f.looks, f.next = 0, p.now().Add(failuresFresh)
		f.list(ctx, p, j.now)
	}
	return there.Before(f.began) && f.keys != nil && !f.keys[j.rec.Route.Failure]
}

// list reads one page, at some time after began. More than that is not kept.
func (f *failures) list(ctx context.Context, p *Pipeline, began time.Time) {
	f.began, f.keys = began, map[string]bool{}
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: failuresPrefix, Limit: pageSize}) {
		if err != nil {
			f.keys = nil
			return
		}
		f.keys[o.Key] = true
	}
	if len(f.keys) >= pageSize {
		f.keys, f.next = nil, p.now().Add(time.Minute)
	}
}
