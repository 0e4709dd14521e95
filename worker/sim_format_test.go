package worker_test

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// A fleet is upgraded while it works: a record is taken over by a newer worker,
// which writes it in its own format. The workers of this program leave the job
// alone until the newer one gives it back, one event further.
func (s *sim) upgrade() {
	id, known := s.watch.someID(s)
	if !known || s.watch.records[id].State == worker.Closed || s.watch.newer[worker.RecordOf(id)] != "" {
		return
	}
	key := worker.RecordOf(id)
	var fields map[string]json.RawMessage
	if json.Unmarshal(s.object(storeName, key), &fields) != nil {
		return
	}
	s.happened[upgraded]++
	s.putNewer(key, fields)
	s.note("outside", "a newer worker has "+short(id))
	s.later(between(s.rng, time.Minute, 3*time.Hour), "a newer worker gives back "+short(id), func() { s.giveBack(id, fields) })
}

func (s *sim) putNewer(key string, fields map[string]json.RawMessage) {
	newer := maps.Clone(fields)
	newer["format"], newer["mood"] = json.RawMessage("2"), json.RawMessage(`"dreaming"`)
	body, _ := json.Marshal(newer)
	s.server.PutRaw(storeName, key, body, nil)
	s.watch.newer[key] = string(body)
}

// giveBack writes the record as format 1 again, with a note of the newer worker.
func (s *sim) giveBack(id worker.ID, fields map[string]json.RawMessage) {
	key, was := worker.RecordOf(id), s.watch.records[id]
	if string(s.object(storeName, key)) != s.watch.newer[key] {
		s.violate("newer", "the record of %s was changed while a newer worker had it", short(id))
	}
	delete(s.watch.newer, key)
	var history []json.RawMessage
	_ = json.Unmarshal(fields["history"], &history)
	note, _ := json.Marshal(map[string]any{"at": s.storeNow().UTC(), "event": worker.EventNote, "state": was.State})
	fields["history"], _ = json.Marshal(append(slices.Clone(history), note))
	fields["seq"], _ = json.Marshal(was.Seq + 1)
	fields["nonce"], _ = json.Marshal("newer-" + was.Nonce)
	body, _ := json.Marshal(fields)
	s.server.PutRaw(storeName, key, body, nil)
	view, err := worker.ViewRecord(body)
	if err != nil {
		s.violate("newer", "the record that a newer worker gave back cannot be read: %v", err)
		return
	}
	s.watch.records[id] = view
}
