package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// document is one key of the store bucket and all that was ever written there.
type document struct {
	n       int
	file    bool // it has to be parsed first
	key     string
	there   bool
	history []version // in the order of writing
	bodies  int
}

// version is one writing of a document.
type version struct {
	id     string // the store's version id, or the ETag
	number string // what a result must say; "" for an empty document
	body   string
	native string // the version id to ask for, "" where there is none
}

func newDocument(n int, file bool) *document {
	ext := "md"
	if file {
		ext = "txt"
	}
	return &document{n: n, file: file, key: fmt.Sprintf("inbox/%s-%d.%s", nameMark, n, ext)}
}

// fresh makes a text that no other version has.
func (d *document) fresh() string {
	d.bodies++
	return fmt.Sprintf("# Invoice\n\n**Invoice number:** %s-%d-%d\n\n**Total amount due:** 12.50\n", textMark, d.n, d.bodies)
}

func numberOf(body string) string {
	_, rest, _ := strings.Cut(body, "number:** ")
	number, _, _ := strings.Cut(rest, "\n")
	return number
}

// current is the version that stands now, or nil.
func (d *document) current() *version {
	if !d.there || len(d.history) == 0 {
		return nil
	}
	return &d.history[len(d.history)-1]
}

// newest is the last time that a version id was written; -1 for never.
func (d *document) newest(id string) int {
	for i := len(d.history) - 1; i >= 0; i-- {
		if d.history[i].id == id {
			return i
		}
	}
	return -1
}

// write makes a new version and its event.
func (s *sim) write(d *document, body string) {
	info := s.server.PutRaw(storeName, d.key, []byte(body), nil)
	v := version{id: info.ETag, number: numberOf(body), body: body, native: info.Version}
	if info.Version != "" {
		v.id = info.Version
	}
	d.history, d.there = append(d.history, v), true
	s.note("outside", fmt.Sprintf("document %d gets version %d", d.n, len(d.history)))
	s.tell(d, v)
	if s.roll(eventDoubled) {
		s.tell(d, v)
	}
}

func (s *sim) tell(d *document, v version) {
	e := event{doc: worker.Document{Key: d.key}}
	if s.rng.IntN(2) == 0 {
		e.doc.Version = v.native
	}
	if s.roll(eventLate) {
		e.notTill = time.Now().Add(between(s.rng, time.Minute, 6*time.Hour))
	}
	s.events = append(s.events, e)
}

// disturb does what goes wrong by itself.
func (s *sim) disturb() {
	d := s.docs[s.rng.IntN(len(s.docs))]
	switch {
	case s.roll(overwritten):
		s.write(d, d.fresh())
	case s.roll(backToOld):
		s.write(d, d.history[s.rng.IntN(len(d.history))].body)
	case s.roll(emptied):
		s.write(d, "")
	case d.there && s.roll(deleted):
		d.there = false
		s.note("outside", fmt.Sprintf("document %d is deleted", d.n))
		_, _ = s.server.Lookup(storeName).Delete(d.key, "", s.storeNow())
	case s.roll(storeOutage):
		s.outage = time.Now().Add(between(s.rng, 10*time.Minute, time.Hour))
		s.note("outside", "store away")
	case s.roll(parsedGone):
		s.forget()
	case s.roll(staleMarker):
		id := worker.ID{byte(s.rng.Uint32()), 1}
		s.server.PutRaw(storeName, worker.MarkerOf(id, 1), nil, nil)
	case s.roll(foreignObject):
		s.server.PutRaw(exchangeName, worker.OutboxPrefix+"stranger.json", []byte("{}"), nil)
		s.server.PutRaw(exchangeName, worker.StagingPrefix+strings.Repeat("A", 26)+".race", nil, nil)
		s.server.PutRaw(storeName, worker.RacePrefix+strings.Repeat("A", 26)+".race", nil, nil)
		s.watch.stranger = true
	case s.roll(newerFormat):
		s.newer()
	case s.faulty(upgraded):
		s.upgrade()
	case s.roll(credentialsEnd):
		s.bare = time.Now().Add(between(s.rng, time.Minute, 30*time.Minute))
		s.note("outside", "the credentials for URLs have ended")
	case s.roll(clockJumps):
		s.theirs.jump(between(s.rng, time.Second, 8*time.Minute))
		s.note("outside", "the provider's clock jumps")
	}
	for i, p := range s.procs {
		switch {
		case !p.dead:
		case !s.o.faults[restartLate]:
			s.procs[i] = s.spawn(p.id, p.life+1)
		case s.rng.IntN(8) == 0:
			s.happened[restartLate]++
			s.procs[i] = s.spawn(p.id, p.life+1)
		}
	}
}

