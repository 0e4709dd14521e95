package worker_test

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
)

// finish looks at what must be true when everything has come to rest.
func (w *watch) finish(s *sim) {
	for _, id := range w.sortedIDs() {
		w.rested(s, id, w.records[id])
	}
	w.billing(s)
	for _, d := range s.docs {
		w.document(s, d)
	}
	w.told(s)
	w.leftovers(s)
	w.silence(s)
}

func (w *watch) rested(s *sim, id worker.ID, r worker.RecordView) {
	switch {
	case w.waitsForHeld(r):
	case r.State != worker.Closed && r.State != worker.Held:
		s.violate("stuck", "%s is still %s", short(id), r.State)
	case r.State == worker.Held && r.Hold == "":
		s.violate("reason", "%s is held for no reason", short(id))
	case r.State == worker.Held && !s.uncertain():
		s.violate("held", "%s is held (%s) although every answer came", short(id), r.Hold)
	case r.State == worker.Closed && r.Failure == "" && r.Status == "":
		s.violate("reason", "%s is closed with neither result nor failure", short(id))
	case r.Failure != "" && !s.anything():
		s.violate("failed", "%s failed (%s) although nothing went wrong", short(id), r.Failure)
	}
	if body, err := worker.ViewRecord(s.object(storeName, worker.RecordOf(id))); err != nil || body.Seq != r.Seq {
		s.violate("lost", "the record of %s is not what was written last", short(id))
	}
}

// uncertain: something happened after which a job may be held.
func (s *sim) uncertain() bool {
	for _, f := range []faultKind{
		crashBefore, crashAfter, pauseLease, pauseURL, requestLost, replyLost, replyLate, replyCut, errorBefore, errorAfter,
		zombiePost, jobUnheard, jobNever, jobSlow, putSkipped, putFailsBilled, putSlow, storeOutage, storeDown, storeLost,
		storeUnsure, storeZombie, storeSlowDown, storeConflict, contentLeaks, workerSkew, storeSkew, notSent, newerFormat, upgraded, pauseDays, abandons, overwritten, deleted,
	} {
		if s.happened[f] > 0 || s.o.faults[f] && faults[f].odds == 1 {
			return true
		}
	}
	return false
}

// anything: some fault happened at all.
func (s *sim) anything() bool {
	for f := range numFaults {
		if s.happened[f] > 0 || s.o.faults[f] && faults[f].odds == 1 {
			return true
		}
	}
	return false
}

// billing counts the provider's bill against the promise: one a document
// version and revision, and one more for each retry or resubmission that
// somebody chose.
func (w *watch) billing(s *sim) {
	billed := map[worker.ID]int{}
	known := map[string]bool{}
	for _, r := range w.records {
		for _, a := range r.Attempts {
			known[a.ProviderJob] = true
		}
	}
	for _, j := range s.provider.Account().Jobs {
		id, _, ok := s.names.TokenIn(strings.TrimPrefix(j.MarkdownPath, "/"))
		if !ok {
			s.violate("bill", "a job was made of nobody's document")
		}
		if j.Billed {
			billed[id]++
		}
		if w.heardJobs[j.ID] && !known[j.ID] && s.calmStore() {
			s.violate("forgotten", "a job of %s was accepted and answered, and no record knows it", short(id))
		}
	}
	w.parsedOnce(s, billed)
	for id, n := range billed {
		r := w.records[id]
		if most := 1 + w.again[id]; n > most {
			s.violate("bill", "%s was billed %d times; %d were allowed", short(id), n, most)
		}
		if r.Failure != "" && r.Billed == "no" {
			s.violate("bill", "%s says that it was not billed (%s), and it was", short(id), r.Failure)
		}
	}
}

// parsedOnce: whatever the routes and revisions, a version of a document is
// parsed once, and once more for each time that somebody chose so.
func (w *watch) parsedOnce(s *sim, billed map[worker.ID]int) {
	parses, allowed := map[string]int{}, map[string]int{}
	for id, r := range w.records {
		if r.Step == worker.StepParse {
			parses[w.of[id]] += billed[id]
			allowed[w.of[id]] += w.again[id]
		}
	}
	for version, n := range parses {
		if n > 1+allowed[version] {
			s.violate("parse bill", "a document version was parsed %d times; %d were allowed", n, 1+allowed[version])
		}
	}
}

