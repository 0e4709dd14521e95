package trigger

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
)

// scanTold is how many objects of one scan have a line of their own in the log,
// of each code. A prefix whose every object is denied has millions.
const scanTold = 5

// told counts what went wrong in one scan, by code.
type told struct {
	mu sync.Mutex
	n  map[string]int
}

// tell is Options.tell for one object, with a line only while there are few.
func (s *Scan) tell(ctx context.Context, err error) Outcome {
	o := s.o
	if err != nil && !s.told.loud(err) {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o.tell(ctx, SourceScan, "", err)
}

// loud counts an error and reports whether it is told by itself.
func (t *told) loud(err error) bool {
	code := codeOf(err)
	if outcome(err) == Poison {
		code = string(refusalOf(err).Reason)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n[code]++
	return t.n[code] <= scanTold
}

// counting is the scan with a count of its own. end tells the sums.
func (s *Scan) counting(ctx context.Context) (counted *Scan, end func()) {
	c := *s
	c.told = &told{n: map[string]int{}}
	return &c, func() { c.sums(ctx) }
}

// sums says of each code how many have no line.
func (s *Scan) sums(ctx context.Context) {
	s.told.mu.Lock()
	defer s.told.mu.Unlock()
	for _, code := range slices.Sorted(maps.Keys(s.told.n)) {
		if more := s.told.n[code] - scanTold; more > 0 {
			s.o.Logger.LogAttrs(ctx, slog.LevelWarn, fmt.Sprintf("the scan met with that %d times more", more),
				slog.String("event", string(SourceScan)), slog.String("code", code))
		}
	}
}