// forget removes a parse result, as a lifecycle rule that is too eager would.
func (s *sim) forget() {
	for _, id := range s.watch.ids {
		key := worker.ParsedOf(id, s.watch.records[id].Gen)
		if s.watch.records[id].Step == worker.StepParse && s.object(storeName, key) != nil {
			s.note("outside", "the parse result of "+short(id)+" is removed")
			_, _ = s.server.Lookup(storeName).Delete(key, "", s.storeNow())
			return
		}
	}
}

// newer puts a record that a newer program wrote: it must stay as it is.
func (s *sim) newer() {
	id := worker.ID{byte(s.rng.Uint32()), 2}
	body, _ := json.Marshal(map[string]any{"format": 2, "state": "dreaming"})
	s.server.PutRaw(storeName, worker.RecordOf(id), body, nil)
	s.server.PutRaw(storeName, worker.MarkerOf(id, 1), nil, nil)
	s.watch.newer[worker.RecordOf(id)] = string(body)
}

// command gives an idle worker something to do; false when all are busy.
func (s *sim) command() bool {
	var idle []func()
	s.mu.Lock()
	for _, p := range s.procs {
		for thread, doing := range p.threads {
			if doing == "" && !p.dead && !time.Now().Before(p.paused) {
				idle = append(idle, func() { s.order(p, thread) })
			}
		}
	}
	s.mu.Unlock()
	if len(idle) == 0 {
		return false
	}
	idle[s.rng.IntN(len(idle))]()
	return true
}

func (s *sim) order(p *process, thread int) {
	if p.pipe == nil {
		if thread == 0 {
			s.kill(p) // it could not start: the next life tries again
		}
		return
	}
	pipe := p.pipe
	if d, ok := s.takeEvent(); ok {
		what, do := "run of a document", func(ctx context.Context) error {
			if s.o.seed%3 == 0 {
				pipe.Trust()
			}
			return pipe.ClaimAndGo(ctx, d)
		}
		if s.rng.IntN(3) == 0 {
			what, do = "put of a document", func(ctx context.Context) error { _, err := pipe.Put(ctx, d); return err }
		}
		s.run(p, thread, what, do)
		return
	}
	id, known := s.watch.someID(s)
	switch {
	case known && s.roll(abandons):
		s.run(p, thread, "abandon "+short(id), func(ctx context.Context) error { _, err := pipe.Abandon(ctx, id); return err })
	case known && s.rng.Float64() < s.odds(retries, resubmits):
		s.retried(id)
		s.run(p, thread, "retry "+short(id), func(ctx context.Context) error { _, err := pipe.Retry(ctx, id); return err })
	case s.roll(twoFleets):
		s.run(p, thread, "second fleet", func(ctx context.Context) error {
			if _, err := s.open(ctx, p, "other-docs"); err == nil {
				s.violate("two fleets", "a second store was let onto the exchange bucket")
			}
			return nil
		})
	case known && s.rng.IntN(4) > 0:
		s.run(p, thread, "advance "+short(id), func(ctx context.Context) error {
			if s.o.seed%3 == 0 {
				pipe.Trust()
			}
			_, err := pipe.Advance(ctx, id)
			return err
		})
	default:
		all := s.rng.IntN(2) == 0
		s.run(p, thread, fmt.Sprintf("sweep all=%t", all), func(ctx context.Context) error { _, err := pipe.Sweep(ctx, all); return err })
	}
}

// retried counts what a person does: a retry of a held job submits it again.
func (s *sim) retried(id worker.ID) {
	switch r := s.watch.records[id]; {
	case r.State == worker.Held:
		s.happened[resubmits]++
	case r.Failure != "":
		s.happened[retries]++
	}
}

