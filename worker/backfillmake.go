package worker

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// BackfillPlan is what a backfill is asked for.
type BackfillPlan struct {
	// Prefixes of the store bucket whose objects are taken, in this order; or
	Prefixes []string
	// Keys of the store bucket. They are written down beside the backfill.
	Keys iter.Seq2[string, error]
	// Since leaves out what was written before. Default: everything is taken.
	Since time.Time
	// Window is Since, so long before now. Default: Since.
	Window time.Duration
	// Limit ends the backfill after so many documents. Default: all.
	Limit int
	// Shares is among how many workers it is shared at least. Default: one where
	// there is a page of objects, else 16.
	Shares int
	// Name makes plans of one name one backfill, also after its end. Without one
	// a plan that is asked again joins the same plan under way, or begins anew.
	Name string
	// Leave: nobody waits for the documents; workers that serve take them.
	Leave bool
}

// manyShares is among how many workers a backfill of more than a page is shared.
const manyShares = 16

// StartBackfill writes a backfill's object, or joins the one that is asked for
// again and is not through. Nothing is claimed yet. Errors: route_changed where
// the one of that name was begun with other routes.
func (p *Pipeline) StartBackfill(ctx context.Context, o BackfillPlan) (Backfill, error) {
	if was, joins, err := p.joined(ctx, o); err == nil && joins {
		return p.joinBackfill(ctx, was, o) // its list needs not be written again
	}
	b, err := p.planned(ctx, &o)
	if err != nil {
		return Backfill{}, fault("backfill", "", err)
	}
	c := newControl[Backfill](backfillKey(b.ID))
	mine := false
	now, err := c.change(ctx, p.store, p.now, func(was Backfill) (Backfill, bool) {
		if mine = was.ID == "" || again(was, o); !mine {
			return was, false
		}
		b.Nonce, b.Seq = newNonce(), was.Seq+1
		return b, true
	})
	if !mine && b.List != nil && (now.List == nil || now.List.Folder != b.List.Folder) {
		err = errors.Join(err, p.dropList(ctx, b.List))
	}
	if err != nil || mine {
		return now, fault("backfill", "", err)
	}
	return p.joinBackfill(ctx, now, o)
}

// joinBackfill checks one that was there. Who leaves it to others bounds it no
// more.
func (p *Pipeline) joinBackfill(ctx context.Context, b Backfill, o BackfillPlan) (Backfill, error) {
	if err := p.mustServe(b); err != nil || !o.Leave || !b.Bounded {
		return b, err
	}
	return p.editBackfill(ctx, b.ID, func(b *Backfill) bool {
		b.Left, b.Bounded = true, false
		return true
	})
}

// mustServe keeps a worker from a backfill of other routes: of documents that
// only its own routes take, nothing would be done, and nobody told.
func (p *Pipeline) mustServe(b Backfill) error {
	if p.Serves(b) {
		return nil
	}
	return &Fault{Op: "backfill", Code: CodeRouteChanged, Hint: "the backfill was begun with other routes or revisions: give another name, or the routes that it was begun with"}
}

// JoinsBackfill reports whether StartBackfill would join a backfill of the plan's
// name that is there. Of a plan without a name nothing is said: its list would
// have to be read.
func (p *Pipeline) JoinsBackfill(ctx context.Context, o BackfillPlan) (bool, error) {
	_, joins, err := p.joined(ctx, o)
	return joins, err
}

func (p *Pipeline) joined(ctx context.Context, o BackfillPlan) (was Backfill, joins bool, err error) {
	if o.Name == "" {
		return was, false, nil
	}
	was, err = p.Backfill(ctx, p.backfillID(Backfill{}, o))
	if f, ok := errors.AsType[*Fault](err); ok && f.Code == CodeNoBackfill {
		return was, false, nil
	}
	return was, err == nil && !again(was, o), err
}

