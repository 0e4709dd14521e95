package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// portion is how many seeds one process plays: small enough that the cores end
// together and progress shows.
const portion = 500

// spread shares the seeds among as many processes as there are cores: what is
// random in a simulation belongs to its whole process. It says now and then how
// far it has come, and sums up in the end.
func spread(t *testing.T) {
	s := &spreading{t: t, began: time.Now(), cores: runtime.NumCPU(), total: newTotals()}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.stop = cancel
	var all sync.WaitGroup
	for range s.cores {
		all.Go(func() {
			for ctx.Err() == nil && s.next(ctx) {
			}
		})
	}
	all.Wait()
	t.Log(s.total.report(time.Since(s.began), s.cores))
}

// spreading is a long run under way.
type spreading struct {
	t     *testing.T
	began time.Time
	cores int
	stop  func()

	mu    sync.Mutex
	given int
	said  time.Time
	total *totals
}

// next plays a portion in a process of its own; false when none is left.
func (s *spreading) next(ctx context.Context) bool {
	s.mu.Lock()
	first, n := s.given, min(portion, *simSeeds-s.given)
	s.given += n
	s.mu.Unlock()
	if n == 0 {
		return false
	}
	into := filepath.Join(s.t.TempDir(), strconv.Itoa(first))
	out, err := exec.CommandContext(ctx, os.Args[0],
		"-test.run=^TestSimulate$", "-test.timeout=0", "-sim.child="+into, "-sim.keep="+strconv.FormatBool(*simKeep),
		"-sim.first="+strconv.FormatUint(*simFirst+uint64(first), 10), "-sim.seeds="+strconv.Itoa(n),
	).CombinedOutput()
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		s.t.Errorf("%v\n%s", err, out)
		if !*simKeep {
			s.stop()
		}
	}
	s.add(into)
	return true
}

// add takes in what a process has counted, and says how far the run is.
func (s *spreading) add(from string) {
	part := newTotals()
	b, err := os.ReadFile(from)
	if err != nil || json.Unmarshal(b, part) != nil {
		return // it failed, which was said
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total.sum(part)
	if time.Since(s.said) < 30*time.Second {
		return
	}
	s.said = time.Now()
	took := time.Since(s.began)
	left := time.Duration(float64(took) * float64(*simSeeds-s.total.Seeds) / float64(s.total.Seeds))
	s.t.Logf("%d of %d seeds in %s, about %s left", s.total.Seeds, *simSeeds, took.Truncate(time.Second), left.Truncate(time.Second))
}

// totals sum up a run of many simulations.
type totals struct {
	Seeds, Effects, Billed int
	Ends                   map[string]int // how jobs ended
	Faults                 map[string]int // how often each happened
	With                   map[string]int // in how many simulations it could
}

func newTotals() *totals {
	return &totals{Ends: map[string]int{}, Faults: map[string]int{}, With: map[string]int{}}
}

func (n *totals) add(s *sim) {
	n.Seeds++
	n.Effects += s.steps
	for _, r := range s.watch.records {
		step := ""
		if r.Step == worker.StepParse {
			step = "parse "
		}
		switch {
		case r.State == worker.Held:
			n.Ends[step+"held "+r.Hold]++
		case r.Failure != "":
			n.Ends[step+"failed "+r.Failure]++
		default:
			n.Ends[step+"sealed "+r.Status]++
		}
	}
	n.Billed += s.provider.Billed().Jobs
	for f, times := range s.happened {
		n.Faults[faultKind(f).String()] += times
		if s.o.faults[f] {
			n.With[faultKind(f).String()]++
		}
	}
}

func (n *totals) sum(o *totals) {
	n.Seeds, n.Effects, n.Billed = n.Seeds+o.Seeds, n.Effects+o.Effects, n.Billed+o.Billed
	for into, from := range map[*map[string]int]map[string]int{&n.Ends: o.Ends, &n.Faults: o.Faults, &n.With: o.With} {
		for k, v := range from {
			(*into)[k] += v
		}
	}
}

func (n *totals) save(t *testing.T, into string) {
	b, err := json.Marshal(n)
	if err == nil {
		err = os.WriteFile(into, b, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// report says what was played: how jobs ended, and each fault with how often it
// happened and in how many simulations it could. A fault that is a property of
// the whole simulation has no count of its own.
func (n *totals) report(took time.Duration, cores int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d seeds, %d effects in %s on %d cores\n", n.Seeds, n.Effects, took.Truncate(time.Second), cores)
	fmt.Fprintf(&b, "jobs billed %d; ", n.Billed)
	for i, k := range slices.Sorted(maps.Keys(n.Ends)) {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %d", k, n.Ends[k])
	}
	fmt.Fprintf(&b, "\n%d kinds of fault:", int(numFaults))
	var never []string
	for f := range numFaults {
		name := f.String()
		switch {
		case faults[f].odds == 1:
			fmt.Fprintf(&b, "\n  %-36s in %d simulations", name, n.With[name])
		case n.Faults[name] == 0:
			never = append(never, name)
		default:
			fmt.Fprintf(&b, "\n  %-36s %d times in %d simulations", name, n.Faults[name], n.With[name])
		}
	}
	if never != nil {
		fmt.Fprintf(&b, "\nnever happened: %s", strings.Join(never, ", "))
	}
	return b.String()
}
