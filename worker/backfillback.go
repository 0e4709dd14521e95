package worker

import "context"

// putBack writes the object of a young backfill again that is gone, once: a
// sweep that had seen the one before it end may remove it in the instant in which
// it begins anew, and whoever waits for it would be told that there is none.
func (f *feeder) putBack(ctx context.Context) bool {
	f.mu.Lock()
	b, may := f.b.clone(), f.gone && !f.restored && f.p.now().Sub(f.b.Begun) < listKept
	f.restored = f.restored || may
	f.mu.Unlock()
	if !may {
		return false
	}
	now, err := f.c.change(ctx, f.p.store, f.p.now, func(was Backfill) (Backfill, bool) { return b, was.ID == "" })
	if err != nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.saw(now)
	return !f.gone
}