// odds is the larger of the odds of two faults that the seed has.
func (s *sim) odds(a, b faultKind) (odds float64) {
	for _, f := range []faultKind{a, b} {
		if s.chaos && s.o.faults[f] {
			odds = max(odds, 10*faults[f].odds)
		}
	}
	return odds
}

func short(id worker.ID) string { return id.String()[:6] }

func (s *sim) takeEvent() (worker.Document, bool) {
	for i, e := range s.events {
		if !time.Now().Before(e.notTill) {
			s.events = append(s.events[:i:i], s.events[i+1:]...)
			return e.doc, true
		}
	}
	return worker.Document{}, false
}

// waits are the pauses between the sweeps of the calm end, over and over.
var waits = []time.Duration{
	3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 10 * time.Hour,
}

// calm lets nothing go wrong any more, scans all documents as a full scan
// would, and sweeps until every job has come to rest; then once more after the
// longest life of anything.
func (s *sim) calm() {
	s.outage, s.window, s.bare = time.Time{}, time.Time{}, time.Time{}
	for _, p := range s.procs {
		p.paused = time.Time{}
	}
	s.note("outside", "calm")
	s.settle()
	p := s.calmWorker(8)
	if s.failed() {
		return
	}
	if s.o.twoRoutes { // the scan of the other configuration
		if other := s.calmWorker(9); !s.failed() {
			s.scan(other)
		}
	}
	for scan := range 2 { // a second scan finds what was closing during the first
		s.scan(p)
		for round := 0; round < 80 && !s.failed(); round++ {
			s.round(p, round)
			if round > 8 && s.watch.rests(s) {
				break
			}
		}
		if scan == 0 { // so that what is submitted again has its time
			s.resubmitHeld(p)
		}
	}
	time.Sleep(9 * 24 * time.Hour)
	s.round(p, 0)
	s.do(p, "sweep all", func(ctx context.Context) error { _, err := p.pipe.Sweep(ctx, true); return err })
}

// resubmitHeld is a person who does not want to wait any longer.
func (s *sim) resubmitHeld(p *process) {
	for _, id := range s.watch.sortedIDs() {
		if s.o.faults[resubmits] && s.watch.records[id].State == worker.Held {
			s.retried(id)
			s.do(p, "retry "+short(id), func(ctx context.Context) error { _, err := p.pipe.Retry(ctx, id); return err })
		}
	}
}

func (s *sim) scan(p *process) {
	for _, d := range s.docs {
		if d.there {
			s.do(p, "scan", func(ctx context.Context) error { return p.pipe.ClaimAndGo(ctx, worker.Document{Key: d.key}) })
		}
	}
}

func (s *sim) round(p *process, n int) {
	s.deliverAllLate()
	s.do(p, "release", func(ctx context.Context) error { return p.pipe.Release(ctx) })
	s.do(p, "sweep", func(ctx context.Context) error { _, err := p.pipe.Sweep(ctx, n%4 == 3); return err })
	if s.o.limits != (worker.Limits{}) { // jobs begin in the longest waits too
		time.Sleep(4 * time.Minute)
		s.settle()
	}
	time.Sleep(waits[n%len(waits)])
}

func (s *sim) calmWorker(id int) *process {
	p := s.spawn(id, 1)
	s.procs = append(s.procs, p)
	s.settle()
	if p.pipe == nil && !s.failed() {
		s.violate("start", "a worker cannot start although nothing goes wrong")
	}
	return p
}

func (s *sim) do(p *process, what string, f func(context.Context) error) {
	if s.failed() {
		return
	}
	s.run(p, 0, what, f)
	s.settle()
}

func (s *sim) deliverAllLate() {
	for len(s.late) > 0 {
		time.Sleep(time.Minute)
		s.deliverLate()
		s.settle()
	}
}

// object reads an object past everything; nil when it is not there.
func (s *sim) object(bucketName, key string) []byte {
	b, _, err := s.server.GetRaw(bucketName, key)
	if err != nil {
		return nil
	}
	return b
}

// everything is every current object of a bucket.
func (s *sim) everything(bucketName string) []bucketObject {
	vs, _ := s.server.Lookup(bucketName).List("", "", 0)
	var out []bucketObject
	for _, v := range vs {
		out = append(out, bucketObject{v.Key, v.Body, v.Header})
	}
	return out
}

type bucketObject struct {
	key    string
	body   []byte
	header map[string]string
}
