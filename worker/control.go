package worker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// controlFresh is how old a reading of a control object may be: what a person
// or another worker writes there is known to the whole fleet this much later.
const controlFresh = 5 * time.Second

// control is this worker's view of one control object. It is read at most once
// in controlFresh, and only its ETag while it stays the same; it is written only
// when it changes, by compare-and-swap. An absent object is T's zero value.
type control[T any] struct {
	key  string
	turn chan struct{} // holds one: a lock that a request may be made under, and given up with the context
	wall func() time.Time

	known bool // it was read once
	read  time.Time
	etag  string
	last  T
	told  bool          // the store's clock was seen once
	ahead time.Duration // of the store's clock, as last seen
}

func newControl[T any](key string) control[T] {
	return control[T]{key: key, turn: make(chan struct{}, 1), wall: wall}
}

// wall is a time that goes on while the machine sleeps.
func wall() time.Time { return time.Now().Round(0) }

// take waits for the right to use c, and gives it up with ctx.
func (c *control[T]) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *control[T]) give() { <-c.turn }

// refresh reads the object unless that was done a moment ago. After an error
// last is what was seen before, if anything was.
func (c *control[T]) refresh(ctx context.Context, s Store, now time.Time) error {
	if c.known && now.Sub(c.read) < controlFresh && !now.Before(c.read) {
		return nil
	}
	asked := c.wall()
	obj, err := s.Get(ctx, c.key, bucket.GetOptions{Changed: c.etag})
	var seen T
	switch {
	case errors.Is(err, bucket.ErrNotModified):
		c.read = now
		return nil
	case errors.Is(err, bucket.ErrNotFound):
		obj.Info = bucket.Info{}
	case err != nil:
		return err
	default:
		if err := decodeControl(obj, &seen); err != nil {
			return err
		}
	}
	c.saw(obj.Info, now, asked)
	c.last = seen
	return nil
}

func decodeControl(obj bucket.Object, into any) error {
	defer obj.Body.Close()
	var head struct {
		Format int `json:"format"`
	}
	b, err := io.ReadAll(io.LimitReader(obj.Body, maxControl))
	if err != nil {
		return &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	if json.Unmarshal(b, &head) == nil && head.Format > 1 {
		return errNewerFormat // its other members may be of other kinds
	}
	if json.Unmarshal(b, into) != nil {
		return errors.New("a control object is not what this program writes")
	}
	return nil
}

func (c *control[T]) saw(i bucket.Info, now, asked time.Time) {
	c.known, c.read, c.etag = true, now, i.ETag
	if i.Date.IsZero() {
		return
	}
	// The store said so between question and answer, in whole seconds. A worker
	// that slept in between learns little, and keeps what it knew as far as that
	// can be: taken for a difference of clocks, its sleep would be written where
	// the whole fleet reads the time.
	least, most := i.Date.Sub(c.wall()), i.Date.Add(time.Second).Sub(asked)
	if !c.told {
		c.told, c.ahead = true, least // rather too little: time is never written ahead
	}
	c.ahead = max(least, min(c.ahead, most))
}

// begin writes an absent object, with nothing in it, so that whoever is about to
// write a time there knows the store's clock: what is not there has no Date.
func (c *control[T]) begin(ctx context.Context, s Store, now time.Time, empty T) error {
	if c.etag != "" {
		return nil
	}
	if err := c.set(ctx, s, now, empty); !errors.Is(err, errLost) {
		return err
	}
	if err := c.refresh(ctx, s, now); err != nil {
		return err
	}
	if c.etag == "" {
		return errLost // not written after all
	}
	return nil
}

// reread makes the next refresh ask the store.
func (c *control[T]) reread() { c.read = time.Time{} }

// set replaces the object if nobody else did since it was read; errLost when
// somebody did, or may have.
func (c *control[T]) set(ctx context.Context, s Store, now time.Time, to T) error {
	asked := c.wall()
	info, err := writeJSON(ctx, s, c.key, to, bucket.Condition{IfMatch: c.etag, Absent: c.etag == ""})
	if err != nil {
		c.reread()
		if settledElsewhere(err) || errors.Is(err, bucket.ErrNotFound) {
			return errLost
		}
		return err
	}
	c.saw(info, now, asked)
	c.last = to
	return nil
}

// change edits the object until one edit wins; edit may say that there is
// nothing to do.
func (c *control[T]) change(ctx context.Context, s Store, clock func() time.Time, edit func(T) (T, bool)) (T, error) {
	if err := c.take(ctx); err != nil {
		var none T
		return none, err
	}
	defer c.give()
	for range maxPublish {
		c.reread()
		if err := c.refresh(ctx, s, clock()); err != nil {
			return c.last, err
		}
		to, ok := edit(c.last)
		if !ok {
			return c.last, nil
		}
		if err := c.set(ctx, s, clock(), to); !errors.Is(err, errLost) {
			return to, err
		}
	}
	return c.last, &bucket.Error{Op: "put", Class: bucket.ErrConflict}
}

// view gives the object as it is now.
func (c *control[T]) view(ctx context.Context, s Store, now time.Time) (T, error) {
	if err := c.take(ctx); err != nil {
		var none T
		return none, err
	}
	defer c.give()
	c.reread()
	err := c.refresh(ctx, s, now)
	return c.last, err
}
