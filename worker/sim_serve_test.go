package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

var (
	serveSeeds = flag.Int("sim.fleets", 40, "simulated fleets of servers to play")
	serveSeed  = flag.Uint64("sim.fleet", 0, "play this simulated fleet alone")
)

// fleetPlay is a fleet of servers in which workers die or sleep at any request,
// events come twice, nudges get lost, and the provider throttles, while limits and a
// budget hold. The simulation of effects has no server; this one has nothing
// else.
type fleetPlay struct {
	*floor
	r      *rand.Rand
	mu     sync.Mutex // also around r
	docs   int
	limits worker.Limits
	change worker.OnChange // what the revision that comes in the end does; "": none comes
	sleepy bool
	large  *atomic.Int64
	up     []*serverLife
	duty   worker.Duty

	died, slept, handed, nudged, hurried int
}

// costOf is what the provider bills for each of these documents.
const costOf = 0.1

// serverLife is a server and the life that its requests end with.
type serverLife struct {
	s   *worker.Server
	ctx context.Context
}

// Servers bring every document home once, whoever of them dies, and keep limits,
// budget and the sweep's lease meanwhile.
func TestSimulateServers(t *testing.T) {
	first, last := uint64(1), uint64(*serveSeeds)
	if *serveSeed != 0 {
		first, last = *serveSeed, *serveSeed
	}
	var sum fleetPlay
	for seed := first; seed <= last && !t.Failed(); seed++ {
		cryptotest.SetGlobalRandom(t, seed)
		var large atomic.Int64 // results that do not fit into memory's share
		onFloor(t, adetest.Options{Faults: adetest.Faults{Job: some(&large, seed%8 == 0)}}, func(t *testing.T, f *floor) {
			defer func() { // a bubble that failed ends the whole test
				if t.Failed() {
					t.Logf("again: go test ./worker -run 'TestSimulateServers$' -sim.fleet=%d", seed)
				}
			}()
			d := &fleetPlay{floor: f, r: rand.New(rand.NewPCG(seed, 11)), large: &large}
			d.play()
			sum.died, sum.slept, sum.handed, sum.nudged, sum.hurried = sum.died+d.died, sum.slept+d.slept, sum.handed+d.handed, sum.nudged+d.nudged, sum.hurried+d.hurried
		})
	}
	t.Logf("%d workers died, %d slept, the sweep changed hands %d times, %d nudges were delivered, %d documents took the quick path",
		sum.died, sum.slept, sum.handed, sum.nudged, sum.hurried)
	if *serveSeed == 0 && (sum.died == 0 || sum.slept == 0 || sum.handed == 0 || sum.nudged == 0 || sum.hurried == 0) {
		t.Error("nothing happened: the simulation proves nothing")
	}
}

func (d *fleetPlay) draw(n int) int { d.mu.Lock(); defer d.mu.Unlock(); return d.r.IntN(n) }

func (d *fleetPlay) play() {
	d.docs = 5 + d.r.IntN(25)
	d.limits = worker.Limits{ExtractJobsPerHour: []int{0, 12, 60}[d.r.IntN(3)], InFlight: []int{0, 2, 5}[d.r.IntN(3)]}
	d.change = []worker.OnChange{"", worker.OnChangeNew, worker.OnChangeAll}[d.r.IntN(3)]
	if d.r.IntN(2) == 0 && d.change != worker.OnChangeAll { // what is left reserved for the dead is missed soon
		d.budget.CreditsPerDay = float64(d.docs)*costOf + mostOf
	}
	d.sleepy = d.r.IntN(2) == 0
	d.server.Intercept(d.intercept)
	ctx, end := context.WithTimeout(d.t.Context(), time.Duration(10+d.r.IntN(50))*time.Minute)
	defer end()
	var all sync.WaitGroup
	for range 2 + d.r.IntN(2) {
		all.Go(func() { d.place(ctx) })
	}
	all.Go(func() { d.events(ctx) })
	all.Go(func() { d.trouble(ctx) })
	all.Wait()
	d.finish()
}

// place is where one server is started after the other.
func (d *fleetPlay) place(ctx context.Context) {
	for ctx.Err() == nil {
		mine, die := context.WithCancel(ctx)
		l := &life{left: 20 + d.draw(600), after: d.draw(2) == 0, die: die}
		d.serveFor(context.WithValue(mine, lifeKey{}, l))
		die()
		sleepFor(ctx, time.Duration(d.draw(40))*time.Second)
	}
}

