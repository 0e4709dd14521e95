package worker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// slip names jobs that only wait for the end of their URLs. It stands in place
// of their markers, so that what a sweep lists grows with the jobs under way
// and not with those of the last hours.
type slip struct {
	Format int       `json:"format"`
	Due    time.Time `json:"due"`  // on the store's clock: every URL of these jobs has ended
	Jobs   []string  `json:"jobs"` // <id>.<gen>

	failed int
}

func (s *slip) add(id ID, r retired) {
	s.Jobs = append(s.Jobs, id.String()+"."+strconv.Itoa(r.gen))
	if r.keys == nil {
		s.failed++
	}
	s.Due = latest(s.Due, r.due.UTC().Add(time.Second).Truncate(time.Second))
}

// entry is one job of a slip.
type slipped struct {
	id  ID
	gen int
}

func (s *slip) entries() []slipped {
	var out []slipped
	for _, text := range s.Jobs {
		hex, gen, _ := strings.Cut(text, ".")
		id, err := parseID(hex)
		n, err2 := strconv.Atoi(gen)
		if err == nil && err2 == nil {
			out = append(out, slipped{id, n})
		}
	}
	return out
}

// slipKey sorts by the time at which the slip is due, and says how many jobs it
// names.
func (s *slip) key(nonce string) string {
	return fmt.Sprintf("%s%012d-%d-%d-%s.json", slipPrefix, s.Due.Unix(), len(s.Jobs), s.failed, nonce)
}

// label is what a slip's key says.
type label struct {
	due    time.Time
	jobs   int
	failed int // of them: draining after a failure; the rest are sealed
}

// parseSlipKey is the inverse of key.
func parseSlipKey(key string) (l label, ok bool) {
	rest, ok := strings.CutPrefix(key, slipPrefix)
	part := strings.SplitN(rest, "-", 4)
	if !ok || len(part) != 4 {
		return l, false
	}
	var n [3]int64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseInt(part[i], 10, 64); err != nil || n[i] < 0 {
			return l, false
		}
	}
	return label{time.Unix(n[0], 0), int(n[1]), int(n[2])}, true
}

func (p *Pipeline) writeSlip(ctx context.Context, s slip) error {
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = p.store.Put(ctx, s.key(newNonce()), bytes.NewReader(body), bucket.PutOptions{ContentType: "application/json"})
	return err
}

func (p *Pipeline) readSlip(ctx context.Context, key string) (s slip, err error) {
	obj, err := p.store.Get(ctx, key, bucket.GetOptions{})
	if err != nil {
		return s, err
	}
	defer obj.Body.Close()
	b, err := io.ReadAll(io.LimitReader(obj.Body, maxControl))
	if err != nil {
		return s, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	if json.Unmarshal(b, &s) != nil {
		return s, &bucket.Error{Op: "get", Class: bucket.ErrInvalid}
	}
	if s.Format > 1 {
		return s, errNewerFormat
	}
	return s, nil
}

// onSlips counts the jobs that only wait for the end of their URLs: what their
// slips are called says how many there are.
func (p *Pipeline) onSlips(ctx context.Context) (all label, err error) {
	for o, err := range p.store.List(ctx, bucket.Page{Prefix: slipPrefix}) {
		if err != nil {
			return all, err
		}
		if l, ok := parseSlipKey(o.Key); ok {
			all.jobs, all.failed = all.jobs+l.jobs, all.failed+l.failed
		}
	}
	return all, nil
}

// idsOnSlips gives the jobs that drain.
func (p *Pipeline) idsOnSlips(ctx context.Context) iter.Seq2[ID, error] {
	return func(yield func(ID, error) bool) {
		for o, err := range p.store.List(ctx, bucket.Page{Prefix: slipPrefix}) {
			var s slip
			if err == nil {
				s, err = p.readSlip(ctx, o.Key)
			}
			if errors.Is(err, bucket.ErrNotFound) {
				continue // closed meanwhile
			}
			if err != nil {
				yield(ID{}, err)
				return
			}
			for _, e := range s.entries() {
				if !yield(e.id, nil) {
					return
				}
			}
		}
	}
}

func sortedIDs[V any](m map[ID]V) []ID {
	return slices.SortedFunc(maps.Keys(m), func(a, b ID) int { return cmp.Compare(a.String(), b.String()) })
}
