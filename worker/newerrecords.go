package worker

import "sync"

// maxNewer bounds the memory of newerRecords.
const maxNewer = 1 << 16

// newerRecords remembers whose records a newer program wrote when this worker
// last read them. A sweep that serves reads hardly any record itself, and still
// tells how many there are.
type newerRecords struct {
	mu  sync.Mutex
	ids map[ID]struct{}
}

func newNewer() *newerRecords { return &newerRecords{ids: map[ID]struct{}{}} }

// note takes in what a reading has shown.
func (n *newerRecords) note(id ID, is bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case !is:
		delete(n.ids, id)
	case len(n.ids) < maxNewer:
		n.ids[id] = struct{}{}
	}
}

func (n *newerRecords) has(id ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, is := n.ids[id]
	return is
}
