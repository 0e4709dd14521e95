package worker_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

var (
	simSeeds  = flag.Int("sim.seeds", 300, "simulations to play")
	simFirst  = flag.Uint64("sim.first", 1, "seed of the first simulation")
	simSeed   = flag.Uint64("sim.seed", 0, "play this seed alone and show what happens")
	simFaults = flag.String("sim.faults", "", "play with these faults instead of the seed's own")
	simDocs   = flag.Int("sim.docs", 0, "play with as many documents instead of the seed's own")
	simChild  = flag.String("sim.child", "", "this process is one of several that share the seeds: where its totals go")
	simKeep   = flag.Bool("sim.keep", false, "go on after a failure and list all of them")
	simSteps  = flag.Int("sim.steps", 0, "let things go wrong for as many steps instead of the seed's own")
)

// optionsOf are what a seed stands for.
func optionsOf(seed uint64) options {
	r := rand.New(rand.NewPCG(seed, 1))
	o := options{
		seed: seed, docs: 1 + r.IntN(4), workers: 2 + r.IntN(2), steps: 100 + r.IntN(400),
		intensity: []float64{0.5, 1, 2, 4}[r.IntN(4)],
		uncertain: worker.UncertainWait, deleted: worker.DeletedKeep, versioned: r.IntN(2) == 0,
	}
	o.faults = chooseFaults(r)
	if r.IntN(6) == 0 {
		o.uncertain = worker.UncertainResubmit
	}
	if r.IntN(4) == 0 {
		o.deleted = worker.DeletedDiscard
	}
	o.files, o.twoRoutes = r.IntN(5), r.IntN(3) == 0
	if r.IntN(3) == 0 {
		o.keep = time.Duration(1+r.IntN(24)) * time.Hour
	}
	o.limits = chooseLimits(r)
	return o
}

// play plays one simulation with everything random drawn from its seed.
func play(t *testing.T, o options, tracing bool) *sim {
	cryptotest.SetGlobalRandom(t, o.seed)
	return simulate(t, o, tracing)
}

// Whole fleets in one process: any order of effects, crashes, pauses and some
// eighty kinds of fault, and no promise is broken. A long run, on all cores:
//
//	go test ./worker -run 'TestSimulate$' -v -sim.seeds=100000 -timeout 6h
func TestSimulate(t *testing.T) {
	if *simSeed != 0 {
		o := override(optionsOf(*simSeed))
		s := play(t, o, true)
		t.Logf("%s\n%s", strings.Join(s.trace, "\n"), describeRun(o))
		for _, p := range s.problems {
			t.Errorf("%s: %s", p.kind, p.text)
		}
		return
	}
	if *simSeeds > 2000 && *simChild == "" {
		spread(t)
		return
	}
	began, total := time.Now(), newTotals()
	for i := range *simSeeds {
		o := override(optionsOf(*simFirst + uint64(i)))
		s := play(t, o, false)
		total.add(s)
		if s.failed() && *simKeep {
			t.Errorf("seed %d: %s: %s", o.seed, s.problems[0].kind, s.problems[0].text)
		} else if s.failed() {
			report(t, o)
			return
		}
	}
	if *simChild != "" {
		total.save(t, *simChild)
		return
	}
	t.Log(total.report(time.Since(began), 1))
}

func override(o options) options {
	if *simFaults != "" {
		o.faults = parseFaults(*simFaults)
	}
	if *simDocs > 0 {
		o.docs = *simDocs
	}
	if *simSteps > 0 {
		o.steps = *simSteps
	}
	return o
}

// report shrinks a failure and shows the least run that still fails.
func report(t *testing.T, o options) {
	t.Helper()
	least := shrink(t, o)
	s := play(t, least, true)
	trace := s.trace
	if len(trace) > 400 {
		trace = append([]string{"…"}, trace[len(trace)-400:]...)
	}
	for _, p := range s.problems {
		t.Errorf("%s: %s", p.kind, p.text)
	}
	t.Errorf("%s\n%s\nreplay: %s", strings.Join(trace, "\n"), describeRun(least), replay(least))
}

func describeRun(o options) string {
	return fmt.Sprintf("seed %d, %d documents, %d workers, %d steps, versioned %t, uncertain %s, deleted %s, files %d/4, two routes %t, parsed kept %s, limits %v, intensity %g\nfaults: %s",
		o.seed, o.docs, o.workers, o.steps, o.versioned, o.uncertain, o.deleted, o.files, o.twoRoutes, o.keep, o.limits, o.intensity, o.faults)
}

func replay(o options) string {
	return fmt.Sprintf("go test ./worker -run 'TestSimulate$' -sim.seed=%d -sim.docs=%d -sim.steps=%d -sim.faults=%s", o.seed, o.docs, o.steps, o.faults)
}

// shrink takes away what the failure does not need, as long as something fails.
func shrink(t *testing.T, o options) options {
	began := time.Now()
	fails := func(o options) bool { return time.Since(began) < 30*time.Second && play(t, o, false).failed() }
	for f := range numFaults {
		less := o
		if less.faults[f] = false; o.faults[f] && fails(less) {
			o = less
		}
	}
	for o.docs > 1 {
		less := o
		if less.docs--; !fails(less) {
			break
		}
		o = less
	}
	for o.steps > 20 {
		less := o
		if less.steps = o.steps * 3 / 4; !fails(less) {
			break
		}
		o = less
	}
	return o
}
