package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"

	"github.com/zdrworker/zdrworker/worker"
)

// surveyed is how many documents are looked at: what is said of more is
// extrapolated from as many, drawn at random.
const surveyed = 1000

// glanced is how many are looked at of the first so many where nobody is to be
// asked: each process of many would make these requests.
const glanced = 100

// lookers is how many documents are looked at at the same time.
const lookers = 16

// candidate is a document as it was found: a local file, or an object.
type candidate struct {
	local document // file is "" for an object
	key   string
}

// candidates draws what the arguments name, local files first. How old the
// objects of a list are that does not say so is for whoever looks at one.
func (r *runner) candidates(ctx context.Context) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		for _, d := range r.local {
			if !yield(candidate{local: d, key: d.key}, nil) {
				return
			}
		}
		r.drawAll(ctx, nil, func(d worker.Document, err error) bool {
			r.forget(d.Key)
			return yield(candidate{key: d.Key}, err)
		})
	}
}

// forget takes back what note noted.
func (r *runner) forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.outs, key)
}

// expected draws the documents, looks at some of them and says what all would
// cost. Where nobody is to be asked about what lies in the bucket, the first
// thousand have to do: a million are not listed for a number that decides nothing.
func (r *runner) expected(ctx context.Context) (sum worker.Forecast, err error) {
	limit, looks := r.o.limit, surveyed
	if !r.countsAll() {
		looks = glanced
		if limit == 0 || limit > surveyed {
			limit, r.atLeast = surveyed, true
		}
	}
	var drawn, looked atomic.Int64
	defer r.progress.During(ctx, func() string {
		return fmt.Sprintf("estimate: %d documents counted, %d looked at", drawn.Load(), looked.Load())
	})()
	some, n, err := sample(r.candidates(ctx), limit, looks, &drawn)
	if err != nil {
		return sum, err
	}
	r.atLeast = r.atLeast && n == limit
	if sum, err = r.forecast(ctx, some, &looked); err != nil {
		return sum, err
	}
	return sum.Of(n), nil
}

// countsAll reports whether all documents are counted for an estimate.
func (r *runner) countsAll() bool {
	return r.planning || r.asks() || len(r.prefixes) == 0 && r.list == nil
}

// sample draws as many as are looked at, each as likely as any other, and counts
// all of them. It holds no others, however many there are.
func sample(all iter.Seq2[candidate, error], limit, looks int, drawn *atomic.Int64) (some []candidate, n int, err error) {
	for c, err := range all {
		if err != nil {
			return nil, n, err
		}
		drawn.Add(1)
		if n++; len(some) < looks {
			some = append(some, c)
		} else if i := rand.IntN(n); i < looks {
			some[i] = c
		}
		if n == limit {
			break
		}
	}
	return some, n, nil
}

// surveyor makes what looks at documents. It asks the store where there is one.
func (r *runner) surveyor(ctx context.Context) (*worker.Survey, error) {
	c := worker.SurveyConfig{Routes: r.routes}
	c.Bound, _ = r.bound()
	if r.list != nil && !r.list.dated {
		c.Since = r.since(r.began)
	}
	if r.Assembly != nil && r.Store != nil {
		c.Store = r.Store
	}
	if r.o.parse {
		c.ParseOnly = &worker.ParseOptions{Model: r.config.Defaults.ParseModel}
	}
	return worker.NewSurvey(ctx, c)
}

// forecast looks at documents, some at a time, and adds up what they would cost.
func (r *runner) forecast(ctx context.Context, some []candidate, looked *atomic.Int64) (sum worker.Forecast, err error) {
	s, err := r.surveyor(ctx)
	if err != nil {
		return sum, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var all sync.WaitGroup
	next := make(chan candidate)
	for range lookers {
		all.Go(func() {
			for c := range next {
				var x worker.Prospect
				err := r.a.guarded(func() (err error) { x, err = look(ctx, s, c); return err })
				if err != nil {
					cancel(err)
					continue
				}
				looked.Add(1)
				mu.Lock()
				sum.Add(x)
				mu.Unlock()
			}
		})
	}
	for _, c := range some {
		select {
		case next <- c:
		case <-ctx.Done():
		}
	}
	close(next)
	all.Wait()
	return sum, context.Cause(ctx)
}

func look(ctx context.Context, s *worker.Survey, c candidate) (worker.Prospect, error) {
	if c.local.file == "" {
		return s.Object(ctx, c.key)
	}
	f, err := os.Open(c.local.file)
	if err != nil {
		return worker.Prospect{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return worker.Prospect{}, err
	}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return worker.Prospect{}, err
	}
	return s.File(ctx, c.key, head[:n], info.Size(), f)
}
