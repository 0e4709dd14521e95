package worker_test

import (
	"net/http"
	"sync/atomic"
	"time"
)

// clock is the provider's: it may be wrong, drift and jump. It goes astray in
// one direction only, and by less than a quarter of an hour in all: what the
// protocol takes for granted of it is that it does not jump away and come back
// between two looks at it, nor farther where one look failed.
type clock struct {
	began time.Time
	off   time.Duration
	rate  float64 // seconds gained in a second
	aside time.Duration
	back  bool
	jumps *atomic.Int64
}

func (s *sim) newClock() clock {
	c := clock{began: s.began, jumps: new(atomic.Int64)}
	if s.o.faults[clockOff] {
		c.off = between(s.rng, -time.Hour, time.Hour)
	}
	if s.o.faults[clockDrifts] {
		c.rate = (s.rng.Float64() - 0.5) / 150
	}
	if s.o.faults[dateAside] {
		c.aside = between(s.rng, -25*time.Second, 25*time.Second)
	}
	if s.o.faults[clockJumps] {
		c.back = s.rng.IntN(2) == 0
	}
	if c.rate < 0 != c.back {
		c.rate = -c.rate
	}
	return c
}

func (c clock) now() time.Time {
	gained := time.Duration(float64(time.Since(c.began)) * c.rate)
	return time.Now().Add(c.off + gained + time.Duration(c.jumps.Load()))
}

func (c clock) jump(d time.Duration) {
	const most = 8 * time.Minute
	d = min(d, most-time.Duration(c.jumps.Load()).Abs())
	if c.back {
		d = -d
	}
	c.jumps.Add(int64(d))
}

// date puts the Date of an answer a little aside: whoever stamps answers need
// not be who stamps jobs.
func (c clock) date(resp *http.Response) {
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err == nil && c.aside != 0 {
		resp.Header.Set("Date", at.Add(c.aside).Format(http.TimeFormat))
	}
}
