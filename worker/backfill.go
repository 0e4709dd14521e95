package worker

import (
	"slices"
	"time"
)

// Backfill is many documents that somebody asked for at once: one object in the
// store bucket, however many they are. It says what to walk, a prefix or a list
// of keys, and how far each of its lanes has come. A document becomes a job when
// there is a slot for it and not before.
type Backfill struct {
	Format int    `json:"format"`
	Nonce  string `json:"nonce"`
	Seq    int64  `json:"seq"`
	ID     string `json:"id"`

	Prefixes []string  `json:"prefixes,omitempty"` // what is walked: objects below these,
	List     *KeyList  `json:"list,omitempty"`     // or the keys of a list
	Since    time.Time `json:"since,omitzero"`     // only objects that were written after
	Routes   []string  `json:"routes"`             // name and revision; a worker with others leaves it alone
	Named    bool      `json:"named,omitempty"`    // those who give its name share it, also after its end

	Begun  time.Time `json:"begun"`
	Ended  time.Time `json:"ended,omitzero"`
	Paused time.Time `json:"paused,omitzero"`
	// Left: nobody waits for it, so workers that serve take it in. They claim
	// its documents and leave them to the fleet.
	Left bool `json:"left,omitempty"`
	// Bounded: a Run may spend so much on it and no more. What it leaves waits for
	// a Run, and nobody else takes it up.
	Bounded bool   `json:"bounded,omitempty"`
	Total   int    `json:"total"` // documents; right once Counted
	Counted bool   `json:"counted"`
	Lanes   []Lane `json:"lanes"`
	Rate    Rate   `json:"rate,omitzero"`
}

// Lane is the part of a backfill that one worker walks at a time: the keys of
// one route whose hash falls on its share. Routes have lanes of their own, so
// that one that is paused holds up no other, and none starves.
type Lane struct {
	Route  string `json:"route"`
	Share  int    `json:"share"`
	Shares int    `json:"shares"`

	// At is how far the lane has come: all before it is settled, or claimed where
	// nobody waits. It moves on only after that is durable, and a worker that
	// takes the lane over begins there, so nothing is skipped.
	At    Place     `json:"at,omitzero"`
	Ended bool      `json:"ended,omitempty"`
	Sum   Counts    `json:"sum"` // of what lies before At
	Owner string    `json:"owner,omitempty"`
	Until time.Time `json:"until,omitzero"` // of the lease, on the store's clock
}

// Place is a position in what a backfill walks.
type Place struct {
	Part int    `json:"part,omitempty"` // of the prefixes, or of the list
	Key  string `json:"key,omitempty"`  // the last key of a prefix that lies before
	Line int    `json:"line,omitempty"` // lines of the part that lie before
}

// Counts says what became of documents.
type Counts struct {
	Sealed     int     `json:"sealed,omitempty"`
	Unchanged  int     `json:"unchanged,omitempty"` // there was a job before
	Failed     int     `json:"failed,omitempty"`
	Refused    int     `json:"refused,omitempty"` // no document that can be extracted
	Skipped    int     `json:"skipped,omitempty"` // no route takes it
	Held       int     `json:"held,omitempty"`
	Claimed    int     `json:"claimed,omitempty"` // left to the fleet
	Unread     int     `json:"unread,omitempty"`  // of the refused: the store did not give them
	Violations int     `json:"violations,omitempty"`
	Credits    float64 `json:"credits,omitempty"`
}

// Done is how many documents need nothing more of the backfill.
func (c Counts) Done() int {
	return c.Sealed + c.Unchanged + c.Failed + c.Refused + c.Held + c.Claimed
}

func (c Counts) plus(o Counts) Counts {
	return Counts{
		c.Sealed + o.Sealed, c.Unchanged + o.Unchanged, c.Failed + o.Failed, c.Refused + o.Refused, c.Skipped + o.Skipped,
		c.Held + o.Held, c.Claimed + o.Claimed, c.Unread + o.Unread, c.Violations + o.Violations, c.Credits + o.Credits,
	}
}

// Counts adds up the lanes.
func (b Backfill) Counts() (sum Counts) {
	for _, l := range b.Lanes {
		sum = sum.plus(l.Sum)
	}
	if b.List != nil {
		sum.Refused += b.List.Unfit
	}
	return sum
}

// Rate is how fast a backfill went, from two moments that are a while apart.
type Rate struct {
	At       time.Time `json:"at"`
	Done     int       `json:"done"`
	LastAt   time.Time `json:"last_at"`
	LastDone int       `json:"last_done"`
}

// rateSpan is how far apart the two moments are, about.
const rateSpan = 5 * time.Minute

// moved is the rate after more was done.
func (r Rate) moved(now time.Time, done int) Rate {
	switch {
	case r.At.IsZero() || now.Before(r.LastAt):
		return Rate{now, done, now, done}
	case now.Sub(r.LastAt) >= rateSpan:
		return Rate{r.LastAt, r.LastDone, now, done}
	}
	return r
}

// PerHour is how many documents an hour the backfill finishes; 0 where that
// cannot be told.
func (b Backfill) PerHour(now time.Time) float64 {
	done, since := b.Counts().Done()-b.Rate.Done, now.Sub(b.Rate.At)
	if b.Rate.At.IsZero() || done <= 0 || since < time.Second {
		return 0
	}
	return float64(done) / since.Hours()
}

// Expected is when the backfill will be through at that rate; zero where that
// cannot be told.
func (b Backfill) Expected(now time.Time) time.Time {
	rate, left := b.PerHour(now), b.Total-b.Counts().Done()
	if rate == 0 || !b.Counted || left <= 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(float64(left) / rate * float64(time.Hour)))
}

// routesOf names the routes that a pipeline has: a backfill is walked by workers
// that would make the same jobs of its documents, and by no others.
func routesOf(rs Routes) (names []string) {
	for _, r := range rs {
		names = append(names, revisionName(r.withDefaults()))
	}
	return names
}

// Serves reports whether this pipeline's routes are those of a backfill.
func (p *Pipeline) Serves(b Backfill) bool { return b.suits(p.routes) }

func (b *Backfill) suits(rs Routes) bool { return slices.Equal(b.Routes, routesOf(rs)) }

// maxLanes bounds the lanes of a backfill: its object is read and written often.
const maxLanes = 256

// lay makes the lanes: for each route as many as shares are wanted.
func (b *Backfill) lay(rs Routes, shares int) {
	shares = max(1, min(shares, maxLanes/max(1, len(rs))))
	b.Lanes = nil
	for _, r := range rs {
		for i := range shares {
			b.Lanes = append(b.Lanes, Lane{Route: r.Name, Share: i, Shares: shares})
		}
	}
}

// end notes when the last lane has ended. Names of documents go then: nothing
// needs them any more.
func (b *Backfill) end(now time.Time) {
	for _, l := range b.Lanes {
		if !l.Ended {
			return
		}
	}
	b.Ended = now
	for i := range b.Lanes {
		b.Lanes[i].At.Key = ""
	}
}

// clone is a copy that can be edited.
func (b Backfill) clone() Backfill {
	b.Lanes = slices.Clone(b.Lanes)
	b.Nonce, b.Seq = newNonce(), b.Seq+1
	return b
}
