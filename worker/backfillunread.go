package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

const (
	// unreadTries is how often a document is tried that the store does not give.
	unreadTries = 3
	// unreadAgain is the least time between two tries.
	unreadAgain = 5 * time.Second
	// unreadMost is how many documents in a row are not given, and none in between
	// is, before it is taken for a lack of rights that concerns all of them.
	unreadMost = 10
	// unreadTold is how many of a backfill have a line of their own in the log.
	unreadTold = 3
)

// unreads are the documents of a backfill that the store does not give to this
// worker: encrypted with a key that it may not use, or denied by a policy. They
// are set aside, so that they hold up none behind them, and tried again. Their
// lane stays before them meanwhile: a worker that dies loses none.
type unreads struct {
	aside  []*unread
	given  int // documents that the store gave
	row    int // documents that it did not give since it gave one
	passed int // given up
}

type unread struct {
	key   string
	tries int
	given int // what the store had given before the first try
	due   time.Time
	out   bool // somebody tries it
}

func isUnread(err error) bool { return err != nil && codeFor(err) == CodeSourceUnread }

// unreadable is an error of reading a document that is perhaps this document's
// own: it is denied, or cannot be asked for in this way.
func unreadable(err error) error {
	if !errors.Is(err, bucket.ErrDenied) && !errors.Is(err, bucket.ErrInvalid) {
		return nil
	}
	return &Fault{Op: "put", Code: CodeSourceUnread, Hint: "the store does not give the document: check who may read it, and use the key that it is encrypted with", Err: err}
}

// deniedAll is why all stops that would read documents.
func deniedAll(op string, err error) error {
	f := &Fault{Op: op, Code: CodeStoreDenied, Hint: "the store gave none of several documents in a row: check what the credentials may read"}
	if b, ok := errors.AsType[*bucket.Error](err); ok {
		f.Err = b // not its code as well
	}
	return f
}

// gave notes that the store gave a document.
func (f *feeder) gave(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := &f.unread
	u.given++
	u.row = 0
	u.forget(key)
}

// forget is for a document that is tried no more.
func (u *unreads) forget(key string) {
	u.aside = slices.DeleteFunc(u.aside, func(a *unread) bool { return a.key == key })
}

// refused notes that the store did not give a document, and what follows: it is
// passed over, by the caller; or it is tried again later; or, with an error, so
// many were denied in a row that it is not for want of rights to this one, and
// all are left.
func (f *feeder) refused(ctx context.Context, key string, err error) (passed bool, halt error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := &f.unread
	a := u.of(key)
	a.tries++
	a.out, a.due = false, time.Now().Add(unreadAgain)
	switch {
	case u.row >= unreadMost:
		return false, deniedAll("backfill", err)
	case a.tries < unreadTries || u.given == a.given && slices.ContainsFunc(f.hands, (*hand).walking):
		return false, nil
	}
	u.forget(key)
	if u.passed++; u.passed <= unreadTold {
		f.tell(ctx, "document of a backfill passed over: the store does not give it")
	}
	return true, nil
}

// of is the entry of a document; a new one counts for the row.
func (u *unreads) of(key string) *unread {
	if i := slices.IndexFunc(u.aside, func(a *unread) bool { return a.key == key }); i >= 0 {
		return u.aside[i]
	}
	a := &unread{key: key, given: u.given}
	u.aside = append(u.aside, a)
	u.row++
	return a
}

// again gives a document that is to be tried again now.
func (f *feeder) again() (d Document, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.unread.aside {
		if !a.out && !time.Now().Before(a.due) {
			a.out = true
			return Document{Key: a.key, from: f}, true
		}
	}
	return d, false
}

// setAside are the documents that have tries left.
func (f *feeder) setAside() (all []Document) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.unread.aside {
		if a.tries < unreadTries {
			all = append(all, Document{Key: a.key, from: f})
		}
	}
	return all
}

// passOver is refused for whoever has nothing more to do about a document that is
// passed over than to count it.
func (f *feeder) passOver(ctx context.Context, key string, err error) (halt error) {
	passed, halt := f.refused(ctx, key, err)
	if passed {
		f.settled(key, Counts{Refused: 1, Unread: 1})
	}
	return halt
}

// tellPassed says how many documents were passed over, where not each was told.
func (f *feeder) tellPassed(ctx context.Context) {
	if n := f.unread.passed; n > unreadTold {
		f.tell(ctx, fmt.Sprintf("%d documents of a backfill passed over: the store does not give them", n))
	}
}

func (f *feeder) tell(ctx context.Context, msg string) {
	f.p.log.LogAttrs(ctx, slog.LevelWarn, msg, slog.String("code", string(CodeSourceUnread)), slog.String("worker", f.p.holder))
}

// unread deals with a document that the store did not give.
func (r *run) unread(ctx context.Context, d Document, err error) {
	passed, halt := d.from.refused(ctx, d.Key, err)
	if passed {
		r.refuse(d, err)
		return
	}
	if halt != nil {
		r.stop(halt)
	}
	r.undraw()
}

// undraw takes back that a document of a backfill was drawn: it is tried again,
// or left to whoever goes on with the backfill.
func (r *run) undraw() {
	r.mu.Lock()
	r.filled.Found--
	r.mu.Unlock()
	r.free(1)
}

// unreadAlone notes that the store did not give a document, which is its own
// affair unless many in a row are not given. A backfill counts by itself.
func (r *run) unreadAlone(d Document, err error) (halt error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.from != nil {
		return nil
	}
	if r.unreads++; r.unreads < unreadMost {
		return nil
	}
	return deniedAll("put", err)
}

// gave notes that the store gave a document.
func (r *run) gave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unreads = 0
}

// lastTries tries what was set aside until its tries are used up: this worker
// goes, and the next would begin at the same document.
func (p *Pipeline) lastTries(ctx context.Context, f *feeder, leave <-chan struct{}) error {
	for range unreadTries - 1 {
		all := f.setAside()
		if len(all) == 0 || !sleep(ctx, unreadAgain) {
			return ctx.Err()
		}
		for _, d := range all {
			if ctx.Err() != nil || (nudge{leave: leave}).left() {
				return ctx.Err()
			}
			if _, _, err := p.fillOne(ctx, f, d); err != nil {
				return err
			}
		}
	}
	return nil
}
