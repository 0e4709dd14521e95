package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

var (
	backfillSeeds = flag.Int("sim.backfills", 60, "simulated backfills to play")
	backfillSeed  = flag.Uint64("sim.backfill", 0, "play this simulated backfill alone")
)

// errDied is what a worker that is dead hears from the buckets.
var errDied = bucket.ErrUnavailable

// life is one worker from its start to its death.
type life struct {
	mu    sync.Mutex
	left  int  // requests until it dies
	after bool // it dies after the effect of the last one
	dead  bool
	awake time.Time // it sleeps until then
	die   context.CancelFunc
}

type lifeKey struct{}

// drama is a backfill with workers that die, answers that get lost, pauses and
// a queue that loses every message.
type drama struct {
	*floor
	r     *rand.Rand
	calm  bool // nothing goes wrong any more
	docs  []string
	plan  worker.BackfillPlan
	look  *worker.Pipeline // of the audience
	moved int              // writes of the cursor that were held to the promise
	died  int
	mu    sync.Mutex
}

// Backfills are claimed whole and once, whatever happens to those who do it.
func TestSimulateBackfills(t *testing.T) {
	first, last := uint64(1), uint64(*backfillSeeds)
	if *backfillSeed != 0 {
		first, last = *backfillSeed, *backfillSeed
	}
	died, moved := 0, 0
	for seed := first; seed <= last && !t.Failed(); seed++ {
		cryptotest.SetGlobalRandom(t, seed)
		onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
			d := &drama{floor: f, r: rand.New(rand.NewPCG(seed, 7))}
			d.play()
			died, moved = died+d.died, moved+d.moved
		})
		if t.Failed() {
			t.Errorf("again: go test ./worker -run TestSimulateBackfills -sim.backfill=%d", seed)
		}
	}
	t.Logf("%d workers died, %d writes of cursors were checked", died, moved)
	if *backfillSeed == 0 && (died == 0 || moved == 0) {
		t.Error("nothing happened: the simulation proves nothing")
	}
}

func (d *drama) play() {
	d.stage()
	d.server.Intercept(d.intercept)
	ctx, end := context.WithTimeout(d.t.Context(), time.Duration(60+d.r.IntN(240))*time.Second)
	defer end()
	var all sync.WaitGroup
	for i := range 1 + d.r.IntN(3) {
		var r *rand.Rand
		d.note(func() { r = rand.New(rand.NewPCG(d.r.Uint64(), uint64(i))) })
		all.Go(func() { d.worker(ctx, r) })
	}
	all.Go(func() { d.person(ctx) })
	all.Wait()
	d.mu.Lock()
	d.calm = true
	d.mu.Unlock()
	d.finish()
	d.check()
}

// stage lays out documents and the plan.
func (d *drama) stage() {
	for i := range 10 + d.r.IntN(60) {
		d.docs = append(d.docs, d.document([]string{"inbox/a", "inbox/b", "other"}[d.r.IntN(3)], i).Key)
	}
	d.plan = worker.BackfillPlan{Prefixes: []string{"inbox/", "other/"}, Shares: d.r.IntN(4), Leave: d.r.IntN(3) == 0}
	if d.r.IntN(3) == 0 {
		d.plan.Prefixes = nil
		d.plan.Keys = func(yield func(string, error) bool) {
			for _, key := range d.docs {
				if !yield(key, nil) {
					return
				}
			}
		}
	}
	d.server.SetPageSize(1 + d.r.IntN(20))
	d.look = d.pipeline(worker.Limits{}, nil)
}

// worker is a place where one worker is started after the other.
func (d *drama) worker(ctx context.Context, r *rand.Rand) {
	for ctx.Err() == nil {
		mine, die := context.WithCancel(ctx)
		l := &life{left: 5 + r.IntN(400), after: r.IntN(2) == 0, die: die}
		d.work(context.WithValue(mine, lifeKey{}, l))
		die()
		if !sleepFor(ctx, time.Duration(r.IntN(20))*time.Second) {
			return
		}
	}
}