func (d *fleetPlay) serveFor(ctx context.Context) {
	s, err := d.pipeline(d.limits, nil).Serve(worker.ServeOptions{Nudges: lossy{d}, Sweep: 20 * time.Second, Drain: time.Second})
	if err != nil {
		d.t.Error(err)
		return
	}
	l := &serverLife{s, ctx}
	d.mu.Lock()
	d.up = append(d.up, l)
	d.mu.Unlock()
	_ = s.Run(ctx)
}

// anyone is a server; it may be dead by now.
func (d *fleetPlay) anyone() *serverLife {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.up) == 0 {
		return nil
	}
	return d.up[max(0, len(d.up)-1-d.r.IntN(3))]
}

// events tells of each document until somebody says that it is durable, and of
// some once more.
func (d *fleetPlay) events(ctx context.Context) {
	for i := range d.docs {
		doc := d.document("inbox", i)
		for again := 1 + d.draw(4)/3; again > 0; {
			if l := d.anyone(); l != nil && l.s.Arrived(l.ctx, doc) == nil && l.ctx.Err() == nil {
				again--
				continue
			}
			if !sleepFor(ctx, time.Second) {
				return // the scan at the end finds it
			}
		}
		sleepFor(ctx, time.Duration(d.draw(60))*time.Second)
	}
}

// trouble is the provider's.
func (d *fleetPlay) trouble(ctx context.Context) {
	for sleepFor(ctx, time.Duration(1+d.draw(600))*time.Second) {
		d.provider.FailNext(ade.OpCreate, 1, adetest.RequestFault{Status: 429, RetryAfter: time.Duration(1+d.draw(90)) * time.Second})
	}
}

// lossy is a queue that loses nudges, delays them and delivers some twice.
type lossy struct{ d *fleetPlay }

// Send delivers some of them, later.
func (q lossy) Send(_ context.Context, tokens ...string) error {
	for _, token := range tokens {
		for range q.d.draw(3) {
			after := time.Duration(q.d.draw(30)) * time.Second
			time.AfterFunc(after, func() {
				if l := q.d.anyone(); l != nil && l.ctx.Err() == nil && l.s.Nudged(token) == nil {
					q.d.mu.Lock()
					q.d.nudged++
					q.d.mu.Unlock()
				}
			})
		}
	}
	return nil
}

// intercept lets servers die, and holds what they write to what is promised.
func (d *fleetPlay) intercept(ctx context.Context, c memstore.Call, do func() error) error {
	l, _ := ctx.Value(lifeKey{}).(*life)
	if l == nil {
		return d.watched(false, c, do)
	}
	d.rest(l)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errDied
	}
	if l.left--; l.left > 0 {
		return d.watched(true, c, do)
	}
	l.dead = true
	d.mu.Lock()
	d.died++
	d.mu.Unlock()
	l.die()
	if l.after {
		_ = d.watched(true, c, do)
	}
	return errDied
}

// rest keeps a request of a worker that sleeps, past leases and deadlines, and
// puts it to sleep now and then.
func (d *fleetPlay) rest(l *life) {
	l.mu.Lock()
	if d.sleepy && d.draw(300) == 0 {
		l.awake = time.Now().Add(time.Duration(d.draw(1200)) * time.Second)
		d.mu.Lock()
		d.slept++
		d.mu.Unlock()
	}
	for wait := time.Until(l.awake); wait > 0; wait = time.Until(l.awake) {
		l.mu.Unlock()
		time.Sleep(wait)
		l.mu.Lock()
	}
	l.mu.Unlock()
}

func (d *fleetPlay) watched(mortal bool, c memstore.Call, do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if mortal && d.fails() {
		return bucket.ErrUnavailable
	}
	err := do()
	if err != nil || !c.Op.Writes() {
		return err
	}
	switch {
	case c.Key == worker.DutyKey:
		d.handover()
	case strings.HasPrefix(c.Key, worker.BudgetPrefix):
		d.account(c.Key)
	case c.Bucket == exchangeName && c.Op == memstore.Copy:
		d.hurried++
		if n := d.count(exchangeName, worker.StagingPrefix); d.limits.InFlight > 0 && n > d.limits.InFlight {
			d.t.Errorf("%d documents are staged, the ceiling is %d", n, d.limits.InFlight)
		}
	}
	return nil
}

// fails: a request fails now and then, while things go wrong.
func (d *fleetPlay) fails() bool {
	return time.Since(d.began) < 10*time.Minute && d.r.IntN(100) == 0
}

