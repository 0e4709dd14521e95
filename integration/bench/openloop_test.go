//go:build !nosandbox && linux

package bench

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// paced runs jobs that arrive at a fixed rate, whatever becomes of those before
// them, with so many in flight at the provider: an open loop. A closed loop feeds
// as fast as it can, so that what it shows as latency is its own queue.
func (r *round) paced(t testing.TB, jobs, inFlight int, rate float64, events bool) measured {
	keys := r.documents(t, jobs)
	s := must(r.pipeline(t).Serve(worker.ServeOptions{Sweep: 5 * time.Second}))
	if events {
		r.listen(s)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	m := measured{jobs: jobs}
	m.took, m.cpu = clocked(func() {
		r.pace(keys, rate, func(key string) error { return s.Arrived(ctx, worker.Document{Key: key}) })
	})
	stop()
	<-ended
	m.delays = r.delays // requests are counted where jobs are waited for until they are closed
	t.Logf("%d jobs at %.1f/s in an open loop with %d in flight took %v, and %.0f %% of the processors", jobs, rate, inFlight, m.took.Round(time.Second), 100*m.cpu.Seconds()/m.took.Seconds()/float64(runtime.NumCPU()))
	return m
}

// pace starts a job at each tick and waits for all.
func (r *round) pace(keys []string, rate float64, start func(string) error) {
	var all sync.WaitGroup
	began := time.Now()
	for i, key := range keys {
		time.Sleep(time.Until(began.Add(time.Duration(float64(i) / rate * float64(time.Second)))))
		all.Go(func() { again(func() error { return start(key) }) })
	}
	all.Wait()
	for range keys {
		<-r.published
	}
}

// unsaturated is a round at half of the rate at which a closed loop was full,
// with so many in flight at the provider.
func unsaturated(t testing.TB, open func(testing.TB) *place, inFlight int, full float64, events bool) measured {
	rate := full / 2
	work := time.Duration(float64(inFlight) / rate * float64(time.Second))
	return newRound(t, lasting(open(t), 2*work+urlLife), work).paced(t, 2*inFlight, inFlight, rate, events)
}

// TestOpenLoop is a small one.
func TestOpenLoop(t *testing.T) {
	m := unsaturated(t, embedded, 10, 40, true)
	if len(m.delays) != m.jobs {
		t.Errorf("%d delays were measured of %d jobs", len(m.delays), m.jobs)
	}
}
