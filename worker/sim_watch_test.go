package worker_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// watch sees every effect and holds the promises against it.
type watch struct {
	records   map[worker.ID]worker.RecordView
	ids       []worker.ID
	intents   map[string]intent    // by token
	staged    map[string]int       // copies made, by key
	of        map[worker.ID]string // the version that a job is about; a closed record drops it
	again     map[worker.ID]int    // new attempts that somebody chose: each may be billed
	heardJobs map[string]bool      // ids of 202s that a worker has read
	published map[string]string    // result key → ref of what stands there
	sealed    map[string][]byte    // ref → the result, once its record says sealed
	newer     map[string]string
	stranger  bool
	pace      paceWatch
	log       lockedBuffer
}

// intent is who wrote that a POST may go out, and until when.
type intent struct {
	by       *process
	deadline time.Time
}

func newWatch() *watch {
	return &watch{
		records: map[worker.ID]worker.RecordView{}, intents: map[string]intent{}, staged: map[string]int{}, of: map[worker.ID]string{},
		again: map[worker.ID]int{}, heardJobs: map[string]bool{}, published: map[string]string{},
		sealed: map[string][]byte{}, newer: map[string]string{}, pace: newPaceWatch(),
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// wrote is told of each write that took effect.
func (w *watch) wrote(s *sim, p *process, c memstore.Call) {
	id, gen, ours := worker.IDInKey(c.Key)
	switch {
	case c.Bucket == storeName && ours && gen == 0:
		w.record(s, p, id, c.Key)
	case c.Bucket == storeName && ours && c.Op == memstore.Remove:
		if r, known := w.records[id]; known && r.Gen == gen && !w.findable(s, id, r) {
			s.violate("I6", "the marker of an open record (%s, generation %d) was removed", short(id), gen)
		}
	case c.Bucket == storeName && strings.HasPrefix(c.Key, "zdr/drain/") && c.Op == memstore.Remove:
		for id, r := range w.records {
			if !w.findable(s, id, r) {
				s.violate("I6", "the slip of an open record (%s, generation %d) was removed", short(id), r.Gen)
			}
		}
	case c.Bucket == storeName && strings.HasPrefix(c.Key, "results/") && c.Op == memstore.Put:
		w.result(s, c.Key)
	case c.Bucket == exchangeName && (c.Op == memstore.Copy || c.Op == memstore.Put) && strings.HasPrefix(c.Key, worker.StagingPrefix) && !strings.HasSuffix(c.Key, ".race"):
		if w.staged[c.Key]++; w.staged[c.Key] > 1 {
			s.violate("I2", "a staging object was made twice")
		}
		w.stagedText(s, c.Key)
	case c.Bucket == exchangeName && c.Op == memstore.Remove && strings.HasPrefix(c.Key, worker.OutboxPrefix):
		w.removed(s, c.Key)
	}
}

// record holds a new state of a record against the one before.
func (w *watch) record(s *sim, p *process, id worker.ID, key string) {
	now, err := worker.ViewRecord(s.object(storeName, key))
	if err != nil {
		s.violate("history", "a record was written that no worker can read: %v", err)
		return
	}
	was, known := w.records[id]
	if !known {
		w.ids = append(w.ids, id)
	}
	w.records[id] = now
	if now.Source != "" {
		w.of[id] = now.Document + " " + now.Source // empty ones have the same ETag
	}
	if s.tracing {
		s.note(p.name(), "  record "+short(id)+" "+fmt.Sprint(news(was, now, known))+" → "+string(now.State)+" "+now.Hold+now.Failure)
	}
	events := news(was, now, known)
	if to := path(was.State, events); known && (to != now.State || now.Seq != was.Seq+1) {
		s.violate("history", "%s: %s by %s to %s, sequence %d to %d", short(id), was.State, events, now.State, was.Seq, now.Seq)
	}
	if !w.findable(s, id, now) {
		s.violate("I6", "%s is %s in generation %d and has no marker", short(id), now.State, now.Gen)
	}
	if again := now.Event == worker.EventRetry && now.Step == worker.StepParse && was.Billed != "no"; again {
		w.again[id]++ // a failure that was not billed is tried again for nothing
	} else if now.Step == worker.StepParse && now.Event == worker.EventRetry {
	} else if now.Event == worker.EventResubmit || now.Event == worker.EventRetry && (was.Failure != "" || was.Status == worker.StatusDiscarded) {
		w.again[id]++
	}
	for _, e := range events {
		w.consequences(s, p, id, now, e)
	}
}

// findable: a record is closed, or its marker stands, or it is drained and named
// by a slip.
func (w *watch) findable(s *sim, id worker.ID, r worker.RecordView) bool {
	if r.State == worker.Closed || s.object(storeName, worker.MarkerOf(id, r.Gen)) != nil {
		return true
	}
	if r.State != worker.Sealed && r.State != worker.Draining {
		return false
	}
	for _, o := range s.everything(storeName) {
		if jobs, ok := worker.OnSlip(o.key, o.body); ok && jobs[id] == r.Gen {
			return true
		}
	}
	return false
}

// news are the events that a write added: one, or a few that were told together.
func news(was, now worker.RecordView, known bool) []worker.Event {
	for n := 1; known && n < len(now.Events) && n <= 4; n++ {
		old := now.Events[:len(now.Events)-n]
		if len(old) <= len(was.Events) && slices.Equal(old, was.Events[len(was.Events)-len(old):]) {
			return now.Events[len(old):]
		}
	}
	if !known {
		return now.Events
	}
	return nil
}

// path is where the events lead to; "" where the table does not have it.
func path(from worker.State, events []worker.Event) worker.State {
	for _, e := range events {
		to, err := worker.Next(from, e)
		if err != nil {
			return ""
		}
		from = to
	}
	return from
}

func (w *watch) consequences(s *sim, p *process, id worker.ID, r worker.RecordView, e worker.Event) {
	switch e {
	case worker.EventIntend, worker.EventRepeat:
		a := r.Attempts[len(r.Attempts)-1]
		w.intents[a.Token] = intent{p, a.Deadline}
	case worker.EventHold:
		for _, a := range r.Attempts {
			if a.Signed && s.object(exchangeName, a.Outbox) != nil {
				s.violate("held", "%s is held although a result lies in an outbox", short(id))
			}
		}
	case worker.EventSeal:
		if r.Step == worker.StepParse {
			w.parsed(s, id, r)
		} else if body, ref := s.resultAt(r.Key); ref == r.Ref {
			w.sealed[r.Ref] = body
		} else if r.Status == worker.StatusOK || r.Status == worker.StatusSchemaViolation || r.Status == worker.StatusPartial {
			w.missing(s, id, r)
		}
	}
}

// parsed: a parse says sealed, so its result lies at its key, unless a rule has
// taken it since.
func (w *watch) parsed(s *sim, id worker.ID, r worker.RecordView) {
	body, ref := s.resultAt(worker.ParsedOf(id, r.Gen))
	if s.happened[parsedGone] == 0 && (body == nil || ref != r.Ref) {
		s.violate("lost", "%s is sealed and there is no parse result", short(id))
	}
}

// stagedText holds what an extract job stages against the parse result that its
// record names: the very bytes of its markdown.
func (w *watch) stagedText(s *sim, key string) {
	id, _, ok := s.names.TokenIn(key)
	r := w.records[id]
	if !ok || r.Step != worker.StepExtract || r.Parse.IsZero() || s.o.without != 0 {
		return
	}
	seen, err := s.server.Lookup(storeName).Get(worker.ParsedOf(r.Parse, r.PinGen), "")
	var result struct{ Markdown string }
	text := s.object(exchangeName, key)
	switch {
	case err != nil:
		if s.happened[parsedGone] == 0 {
			s.violate("staged", "%s stages although there is no parse result", short(id))
		}
	case seen.ETag != r.Pin:
		// A newer parse stands by now; this one was read before.
		if w.records[r.Parse].Gen < 2 {
			s.violate("staged", "%s stages from another parse result than it was pinned to", short(id))
		}
	case json.Unmarshal(seen.Body, &result) != nil || result.Markdown != string(text):
		s.violate("staged", "%s stages other text than its parse result's", short(id))
	}
}

// missing: a record says sealed and its result is not at the key. A newer
// version's result may stand there by then.
func (w *watch) missing(s *sim, id worker.ID, r worker.RecordView) {
	body, _ := s.resultAt(r.Key)
	if body == nil {
		s.violate("lost", "%s is sealed and there is no result", short(id))
	}
}

// resultAt is the result at a key and the ref that it bears.
func (s *sim) resultAt(key string) ([]byte, string) {
	body, h, err := s.server.GetRaw(storeName, key)
	if err != nil {
		return nil, ""
	}
	return body, h.Get("X-Amz-Meta-Zdr-Ref")
}

// result holds a result that was just written against what stood there.
func (w *watch) result(s *sim, key string) {
	body, ref := s.resultAt(key)
	before := w.published[key]
	w.published[key] = ref
	if first, ok := w.sealed[ref]; ok && !bytes.Equal(first, body) {
		s.violate("sealed", "a sealed result was replaced by other bytes")
	}
	if before != "" && before != ref && w.age(s, ref) < w.age(s, before) && !w.twice(s, before) {
		s.violate("order", "an older version's result covers a newer one's")
	}
}

// twice: the version came back under its old id, so that its result became the
// newest by itself. Its event brings that result back; the end looks for it.
func (w *watch) twice(s *sim, ref string) bool {
	n := 0
	for _, r := range w.records {
		for _, d := range s.docs {
			for _, v := range d.history {
				if r.Ref == ref && v.id == r.Source {
					n++
				}
			}
		}
	}
	return n > 1
}

// age is the place of a job's version in the history of its document.
func (w *watch) age(s *sim, ref string) int {
	for _, r := range w.records {
		if r.Ref != ref {
			continue
		}
		for _, d := range s.docs {
			if n := d.newest(r.Source); n >= 0 {
				return n
			}
		}
	}
	return -1
}

// removed holds the removal of an outbox object against I4.
func (w *watch) removed(s *sim, key string) {
	id, n, ok := s.names.TokenIn(key)
	r, known := w.records[id]
	if !ok || !known {
		return
	}
	switch r.State {
	case worker.Sealed, worker.Failing, worker.Draining, worker.Closed:
		return
	}
	for _, a := range r.Attempts {
		if a.N == n && a.End == "" && a.Gen == r.Gen {
			s.violate("I4", "an outbox was removed while %s is %s", short(id), r.State)
		}
	}
}

// landed holds a PUT of the provider against the end of the job.
func (w *watch) landed(s *sim, key string) {
	id, _, ok := s.names.TokenIn(key)
	if r := w.records[id]; ok && r.State == worker.Closed {
		s.violate("after close", "a result landed after %s was closed", short(id))
	}
}

var staged = regexp.MustCompile(`/s/([A-Za-z0-9_-]+)\.(?:md|txt)`)

// posting holds a POST that is about to leave against I1 and its deadline.
func (w *watch) posting(s *sim, p *process, body []byte) string {
	m := staged.FindSubmatch(body)
	if m == nil || p.dead || s.over {
		return ""
	}
	i, ok := w.intents[string(m[1])]
	switch {
	case !ok || i.by != p:
		s.violate("I1", "a POST goes out whose intent this worker has not written")
	case !time.Now().Add(p.skew).Before(i.deadline):
		s.violate("deadline", "a POST goes out after its deadline")
	}
	return s.naming(exchangeName, worker.StagingPrefix+string(m[1])+".md")
}

// heard notes a 202 that a worker gets to read.
func (w *watch) heard(s *sim, p *process, resp *http.Response) {
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var made struct {
		JobID string `json:"job_id"`
	}
	if err == nil && json.Unmarshal(body, &made) == nil && !p.dead {
		w.heardJobs[made.JobID] = true
	}
}

// check is called after every step: what is not seen at a single effect.
func (w *watch) check(*sim) {}

// someID draws a job that exists.
func (w *watch) someID(s *sim) (worker.ID, bool) {
	if len(w.ids) == 0 {
		return worker.ID{}, false
	}
	return w.ids[s.rng.IntN(len(w.ids))], true
}

// rests: no job has anything left to do by itself.
func (w *watch) rests(s *sim) bool {
	for _, r := range w.records {
		if r.State != worker.Closed && r.State != worker.Held && !w.waitsForHeld(r) {
			return false
		}
	}
	return len(s.late) == 0
}

// waitsForHeld: nothing moves a job whose parse somebody must decide about.
func (w *watch) waitsForHeld(r worker.RecordView) bool {
	return r.State == worker.Claimed && !r.Parse.IsZero() && w.records[r.Parse].State == worker.Held
}

func (w *watch) scan(s *sim, where string, b []byte) {
	for _, mark := range []string{nameMark, textMark} {
		if bytes.Contains(b, []byte(mark)) {
			s.violate("sentinel", "%s names a document or quotes one", where)
		}
	}
}

// sortedIDs gives all jobs in the order in which they were made.
func (w *watch) sortedIDs() []worker.ID {
	ids := slices.Clone(w.ids)
	if len(ids) != len(slices.Collect(maps.Keys(w.records))) {
		panic("watch: ids and records differ")
	}
	return ids
}