func sleepFor(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// work is one worker's life: it waits for the backfill, or serves.
func (d *drama) work(ctx context.Context) {
	p := d.pipeline(worker.Limits{ExtractJobsPerHour: 36_000}, nil)
	b, err := p.StartBackfill(ctx, d.plan)
	if err != nil {
		return
	}
	if !d.plan.Leave {
		_, _ = p.Run(ctx, worker.RunOptions{Backfills: []worker.Backfill{b}}) // its end is looked at from outside
		return
	}
	s, err := p.Serve(worker.ServeOptions{Nudges: deafQueue{}, Sweep: 10 * time.Second, Drain: time.Second})
	if err != nil {
		d.t.Error(err)
		return
	}
	_ = s.Run(ctx)
}

// deafQueue loses every message.
type deafQueue struct{}

func (deafQueue) Send(context.Context, ...string) error { return nil }

// person pauses and resumes.
func (d *drama) person(ctx context.Context) {
	for sleepFor(ctx, time.Duration(20+d.draw(60))*time.Second) {
		all, err := d.look.Backfills(ctx)
		if err != nil || len(all) == 0 {
			continue
		}
		switch d.draw(4) {
		case 0:
			_, _ = d.look.PauseBackfill(ctx, all[0].ID) // it may have ended
		case 1:
			_, _ = d.look.ResumeBackfill(ctx, all[0].ID)
		case 2:
			_, _ = d.look.Pause(ctx, "other")
		case 3:
			_, _ = d.look.Resume(ctx, "")
		}
	}
}

// intercept lets workers die, answers get lost and requests fail.
func (d *drama) intercept(ctx context.Context, c memstore.Call, do func() error) error {
	l, _ := ctx.Value(lifeKey{}).(*life)
	if l == nil {
		return do()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errDied
	}
	l.left--
	if l.left == 0 {
		l.dead = true
		d.note(func() { d.died++ })
		l.die()
		if l.after {
			_ = do()
		}
		return errDied
	}
	err := d.disturbed(c, do)
	if err == nil && c.Op == memstore.Put && strings.HasPrefix(c.Key, "zdr/control/backfill/") {
		d.hold(c.Key)
	}
	return err
}

// draw throws the dice while others may, too.
func (d *drama) draw(n int) (got int) {
	d.note(func() { got = d.r.IntN(n) })
	return got
}

func (d *drama) note(f func()) { d.mu.Lock(); defer d.mu.Unlock(); f() }

// disturbed has a request fail, or its answer get lost, now and then.
func (d *drama) disturbed(c memstore.Call, do func() error) error {
	d.mu.Lock()
	dice := d.r.IntN(100)
	if d.calm || !strings.HasPrefix(c.Key, "zdr/control/backfill/") && dice > 1 {
		dice = 100
	}
	d.mu.Unlock()
	switch {
	case dice < 3 && c.Op == memstore.Put:
		_ = do()
		return bucket.ErrUnknown
	case dice < 6 && c.Op == memstore.Put:
		return bucket.ErrUnknown
	case dice < 8:
		return bucket.ErrUnavailable
	}
	return do()
}

// hold holds the cursor to its promise: what lies before a lane's place has a
// job.
func (d *drama) hold(key string) {
	body, _, err := d.server.GetRaw(storeName, key)
	var b worker.Backfill
	if err != nil || json.Unmarshal(body, &b) != nil {
		d.t.Error("the cursor cannot be read")
		return
	}
	d.note(func() { d.moved++ })
	for _, l := range b.Lanes {
		for i, doc := range d.docs {
			if laneHas(l, doc) && before(&b, l, doc, i) && !d.claimed(doc) {
				d.t.Errorf("a lane is past a document that nobody claimed: share %d of %d of %s at %q", l.Share, l.Shares, l.Route, l.At.Key)
			}
		}
	}
}

func routeFor(doc string) string {
	if strings.HasPrefix(doc, "other/") {
		return "other"
	}
	return routeName
}

func laneHas(l worker.Lane, doc string) bool {
	return l.Route == routeFor(doc) && worker.ShareOf(doc, l.Shares) == l.Share
}

// before reports whether a document lies before a lane's place.
func before(b *worker.Backfill, l worker.Lane, doc string, line int) bool {
	if l.Ended {
		return true
	}
	if b.List != nil {
		return line < l.At.Line
	}
	part := 0
	if strings.HasPrefix(doc, "other/") {
		part = 1
	}
	return part < l.At.Part || part == l.At.Part && l.At.Key != "" && doc <= l.At.Key
}

func (d *drama) claimed(doc string) bool {
	_, ok := d.record(doc)
	return ok
}

func (d *drama) record(doc string) (worker.RecordView, bool) {
	info, err := d.server.Lookup(storeName).Get(doc, "")
	if err != nil {
		d.t.Fatal(err)
	}
	body, _, err := d.server.GetRaw(storeName, worker.RecordOf(d.look.IDOf(doc, info.ETag, routeFor(doc), 1)))
	if err != nil {
		return worker.RecordView{}, false
	}
	v, err := worker.ViewRecord(body)
	if err != nil {
		d.t.Error(err)
	}
	return v, true
}

// finish has all done by workers to whom nothing happens.
func (d *drama) finish() {
	ctx := d.t.Context()
	p := d.pipeline(worker.Limits{}, nil)
	if _, err := p.Resume(ctx, ""); err != nil {
		d.t.Fatal(err)
	}
	b, err := p.StartBackfill(ctx, d.plan)
	if err == nil {
		_, err = p.ResumeBackfill(ctx, b.ID)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	s, stop := d.serve(p, worker.ServeOptions{})
	defer stop()
	_ = s
	if !d.plan.Leave {
		if b, err = p.StartBackfill(ctx, d.plan); err != nil {
			d.t.Fatal(err)
		}
		_, err := p.Run(ctx, worker.RunOptions{Backfills: []worker.Backfill{b}})
		if f, ok := errors.AsType[*worker.Fault](err); err != nil && (!ok || f.Code != worker.CodePaused) {
			d.t.Errorf("the last run: %v", err)
		}
	}
	time.Sleep(time.Hour)
}

// check looks at what came of it.
func (d *drama) check() {
	held := 0
	for _, doc := range d.docs {
		v, ok := d.record(doc)
		if !ok {
			d.t.Error("a document was skipped")
			continue
		}
		claims := 0
		for _, e := range v.Events {
			if e == worker.EventClaim {
				claims++
			}
		}
		if v.Gen != 1 || claims > 1 {
			d.t.Errorf("a document was claimed %d times, generation %d", claims, v.Gen)
		}
		if v.State == worker.Held {
			held++
		}
	}
	if n := d.results() + held; n != len(d.docs) {
		d.t.Errorf("%d results and %d held of %d documents", n-held, held, len(d.docs))
	}
	if n := d.provider.Billed().Jobs; n > len(d.docs) || n < len(d.docs)-held {
		d.t.Errorf("%d jobs were billed of %d documents, %d held", n, len(d.docs), held)
	}
	if n := d.count(storeName, "zdr/records/"); n != len(d.docs) {
		d.t.Errorf("%d records of %d documents", n, len(d.docs))
	}
	all, err := d.look.Backfills(d.t.Context())
	if err != nil || len(all) != 1 || all[0].Ended.IsZero() || all[0].Counts().Done() != len(d.docs) {
		d.t.Errorf("the backfill says %s, %v", fmt.Sprintf("%+v", all), err)
	}
}