// calmStore: nothing keeps a worker that lives from writing down what it heard.
func (s *sim) calmStore() bool {
	for _, f := range []faultKind{
		crashBefore, crashAfter, storeLost, storeUnsure, storeZombie, storeConflict, storeDoubled, storeSlowDown, storeDown, storeOutage,
		upgraded,
	} {
		if s.happened[f] > 0 {
			return false
		}
	}
	return true
}

// document looks at what became of the version that stands.
func (w *watch) document(s *sim, d *document) {
	v := d.current()
	if v == nil || v.body == "" {
		return
	}
	w.answered(s, d, v, routeName)
	if d.file && s.o.twoRoutes {
		w.answered(s, d, v, otherRoute)
	}
}

// answered looks for a route's answer.
func (w *watch) answered(s *sim, d *document, v *version, route string) {
	id := s.names.IDOf(d.key, v.id, route, 1)
	r, ok := w.records[id]
	if !ok {
		s.violate("lost", "document %d has no job under %s", d.n, route)
		return
	}
	if r.State != worker.Closed {
		return // held, or reported as stuck
	}
	if r.Failure != "" {
		w.failure(s, d, r, route)
		return
	}
	body, ref := s.resultAt("results/" + route + "/" + strings.TrimPrefix(d.key, "inbox/") + ".json")
	var result struct {
		Extraction struct{ Number string }
	}
	switch {
	case body == nil:
		s.violate("lost", "document %d is sealed (%s) and has no result", d.n, r.Status)
	case json.Unmarshal(body, &result) != nil || result.Extraction.Number != v.number:
		s.violate("version", "the result of document %d (%s) is not that of the version that stands", d.n, r.Status)
	case ref != r.Ref:
		s.violate("version", "the result of document %d bears another job's ref", d.n)
	}
}

func (w *watch) failure(s *sim, d *document, r worker.RecordView, route string) {
	var said struct{ Code, Ref string }
	body := s.object(storeName, "failures/"+route+"/"+strings.TrimPrefix(d.key, "inbox/")+".json")
	if json.Unmarshal(body, &said) != nil || said.Code != r.Failure || said.Ref != r.Ref {
		s.violate("reason", "document %d failed (%s) and its failure object does not say so", d.n, r.Failure)
	}
}

// leftovers looks for what should be gone.
func (w *watch) leftovers(s *sim) {
	for _, o := range s.everything(exchangeName) {
		if _, _, ok := s.names.TokenIn(o.key); ok || strings.HasSuffix(o.key, ".race") {
			s.violate("left", "%s is left in the exchange bucket", s.naming(exchangeName, o.key))
		}
	}
	if w.stranger && s.object(exchangeName, worker.OutboxPrefix+"stranger.json") == nil {
		s.violate("stranger", "another's object was removed")
	}
	for key, body := range w.newer {
		if string(s.object(storeName, key)) != body {
			s.violate("newer", "a record of a newer format was changed")
		}
	}
	for _, o := range s.everything(storeName) {
		if strings.HasSuffix(o.key, ".race") {
			s.violate("left", "what writers raced for is left in the store")
		}
		if _, slip := worker.OnSlip(o.key, o.body); slip {
			s.violate("marker", "a slip of closed jobs is left")
		}
		id, gen, ok := worker.IDInKey(o.key)
		if !ok || gen == 0 || w.newer[worker.RecordOf(id)] != "" {
			continue
		}
		if r := w.records[id]; r.Gen != gen || r.State == worker.Closed {
			s.violate("marker", "a marker of %s leads nowhere (record %q)", short(id), r.State)
		}
	}
}

// silence looks for names and texts where neither may be.
func (w *watch) silence(s *sim) {
	w.scan(s, "the log", w.log.b.Bytes())
	w.scan(s, "what the provider heard", s.provider.Heard())
	for _, o := range s.everything(exchangeName) {
		w.scan(s, "the exchange bucket", []byte(o.key))
	}
	for _, o := range s.everything(storeName) {
		content := false
		for _, prefix := range []string{"inbox/", "results/", "zdr/history/", "zdr/texts/", "zdr/parsed/"} {
			content = content || strings.HasPrefix(o.key, prefix)
		}
		if !content && bytes.Contains(o.body, []byte(textMark)) {
			s.violate("sentinel", "%s quotes a document", s.naming(storeName, o.key))
		}
		for _, v := range o.header {
			w.scan(s, "metadata", []byte(v))
		}
	}
}
