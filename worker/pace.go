package worker

import (
	"context"
	"hash/fnv"
	"math"
	"time"
)

// Limits are what the fleet keeps to at the provider. Zero fields are no limit.
type Limits struct {
	// ExtractJobsPerHour is how many extract jobs may be submitted in any hour.
	// They are spread: no minute gets much more than its sixtieth. One counts when
	// it is taken from the limit; a worker that sleeps between that and its POST
	// sends it later.
	ExtractJobsPerHour int
	// ParsePagesPerHour is how many pages may be submitted for parsing in any hour,
	// as far as they are counted; a document counts one page at least. A document
	// with more pages than come free at a time may exceed it by its own.
	ParsePagesPerHour int
	// InFlight is how many documents may be staged at the same time, over the
	// whole fleet: submitted or about to be, and not yet answered. What a worker
	// stages after its lease has ended (20 s), because it was asleep or slow, may
	// exceed it. Extract jobs and parses learn of each other when they are staged,
	// so that for a moment both together may come to twice as many.
	InFlight int
}

func (l Limits) none() bool { return l.ExtractJobsPerHour == 0 && l.InFlight == 0 }

// pages are the limits of parses: another pool at the provider, the same room in
// the exchange bucket.
func (l Limits) pages() Limits {
	return Limits{ExtractJobsPerHour: l.ParsePagesPerHour, InFlight: l.InFlight}
}

// Pace is the fleet's pace: one object in the store bucket. Workers lease small
// chunks of submissions from it, and a 429 that one of them got holds all.
type Pace struct {
	Format int    `json:"format"`
	Nonce  string `json:"nonce"`
	Limits Limits `json:"limits,omitzero"` // of the worker that wrote last

	At    time.Time `json:"at,omitzero"` // when Level was right, on the store's clock
	Level float64   `json:"level"`       // submissions that may be leased

	// Live is until when backfills let others go first: something live waits.
	Live time.Time `json:"live,omitzero"`

	NotBefore time.Time `json:"not_before,omitzero"` // the provider asked for it (429)
	Slow      int       `json:"slow,omitempty"`      // how often the rate was halved
	Slowed    time.Time `json:"slowed,omitzero"`     // when, the last time

	Leases map[string]PaceLease `json:"leases,omitempty"` // by worker
}

// PaceLease is a chunk of submissions that one worker may make.
type PaceLease struct {
	N     int       `json:"n"`
	Until time.Time `json:"until"`
}

const (
	// paceLease is how long a chunk is good for.
	paceLease = 20 * time.Second
	// paceHeal is how long after a 429 one halving of the rate is taken back.
	paceHeal = 5 * time.Minute
	// maxSlow bounds the halvings.
	maxSlow = 4
)

// burst is how many submissions may be leased at once: what comes together in
// the time that a lease lives.
func (l Limits) burst() int {
	return max(1, int(int64(l.ExtractJobsPerHour)*int64(paceLease)/int64(time.Hour)))
}

// least is how many must have come free before they are leased: a busy fleet
// would write the object for each job otherwise.
func (l Limits) least() int { return max(1, l.burst()/4) }

// rate is how many submissions come free in a second. A window of one hour sees
// at most what was leased within it and the life of one lease before, what was
// returned of a lease of the one before that, and a full burst at its start:
// together never more than the limit.
func (l Limits) rate() float64 {
	return float64(l.ExtractJobsPerHour-l.burst()+1) / (time.Hour + 2*paceLease).Seconds()
}

// Halved is how often the rate is halved now, after answers of 429.
func (p Pace) Halved(now time.Time) int {
	healed := int(now.Sub(p.Slowed) / paceHeal)
	return max(0, p.Slow-max(0, healed))
}

// rate is the rate under what is left of a slowing down.
func (p Pace) rate(l Limits, now time.Time) float64 {
	return l.rate() / float64(int(1)<<p.Halved(now))
}

// advanced is the pace as it is at a time: the level has risen, leases that
// ended are gone. Its time never goes back, so a clock that is wrong gains what
// it is wrong by, once.
func (p Pace) advanced(l Limits, now time.Time) Pace {
	to := p
	to.Format, to.Nonce, to.Limits, to.Leases = 1, newNonce(), l, map[string]PaceLease{}
	for who, lease := range p.Leases {
		if now.Before(lease.Until) {
			to.Leases[who] = lease
		}
	}
	if l.ExtractJobsPerHour == 0 {
		return to
	}
	full := float64(l.burst())
	switch since := now.Sub(p.At); {
	case p.At.IsZero():
		to.At, to.Level = now.UTC(), full
	case since > 0:
		to.At, to.Level = now.UTC(), min(full, p.Level+since.Seconds()*p.rate(l, now))
	}
	return to
}

// returned takes back what was leased and not used: as if it came free now, so
// that an hour sees no more than it would have.
func (p Pace) returned(l Limits, n float64) Pace {
	if l.ExtractJobsPerHour > 0 {
		p.Level = min(float64(l.burst()), p.Level+n)
	}
	return p
}

// leased are the submissions that others may still make.
func (p Pace) leased(except string) int {
	n := 0
	for who, lease := range p.Leases {
		if who != except {
			n += lease.N
		}
	}
	return n
}

// next is when the least that is leased has come free by the rate alone.
func (p Pace) next(l Limits, now time.Time) time.Time {
	missing := float64(l.least()) - p.Level
	return now.Add(time.Duration(math.Ceil(missing / p.rate(l, now) * float64(time.Second))))
}

// throttledUntil notes a 429: nobody submits before then, and slower after.
// Answers to requests that were on their way together are one slowing down.
func (p Pace) throttledUntil(l Limits, until, now time.Time) (Pace, bool) {
	if !until.After(p.NotBefore) {
		return p, false
	}
	to := p.advanced(l, now)
	if !now.Before(p.NotBefore) {
		to.Slow, to.Slowed = min(p.Halved(now)+1, maxSlow), now.UTC()
	}
	to.NotBefore, to.Level = until.UTC(), 0
	return to, true
}

// Pace reads the fleet's pace.
func (p *Pipeline) Pace(ctx context.Context) (Pace, error) {
	now, err := p.pacer.control.view(ctx, p.store, p.now())
	return now, fault("pace", "", err)
}

// spread gives each worker a moment of its own within d, so that a fleet that
// waited for the same time does not come all at once.
func spread(holder string, d time.Duration) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(holder))
	return time.Duration(int64(h.Sum32()) * int64(d) / math.MaxUint32)
}
