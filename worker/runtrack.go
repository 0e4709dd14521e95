package worker

import "slices"

// all are the documents that a job under way was drawn as.
func (t *tracked) all() []Document { return append([]Document{t.doc}, t.also...) }

// track keeps a job under way. One that was drawn before in another way, as a
// file and as an object of a backfill, is one job and takes one slot; r.mu is
// held.
func (r *run) track(id ID, t *tracked) {
	if old := r.open[id]; old != nil && old != t {
		all := old.all()
		if !slices.Contains(all, t.doc) {
			r.free(1)
		}
		t.also = slices.DeleteFunc(all, func(d Document) bool { return d == t.doc })
	}
	r.open[id] = t
}

// untrack forgets a job and gives the documents that it was drawn as and the
// slots that they took; r.mu is held.
func (r *run) untrack(id ID, d Document) (docs []Document, slots int) {
	docs, slots = []Document{d}, 1
	t := r.open[id]
	if t == nil || id.IsZero() {
		return docs, slots
	}
	delete(r.open, id)
	if all := t.all(); slices.Contains(all, d) {
		docs = all
	} else {
		docs, slots = append(docs, all...), 2
	}
	return docs, slots
}

// free gives slots back.
func (r *run) free(n int) {
	for range n {
		<-r.slots
	}
}
