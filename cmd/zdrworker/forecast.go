package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"sync"

	"github.com/zdrworker/zdrworker/worker"
)

// surveyed is how many documents are looked at: what is said of more is
// extrapolated from as many, drawn at random.
const surveyed = 1000

// lookers is how many documents are looked at at the same time.
const lookers = 16

// candidate is a document as it was found: a local file, or an object.
type candidate struct {
	local document // file is "" for an object
	key   string
}

// candidates draws what the arguments name, local files first.
func (r *runner) candidates(ctx context.Context) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		for _, d := range r.local {
			if !yield(candidate{local: d, key: d.key}, nil) {
				return
			}
		}
		if len(r.prefixes) == 0 && r.list == nil {
			return
		}
		r.drawAll(ctx, func(d worker.Document, err error) bool {
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

// sample draws as many as are looked at, each as likely as any other, and counts
// all of them.
func sample(all iter.Seq2[candidate, error], limit int) (some []candidate, n int, err error) {
	for c, err := range all {
		if err != nil {
			return nil, n, err
		}
		if n++; len(some) < surveyed {
			some = append(some, c)
		} else if i := rand.IntN(n); i < surveyed {
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
	if r.Assembly != nil && r.Store != nil {
		c.Store = r.Store
	}
	if r.o.parse {
		c.ParseOnly = &worker.ParseOptions{Model: r.config.Defaults.ParseModel}
	}
	return worker.NewSurvey(ctx, c)
}

// forecast looks at documents, some at a time, and adds up what they would cost.
func (r *runner) forecast(ctx context.Context, some []candidate) (sum worker.Forecast, err error) {
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
				x, err := look(ctx, s, c)
				if err != nil {
					cancel(err)
					continue
				}
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