// again reports whether a plan that is asked for again begins anew: the one
// before is through, or was left to others so that nobody knows what became of
// each document. Looking at a document again costs a GET or two.
func again(was Backfill, o BackfillPlan) bool {
	sum := was.Counts()
	switch {
	case !was.Ended.IsZero():
		return !was.Named || sum.Claimed > 0 && !o.Leave
	case o.Leave:
		return false
	}
	return sum.Claimed > 0
}

// planned makes the object of a plan.
func (p *Pipeline) planned(ctx context.Context, o *BackfillPlan) (Backfill, error) {
	now := p.now().UTC()
	b := Backfill{Format: 1, Prefixes: o.Prefixes, Since: o.Since.UTC(), Routes: routesOf(p.routes), Named: o.Name != "", Begun: now, Left: o.Leave}
	if o.Window > 0 {
		b.Since = now.Add(-o.Window)
	}
	shares, err := p.measureOut(ctx, &b, *o)
	if err != nil {
		return b, err
	}
	b.lay(p.routes, shares)
	b.ID = p.backfillID(b, *o)
	return b, nil
}

// measureOut writes a list down where there is one, and says among how many the
// backfill is shared.
func (p *Pipeline) measureOut(ctx context.Context, b *Backfill, o BackfillPlan) (shares int, err error) {
	keys := o.Keys
	if keys == nil && o.Limit > 0 {
		keys = p.matching(ctx, b)
	}
	if o.Keys != nil && o.Limit > 0 && !b.Since.IsZero() {
		keys = p.young(ctx, keys, b.Since)
	}
	some := 0
	if keys != nil {
		if b.List, err = p.keepList(ctx, keys, o.Limit); err != nil {
			return 0, err
		}
		if o.Keys == nil {
			b.Prefixes, b.Since = nil, time.Time{}
		}
		some, b.Total, b.Counted = b.List.Keys, b.List.Keys+b.List.Unfit, true
	} else if some, err = p.firstPage(ctx, b); err != nil {
		return 0, err
	}
	switch {
	case o.Shares > 0:
		return o.Shares, nil
	case some >= pageSize:
		return manyShares, nil
	}
	return 1, nil
}

// firstPage counts the objects below the prefixes, up to a page. Where that is
// all of them, their documents are counted too.
func (p *Pipeline) firstPage(ctx context.Context, b *Backfill) (n int, err error) {
	documents := 0
	for i, prefix := range b.Prefixes {
		for o, err := range p.store.List(ctx, bucket.Page{Prefix: prefix, Limit: pageSize - n}) {
			if err != nil {
				return n, err
			}
			if _, _, ok := p.routes.Match(o.Key); ok && b.means(i, o) {
				documents++
			}
			n++
		}
		if n >= pageSize {
			return n, nil
		}
	}
	b.Total, b.Counted = documents, true
	return n, nil
}

// matching yields the keys below the prefixes that some route takes.
func (p *Pipeline) matching(ctx context.Context, b *Backfill) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i, prefix := range b.Prefixes {
			for o, err := range p.store.List(ctx, bucket.Page{Prefix: prefix}) {
				if err != nil {
					yield("", err)
					return
				}
				if _, _, ok := p.routes.Match(o.Key); ok && b.means(i, o) && !yield(o.Key, nil) {
					return
				}
			}
		}
	}
}

// young leaves out the keys of objects that were written before a time, so that
// they count towards no limit.
func (p *Pipeline) young(ctx context.Context, keys iter.Seq2[string, error], since time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range keys {
			young := true
			if err == nil && CheckKey(key) == nil {
				young, err = p.youngerThan(ctx, key, since)
			}
			if (young || err != nil) && !yield(key, err) {
				return
			}
		}
	}
}

// backfillID is the same for the same plan, and says nothing of it.
func (p *Pipeline) backfillID(b Backfill, o BackfillPlan) string {
	m := hmac.New(sha256.New, p.secret.derive("backfill"))
	writePart(m, o.Name)
	if o.Name == "" {
		digest := ""
		if o.Keys != nil {
			digest = b.List.Digest
		}
		for _, part := range append(append(slices.Clone(o.Prefixes), "|", digest, o.Since.UTC().Format(time.RFC3339Nano), fmt.Sprint(o.Window, o.Limit)), b.Routes...) {
			writePart(m, part)
		}
	}
	return hex.EncodeToString(m.Sum(nil)[:8])
}

