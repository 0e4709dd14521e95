package worker

import (
	"context"
	"errors"
	"hash/fnv"
	"iter"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// step is one object that a walk came by.
type step struct {
	at   Place  // behind the object
	key  string // "" where it is none of the lane's
	skip bool   // no route takes it, and this lane is the one to say so
}

// Under reports whether a prefix that a person gave means an object:
// "inbox/2026" is a folder or an object, not "inbox/2026-old/".
func Under(key, prefix string) bool {
	rest, ok := strings.CutPrefix(key, prefix)
	return ok && (rest == "" || prefix == "" || strings.HasSuffix(prefix, "/") || strings.HasPrefix(rest, "/"))
}

// shareOf is the share that a key falls on.
func shareOf(key string, shares int) int {
	h := fnv.New32a()
	h.Write([]byte(key))
	return int(h.Sum32() % uint32(shares))
}

// takes says what a key is to a lane.
func (p *Pipeline) takes(l Lane, key string) (mine, skip bool) {
	if ours(key) || shareOf(key, l.Shares) != l.Share {
		return false, false
	}
	route, _, ok := p.routes.Match(key)
	if !ok {
		return false, len(p.routes) > 0 && p.routes[0].Name == l.Route
	}
	return route.Name == l.Route, false
}

// walkLane goes through a lane from where it stands.
func (p *Pipeline) walkLane(ctx context.Context, b *Backfill, l Lane) iter.Seq2[step, error] {
	if b.List != nil {
		return p.walkList(ctx, b, l)
	}
	return p.walkPrefixes(ctx, b, l)
}

func (p *Pipeline) walkPrefixes(ctx context.Context, b *Backfill, l Lane) iter.Seq2[step, error] {
	return func(yield func(step, error) bool) {
		after := l.At.Key
		for i := l.At.Part; i < len(b.Prefixes); i++ {
			for o, err := range p.store.List(ctx, bucket.Page{Prefix: b.Prefixes[i], After: after}) {
				if err != nil {
					yield(step{}, err)
					return
				}
				s := step{at: Place{Part: i, Key: o.Key}}
				if b.means(i, o) {
					s = p.stepOf(l, s.at, o.Key)
				}
				if !yield(s, nil) {
					return
				}
			}
			after = ""
		}
	}
}

func (p *Pipeline) stepOf(l Lane, at Place, key string) step {
	s := step{at: at}
	mine, skip := p.takes(l, key)
	if mine {
		s.key = key
	}
	s.skip = skip
	return s
}

// means reports whether an object is one that was asked for, and was not come by
// below an earlier prefix.
func (b *Backfill) means(part int, o bucket.Info) bool {
	if !Under(o.Key, b.Prefixes[part]) || o.Modified.Before(b.Since) {
		return false
	}
	for _, earlier := range b.Prefixes[:part] {
		if Under(o.Key, earlier) {
			return false
		}
	}
	return true
}

func (p *Pipeline) walkList(ctx context.Context, b *Backfill, l Lane) iter.Seq2[step, error] {
	return func(yield func(step, error) bool) {
		line := l.At.Line
		for part := l.At.Part; part < b.List.Parts; part++ {
			keys, err := p.readPart(ctx, b.List.Folder, part)
			if err != nil {
				yield(step{}, err)
				return
			}
			for ; line < len(keys); line++ {
				if !p.yieldKey(ctx, b, l, Place{Part: part, Line: line + 1}, keys[line], yield) {
					return
				}
			}
			line = 0
		}
	}
}

// yieldKey yields one key of a list. How old its object is, a list of bare keys
// does not say.
func (p *Pipeline) yieldKey(ctx context.Context, b *Backfill, l Lane, at Place, key string, yield func(step, error) bool) bool {
	s := p.stepOf(l, at, key)
	if s.key != "" && !b.Since.IsZero() {
		young, err := p.youngerThan(ctx, key, b.Since)
		if err != nil {
			yield(step{}, err)
			return false
		}
		if !young {
			s.key = ""
		}
	}
	return yield(s, nil)
}

// youngerThan: an object that is gone counts, or one that the store does not
// give, so that its claim says so.
func (p *Pipeline) youngerThan(ctx context.Context, key string, t time.Time) (bool, error) {
	info, err := p.store.Head(ctx, key, "")
	if errors.Is(err, bucket.ErrNotFound) || unreadable(err) != nil {
		return true, nil
	}
	return err == nil && !info.Modified.Before(t), err
}
