package worker

import (
	"context"
	"iter"
)

// hand is a lane that this worker walks, with what it has drawn of it and not
// finished. Its size goes with the documents in flight, not with those walked.
type hand struct {
	lane  int // of the backfill's lanes
	route string
	from  Place // what the object says
	help  bool  // another has the lane: this worker helps, and saves nothing
	left  bool  // something that was drawn is left to whoever takes the lane next
	lost  bool  // another has taken the lane over

	next func() (step, error, bool)
	stop func()
	dry  bool // walked to the end

	rows []*row // what was come by behind at, in order
	at   Place  // all before it is finished
	sum  Counts // of what lies between from and at
}

// row is one document that was drawn, or a stretch without any that is open.
type row struct {
	at   Place
	open bool
	sum  Counts
}

func (p *Pipeline) newHand(ctx context.Context, b *Backfill, i int, help bool) *hand {
	l := b.Lanes[i]
	h := &hand{lane: i, route: l.Route, from: l.At, at: l.At, help: help}
	h.next, h.stop = iter.Pull2(p.walkLane(ctx, b, l))
	return h
}

// pass notes that nothing is to be done up to there.
func (h *hand) pass(at Place, sum Counts) {
	h.rows = append(h.rows, &row{at: at, sum: sum})
	h.fold()
}

// draw notes a document that is to be finished.
func (h *hand) draw(at Place) *row {
	r := &row{at: at, open: true}
	h.rows = append(h.rows, r)
	return r
}

// settle notes that a document is finished.
func (h *hand) settle(r *row, sum Counts) {
	r.open, r.sum = false, sum
	h.fold()
}

// fold moves at over what is finished, and makes neighbours that are finished
// one row.
func (h *hand) fold() {
	kept := h.rows[:0]
	for _, r := range h.rows {
		last := len(kept) - 1
		switch {
		case r.open:
			kept = append(kept, r)
		case last < 0:
			h.at, h.sum = r.at, h.sum.plus(r.sum)
		case !kept[last].open:
			kept[last].at, kept[last].sum = r.at, kept[last].sum.plus(r.sum)
		default:
			kept = append(kept, r)
		}
	}
	clear(h.rows[len(kept):])
	h.rows = kept
}

// walking: more can be drawn.
func (h *hand) walking() bool { return !h.dry && !h.left && !h.lost }

// through: the lane has ended.
func (h *hand) through() bool { return h.dry && len(h.rows) == 0 }

func (h *hand) close() {
	if h.stop != nil {
		h.stop()
		h.stop = nil
	}
}
