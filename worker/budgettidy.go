package worker

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

const (
	// accountKept is how long an account lies untouched before it is looked at
	// whether anybody can need it any more.
	accountKept = 30 * 24 * time.Hour
	// dayOver is how long after its end a day's account still grants: to workers
	// whose clocks differ. It must be far less than accountKept.
	dayOver = 2 * 24 * time.Hour
	// accountsEach is how often a worker looks for accounts to remove.
	accountsEach = time.Hour
)

// An account that is removed says that nothing was spent. So one is removed only
// when nobody reserves in it any more, and whoever slept meanwhile, even in the
// middle of a write, is granted nothing by the one that it makes anew: a day's
// grants until dayOver, a run's account is its own process's, which has seen it,
// and a backfill's grants only while the backfill stands that it is called after.

// tidyAccounts removes the accounts of days that are over, of runs that have
// ended and of backfills that are gone.
func (p *Pipeline) tidyAccounts(ctx context.Context) error {
	if !p.purse.due(p.now()) {
		return nil
	}
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: budgetPrefix}) {
		if err != nil {
			return err
		}
		now := p.storeTime(o.Date)
		name := accountOf(o.Key)
		if name == "" || now.Sub(o.Modified) < accountKept {
			continue
		}
		over, err := p.accountOver(ctx, name, now)
		if err != nil {
			return err
		}
		if !over {
			continue
		}
		if err := p.store.Remove(ctx, o.Key); errors.Is(err, bucket.ErrDenied) {
			p.log.LogAttrs(ctx, slog.LevelWarn, "old accounts of budgets not removed: the bucket does not let the worker", slog.String("code", string(codeFor(err))), slog.String("worker", p.holder))
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// due reports whether it is time to look, and notes that it was looked.
func (u *purse) due(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now.Sub(u.tidied) < accountsEach {
		return false
	}
	u.tidied = now
	return true
}

// accountOver reports whether nothing is reserved any more in an account that
// nobody has touched for long. What this program did not name is left alone.
func (p *Pipeline) accountOver(ctx context.Context, name string, now time.Time) (bool, error) {
	if day, ok := dayOf(name); ok {
		return now.Sub(day) > accountKept, nil
	}
	if id, begun, ok := backfillAccountOf(name); ok {
		stands, err := p.stands(ctx, id, begun)
		return err == nil && !stands, err
	}
	return strings.HasPrefix(name, runAccount), nil
}

// stands reports whether a backfill is there that began then. One that can be
// read by a newer program only is taken to be it.
func (p *Pipeline) stands(ctx context.Context, id string, begun int64) (bool, error) {
	b, err := p.Backfill(ctx, id)
	switch {
	case err == nil:
		return b.Begun.UnixMilli() == begun, nil
	case codeFor(err) == CodeNoBackfill:
		return false, nil
	case leftAlone(err):
		return true, nil
	}
	return false, err
}

// accountOf is the inverse of budgetKey; "" when it is none.
func accountOf(key string) string {
	name, ok := strings.CutSuffix(strings.TrimPrefix(key, budgetPrefix), ".json")
	if !ok || strings.Contains(name, "/") {
		return ""
	}
	return name
}

// dayOf is the day of an account, where it is a day's.
func dayOf(name string) (time.Time, bool) {
	day, err := time.Parse(time.DateOnly, name)
	return day, err == nil
}

// The first words of the accounts of Runs.
const (
	runAccount      = "run-"
	backfillAccount = "backfill-"
)

// backfillAccountOf is the backfill that an account is called after.
func backfillAccountOf(name string) (id string, begun int64, ok bool) {
	rest, is := strings.CutPrefix(name, backfillAccount)
	id, milli, cut := strings.Cut(rest, "-")
	begun, err := strconv.ParseInt(milli, 10, 64)
	return id, begun, is && cut && err == nil
}

// refresh reads the account, and remembers whether it was there before or is now;
// t.control is taken.
func (t *till) refresh(ctx context.Context, p *Pipeline) error {
	was := t.control.etag != ""
	err := t.control.refresh(ctx, p.store, p.now())
	t.seen = t.seen || was || t.control.etag != ""
	return err
}

// closed reports whether the account grants nothing more: its day is over for
// long, or it was removed. t.control is taken.
func (t *till) closed(now time.Time) bool {
	if day, ok := dayOf(t.name); ok {
		return now.Sub(day) > 24*time.Hour+dayOver
	}
	return t.seen && t.control.etag == ""
}

// confirm looks, once reservations are written, whether the account is one that
// may grant them: it may have been removed and made anew by this write. t.control
// is taken.
func (t *till) confirm(ctx context.Context, p *Pipeline, asks []*reservation) error {
	if !anyGranted(asks) {
		return nil
	}
	may, err := t.mayGrant(ctx, p)
	if may || err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range asks {
		if r.granted {
			r.granted, t.over[r.key] = false, 0
		}
	}
	return nil
}

func (t *till) mayGrant(ctx context.Context, p *Pipeline) (bool, error) {
	id, begun, ok := backfillAccountOf(t.name)
	if !ok || t.stands {
		return !t.closed(p.now()), nil
	}
	var err error
	t.stands, err = p.stands(ctx, id, begun)
	return t.stands, err
}

func anyGranted(asks []*reservation) bool {
	for _, r := range asks {
		if r.granted {
			return true
		}
	}
	return false
}