// CountBackfill counts the documents of a backfill, a listing of a thousand
// objects at a time, and notes how many there are.
func (p *Pipeline) CountBackfill(ctx context.Context, id string) (n int, err error) {
	c := newControl[Backfill](backfillKey(id))
	b, err := c.view(ctx, p.store, p.now())
	if err != nil || b.Counted || b.ID == "" {
		return b.Total, fault("backfill", "", err)
	}
	for _, err := range p.matching(ctx, &b) {
		if err != nil {
			return n, fault("backfill", "", err)
		}
		n++
	}
	_, err = c.change(ctx, p.store, p.now, func(was Backfill) (Backfill, bool) {
		if was.Counted || !was.Begun.Equal(b.Begun) {
			return was, false
		}
		to := was.clone()
		to.Total, to.Counted = n, true
		return to, true
	})
	return n, fault("backfill", "", err)
}

// Backfills reads all backfills, the newest first. Those of a newer format are
// left out.
func (p *Pipeline) Backfills(ctx context.Context) ([]Backfill, error) {
	all, _, err := p.backfills(ctx)
	return all, err
}

// backfills is Backfills; whole says that none was left out.
func (p *Pipeline) backfills(ctx context.Context) (all []Backfill, whole bool, err error) {
	whole = true
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: backfillPrefix}) {
		if err != nil {
			return nil, false, fault("backfill", "", err)
		}
		if backfillOf(o.Key) == "" {
			continue
		}
		b, err := p.Backfill(ctx, backfillOf(o.Key)) // a few, each read once
		if leftAlone(err) {
			whole = whole && codeFor(err) == CodeNoBackfill
			continue
		}
		if err != nil {
			return nil, false, err
		}
		all = append(all, b)
	}
	slices.SortStableFunc(all, func(a, b Backfill) int { return b.Begun.Compare(a.Begun) })
	return all, whole, nil
}

// Backfill reads one. Errors: backfill_not_found.
func (p *Pipeline) Backfill(ctx context.Context, id string) (Backfill, error) {
	c := newControl[Backfill](backfillKey(id))
	b, err := c.view(ctx, p.store, p.now())
	if err == nil && b.ID == "" {
		return b, noBackfill("backfill")
	}
	return b, fault("backfill", "", err)
}

func noBackfill(op string) error {
	return &Fault{Op: op, Code: CodeNoBackfill, Hint: "there is no such backfill; see: zdrworker backfill list"}
}

// PauseBackfill stops the claiming of a backfill's documents. Those that are
// claimed go on. A pause that stands keeps its time.
func (p *Pipeline) PauseBackfill(ctx context.Context, id string) (Backfill, error) {
	return p.editBackfill(ctx, id, func(b *Backfill) bool {
		if !b.Paused.IsZero() || !b.Ended.IsZero() {
			return false
		}
		b.Paused = p.now().UTC()
		return true
	})
}

// ResumeBackfill ends the pause of a backfill. Nobody may wait for it any more,
// so the workers that serve take it in too.
func (p *Pipeline) ResumeBackfill(ctx context.Context, id string) (Backfill, error) {
	return p.editBackfill(ctx, id, func(b *Backfill) bool {
		if b.Paused.IsZero() {
			return false
		}
		b.Paused, b.Left, b.Rate = time.Time{}, true, Rate{}
		return true
	})
}

func (p *Pipeline) editBackfill(ctx context.Context, id string, edit func(*Backfill) bool) (Backfill, error) {
	c := newControl[Backfill](backfillKey(id))
	b, err := c.change(ctx, p.store, p.now, func(was Backfill) (Backfill, bool) {
		to := was.clone()
		return to, was.ID != "" && edit(&to)
	})
	if err == nil && b.ID == "" {
		return b, noBackfill("backfill")
	}
	return b, fault("backfill", "", err)
}