// handover holds the duty to its lease: it goes to another when it was given
// back or has ended.
func (d *fleetPlay) handover() {
	var now worker.Duty
	body, _, err := d.server.GetRaw(storeName, worker.DutyKey)
	if err != nil || json.Unmarshal(body, &now) != nil {
		d.t.Error("the sweep's lease cannot be read")
	}
	was := d.duty
	d.duty = now
	if was.Holder == now.Holder || now.Holder == "" {
		return
	}
	if d.handed++; was.Holder != "" && time.Now().Before(was.Until.Add(-2*time.Second)) {
		d.t.Errorf("the sweep's lease was taken %s before its end", time.Until(was.Until))
	}
}

// account holds a budget to its limit.
func (d *fleetPlay) account(key string) {
	var a worker.Account
	body, _, err := d.server.GetRaw(storeName, key)
	if err != nil || json.Unmarshal(body, &a) != nil {
		d.t.Error("a budget cannot be read")
	}
	if a.Spent+a.Reserved() > d.budget.CreditsPerDay+1e-9 {
		d.t.Errorf("%v credits are spent and %v reserved of %v", a.Spent, a.Reserved(), d.budget.CreditsPerDay)
	}
}

// finish has all done by servers that nothing happens to, within the day: what
// the dead had reserved, leased or staged must come free for that.
func (d *fleetPlay) finish() {
	billed := d.docs
	if d.change == worker.OnChangeAll { // what the first revision took is billed under both
		billed += d.count(storeName, "zdr/records/")
	}
	a, stopA := d.serve(d.revised(), worker.ServeOptions{})
	b, stopB := d.serve(d.revised(), worker.ServeOptions{})
	d.arrive("inbox", d.docs, a, b) // a scan, which costs nothing for what is known
	d.until(22*time.Hour, func() bool { return d.results() == d.docs && d.provider.Billed().Jobs >= billed })
	if n := d.results(); n != d.docs {
		d.t.Errorf("%d results of %d documents with %+v and %v credits a day", n, d.docs, d.limits, d.budget.CreditsPerDay)
	}
	if n := d.provider.Billed().Jobs; n != billed {
		d.t.Errorf("%d jobs were billed of %d documents, %d should be (revision: %q)", n, d.docs, billed, d.change)
	}
	at, most := d.accepts(), d.limits.ExtractJobsPerHour
	for i := most; most > 0 && i < len(at); i++ {
		if at[i].Sub(at[i-most]) < time.Hour-time.Minute {
			d.t.Errorf("%d jobs were submitted within %v, %d an hour are allowed", most+1, at[i].Sub(at[i-most]), most)
		}
	}
	d.whole()
	staged := func() int {
		return d.count(exchangeName, worker.StagingPrefix) + d.count(exchangeName, worker.OutboxPrefix)
	}
	d.until(60*time.Hour, func() bool { return staged() == 0 })
	stopA()
	stopB()
	if n := staged(); n != 0 {
		d.t.Errorf("%d objects are left in the exchange bucket", n)
	}
}

// revised is a worker of the configuration that all have in the end, while jobs
// of the one before are open.
func (d *fleetPlay) revised() *worker.Pipeline {
	if d.change == "" {
		return d.pipeline(d.limits, nil)
	}
	return d.make(d.limits, nil, worker.Routes{
		{Name: routeName, Prefix: "inbox/", Schema: simSchema, Strict: true, Revision: 2, OnChange: d.change},
	})
}

// largeResult is more than a worker reads at once: it goes through in a stream.
const largeResult = 4<<20 + 1

// some makes two results large, where there are to be any.
func some(n *atomic.Int64, any bool) func(adetest.Job) adetest.JobFault {
	return func(adetest.Job) (f adetest.JobFault) {
		if any && n.Load() < 2 {
			n.Add(1)
			f.Landing.Alter = fill
		}
		return f
	}
}

// fill puts a large member before the others.
func fill(result []byte) []byte {
	return bytes.Replace(result, []byte("{"), []byte(`{"filler":"`+strings.Repeat("x", largeResult)+`",`), 1)
}

// whole: every large result is sealed as it landed, to its end.
func (d *fleetPlay) whole() {
	vs, _ := d.server.Lookup(storeName).List("results/", "", 0)
	n := int64(0)
	for _, v := range vs {
		if len(v.Body) > largeResult && json.Valid(v.Body) {
			n++
		}
	}
	if want := d.large.Load(); n != want && d.change != worker.OnChangeAll {
		d.t.Errorf("%d large results are sealed, want %d", n, want)
	}
}

// until waits for something, at most so long after the beginning.
func (d *fleetPlay) until(most time.Duration, done func() bool) {
	for time.Since(d.began) < most && !done() {
		time.Sleep(time.Minute)
	}
}
