package worker

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Workers that take whatever they can get, and use a chunk as late as they may,
// never make more of an hour than the limit, and waste little of it.
func TestPaceKeepsTheHour(t *testing.T) {
	for _, limit := range []int{1, 2, 7, 60, 400, 2000, 100_000} {
		l := Limits{ExtractJobsPerHour: limit}
		began := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		const hours = 4
		per := make([]int, hours*3600+60) // submissions in each second
		p := Pace{}
		for s := range hours * 3600 {
			p = p.advanced(l, began.Add(time.Duration(s)*time.Second))
			n := min(int(p.Level), l.burst())
			p.Level -= float64(n)
			late := s
			if s%2 == 0 {
				late += int(paceLease / time.Second)
			}
			per[late] += n
		}
		sum, most, total := 0, 0, 0
		for s := range hours * 3600 {
			if sum += per[s]; s >= 3600 {
				sum -= per[s-3600]
			}
			most, total = max(most, sum), total+per[s]
		}
		if most > limit {
			t.Errorf("%d an hour: %d in one hour", limit, most)
		}
		if least := limit * (hours - 1); total < least*9/10 {
			t.Errorf("%d an hour: only %d in %d hours", limit, total, hours)
		}
	}
}

func TestPaceClockGoesBack(t *testing.T) {
	l := Limits{ExtractJobsPerHour: 3600}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	p := Pace{}.advanced(l, now)
	p.Level = 0
	p = p.advanced(l, now.Add(-time.Hour))
	if !p.At.Equal(now) || p.Level != 0 {
		t.Errorf("at %v level %v after a clock that is behind", p.At, p.Level)
	}
	if p = p.advanced(l, now.Add(2*time.Second)); p.Level < 1.9 || p.Level > 2.1 {
		t.Errorf("level %v after two seconds of one a second", p.Level)
	}
}

func TestPaceSlowsAndHeals(t *testing.T) {
	l := Limits{ExtractJobsPerHour: 3600}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	p, changed := Pace{}.throttledUntil(l, now.Add(10*time.Second), now)
	if !changed || p.Halved(now) != 1 || p.Level != 0 {
		t.Fatalf("%+v", p)
	}
	// A second 429 of the same moment waits longer, and slows down no further.
	p, changed = p.throttledUntil(l, now.Add(20*time.Second), now.Add(time.Second))
	if !changed || p.Halved(now) != 1 {
		t.Errorf("%+v", p)
	}
	if _, changed = p.throttledUntil(l, now.Add(15*time.Second), now.Add(time.Second)); changed {
		t.Error("a shorter wait changed the pace")
	}
	p, _ = p.throttledUntil(l, now.Add(80*time.Second), now.Add(70*time.Second))
	if p.Halved(now.Add(70*time.Second)) != 2 {
		t.Errorf("%+v", p)
	}
	if p.Halved(now.Add(70*time.Second+paceHeal)) != 1 || p.Halved(now.Add(70*time.Second+2*paceHeal)) != 0 {
		t.Error("the pace does not heal")
	}
}

// TestWhatLayUnusedIsNotReturnedWhole: workers lease a submission and make it, or
// give it back a while later; no hour sees more than the limit.
func TestWhatLayUnusedIsNotReturnedWhole(t *testing.T) {
	for _, limit := range []int{1, 3, 12, 400} {
		l := Limits{ExtractJobsPerHour: limit}
		r := rand.New(rand.NewPCG(1, uint64(limit)))
		now, pace := time.Unix(0, 0), Pace{}
		c := newPacer(l, "")
		var made, unused []time.Time
		for range 20000 {
			now = now.Add(time.Duration(r.Int64N(int64(2 * time.Hour / time.Duration(limit)))))
			pace = pace.advanced(l, now)
			if len(unused) > 0 && r.IntN(2) == 0 { // another worker's each time
				c.spare, c.saved = 0, now
				c.save(1, unused[0], now)
				pace, unused = pace.returned(l, c.unused(c.spare, c.saved, now)), unused[1:]
			}
			for pace.Level >= 1 {
				pace.Level--
				if r.IntN(4) == 0 {
					unused = append(unused, now)
					continue
				}
				made = append(made, now)
			}
		}
		for i := limit; i < len(made); i++ {
			if in := made[i].Sub(made[i-limit]); in < time.Hour {
				t.Fatalf("%d an hour: %d within %s", limit, limit+1, in)
			}
		}
	}
}
