package worker

import (
	"context"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

const (
	// backfillKept is how long a backfill that has ended is kept, so that whoever
	// gives its name later is told of it.
	backfillKept = 7 * 24 * time.Hour
	// listKept is how long a list is left alone: it may be in the making.
	listKept = 24 * time.Hour
)

// tidyBackfills removes backfills that ended long ago, and lists that no backfill
// goes through any more. It reads none of those that are young.
func (p *Pipeline) tidyBackfills(ctx context.Context) error {
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: backfillPrefix}) {
		if err != nil {
			return err
		}
		id := backfillOf(o.Key)
		if id == "" || p.storeTime(o.Date).Sub(o.Modified) < backfillKept {
			continue
		}
		b, err := p.Backfill(ctx, id)
		if leftAlone(err) {
			continue
		}
		if err != nil {
			return err
		}
		if b.Ended.IsZero() {
			continue
		}
		if err := p.store.Remove(ctx, o.Key); err != nil {
			return err
		}
	}
	return p.tidyLists(ctx)
}

func (p *Pipeline) tidyLists(ctx context.Context) error {
	var walked map[string]bool
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: listPrefix}) {
		if err != nil {
			return err
		}
		if p.storeTime(o.Date).Sub(o.Modified) < listKept {
			continue
		}
		if walked == nil {
			if walked, err = p.walkedLists(ctx); walked == nil || err != nil {
				return err // of a newer program's backfill it cannot be told which are its lists
			}
		}
		folder, _, _ := strings.Cut(strings.TrimPrefix(o.Key, listPrefix), "/")
		if walked[folder] {
			continue
		}
		if err := p.store.Remove(ctx, o.Key); err != nil {
			return err
		}
	}
	return nil
}

// walkedLists are the folders of lists that backfills go through; nil where one
// cannot be read, so that nothing is known.
func (p *Pipeline) walkedLists(ctx context.Context) (map[string]bool, error) {
	all, whole, err := p.backfills(ctx)
	if err != nil || !whole {
		return nil, err
	}
	walked := map[string]bool{}
	for _, b := range all {
		if b.List != nil && b.Ended.IsZero() {
			walked[b.List.Folder] = true
		}
	}
	return walked, nil
}
