package worker

import (
	"encoding/json"
	"hash/maphash"
	"sync"
	"time"
)

// outstanding are jobs that this worker saw accepted: a bounded set, so that a
// result that arrives is taken by the worker that submitted it, and so that one
// walk of the provider's list answers for all of them. What does not fit is
// found by others, and by sweeps. Of a job that waits it holds 32 bytes, and the
// records of the newest few.
type outstanding struct {
	mu    sync.Mutex
	most  int
	began time.Time
	seed  maphash.Seed
	jobs  map[ID]accepted
	kept  map[ID]keptRecord
	wake  chan struct{} // something was added
}

// accepted is all that is held of a job that waits. Two of the provider's ids
// with the same hash cost a needless look at a job.
type accepted struct {
	provider uint64 // hash of the provider's id
	at       uint32 // seconds since this worker began
	parse    bool
}

// keptRecord is a record as this worker wrote it last, so that its result's
// arrival needs no read. One that is out of date loses its race.
type keptRecord struct {
	etag   string
	packed []byte
}

// keptRecords bounds the records that are kept until their results arrive: some
// 500 KB.
const keptRecords = 1000

func newOutstanding(most int) *outstanding {
	return &outstanding{
		most: most, began: time.Now(), seed: maphash.MakeSeed(),
		jobs: map[ID]accepted{}, kept: map[ID]keptRecord{}, wake: make(chan struct{}, 1),
	}
}

// hash is what is held of the provider's id of a job.
func (o *outstanding) hash(provider string) uint64 { return maphash.String(o.seed, provider) }

func (o *outstanding) age(a accepted) time.Duration {
	return time.Since(o.began) - time.Duration(a.at)*time.Second
}

func (o *outstanding) add(j *job) {
	a := j.rec.current()
	o.mu.Lock()
	if _, known := o.jobs[j.id]; (known || len(o.jobs) < o.most) && a != nil {
		o.jobs[j.id] = accepted{o.hash(a.ProviderJob), uint32(time.Since(o.began) / time.Second), j.rec.Step == StepParse}
		o.keep(j)
	}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// keep keeps a record where there is room.
func (o *outstanding) keep(j *job) {
	delete(o.kept, j.id)
	if len(o.kept) >= keptRecords {
		return
	}
	if text, err := json.Marshal(j.rec); err == nil {
		o.kept[j.id] = keptRecord{j.etag, pack(text)}
	}
}

func (o *outstanding) drop(id ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.jobs, id)
	delete(o.kept, id)
}

// take gives a job's record, once, where it is kept.
func (o *outstanding) take(id ID) *job {
	o.mu.Lock()
	kept, ok := o.kept[id]
	delete(o.kept, id)
	o.mu.Unlock()
	if !ok {
		return nil
	}
	var rec record
	text, err := unpack(kept.packed)
	if err != nil || json.Unmarshal(text, &rec) != nil {
		return nil // it is read from the bucket
	}
	return &job{id: id, rec: &rec, etag: kept.etag, now: rec.UpdatedAt}
}

func (o *outstanding) has(id ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.jobs[id]
	return ok
}

// silent gives the jobs that have been out for longer than d, by the hash of the
// provider's id, and forgets those whom only a sweep can help.
func (o *outstanding) silent(step string, d time.Duration) map[uint64]ID {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := map[uint64]ID{}
	for id, a := range o.jobs {
		switch age := o.age(a); {
		case age > forgetAfter:
			delete(o.jobs, id)
			delete(o.kept, id)
		case age >= d && a.parse == (step == StepParse):
			out[a.provider] = id
		}
	}
	return out
}
