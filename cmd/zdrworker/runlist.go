package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/keylist"
	"github.com/zdrworker/zdrworker/worker/s3store"
)

// stdinName is what --files-from calls standard input.
const stdinName = "-"

// byteOrderMark is what editors of Windows put before UTF-8: no part of a path.
const byteOrderMark = "\xef\xbb\xbf"

// objectList is a list of objects of the store bucket, given by --files-from.
type objectList struct {
	body  io.Reader
	close func() error
	dated bool // it says when each object was written
	open  keylist.Open
	again *kept // what was read of standard input, which cannot be read twice; nil: nothing is kept
}

// listFrom opens what --files-from names. A list in a bucket is one of objects,
// and so is one that begins as such a list does; else its lines are paths, local
// ones or prefixes, and nil is given with the file from its start.
func (r *runner) listFrom(ctx context.Context, from string, stdin io.Reader) (*objectList, io.Reader, func() error, error) {
	body, closer, err := r.openList(ctx, from, stdin)
	if err != nil {
		return nil, nil, nil, err
	}
	in := bufio.NewReaderSize(body, maxPath)
	if mark, _ := in.Peek(3); begins(mark, byteOrderMark) {
		_, _ = in.Discard(len(mark))
	}
	first, _ := in.Peek(5)
	if strings.HasPrefix(from, "s3://") || begins(first, "{", `"`, "\x1f\x8b") {
		return &objectList{body: in, close: closer, dated: begins(first, "{"), open: r.openObject}, nil, closer, nil
	}
	if !begins(first, "s3://") {
		return nil, in, closer, nil
	}
	line, _ := in.ReadSlice('\n') // a longer one is nobody's, and is refused where it is read
	whole := io.MultiReader(strings.NewReader(string(line)), in)
	if strings.HasSuffix(strings.TrimRight(string(line), "\r\n"), "/") {
		return nil, whole, closer, nil
	}
	return &objectList{body: whole, close: closer, open: r.openObject}, nil, closer, nil
}

func begins(text []byte, with ...string) bool {
	return slices.ContainsFunc(with, func(w string) bool { return strings.HasPrefix(string(text), w) })
}

func (r *runner) openList(ctx context.Context, from string, stdin io.Reader) (io.Reader, func() error, error) {
	if from == stdinName {
		return stdin, func() error { return nil }, nil
	}
	if location, ok := strings.CutPrefix(from, "s3://"); ok {
		name, key, _ := strings.Cut(location, "/")
		body, err := r.openObject(ctx, name, key)
		if err != nil {
			return nil, nil, err
		}
		return body, body.Close, nil
	}
	f, err := os.Open(from)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// openObject reads an object of any bucket that the credentials may read.
func (r *runner) openObject(ctx context.Context, name, key string) (io.ReadCloser, error) {
	cfg, err := r.config.AWS(ctx)
	if err != nil {
		return nil, err
	}
	store, err := s3store.OpenWith(ctx, cfg, "s3://"+name, r.config.StoreOptions())
	if err != nil {
		return nil, err
	}
	obj, err := store.Get(ctx, key, bucket.GetOptions{})
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, &failure{code: codeFile, text: "the list of --files-from, or a file that it names, is not in its bucket"}
	}
	if err != nil {
		return nil, err
	}
	return obj.Body, nil
}

// keys yields the keys of the list, each once.
func (r *runner) keys(ctx context.Context) iter.Seq2[string, error] {
	return distinct(r.listed(ctx), maxDistinct)
}

// listed yields the keys as the list has them. Every object must lie in the
// store bucket.
func (r *runner) listed(ctx context.Context) iter.Seq2[string, error] {
	name := strings.TrimPrefix(strings.TrimSuffix(r.config.Store, "/"), "s3://")
	return func(yield func(string, error) bool) {
		for e, err := range keylist.Read(ctx, r.list.body, r.list.open) {
			switch {
			case err != nil:
				err = listFailure(err)
			case e.Bucket != "" && e.Bucket != name:
				err = &failure{code: codeUsage, text: "the list names objects of another bucket than the store", hint: "set --store to the bucket of the documents"}
			case r.list.dated && e.Modified.Before(r.since(r.began)):
				continue
			}
			if !yield(e.Key, err) || err != nil {
				return
			}
		}
	}
}

// listFailure gives a list that cannot be read the code of a file.
func listFailure(err error) error {
	for _, is := range []error{keylist.ErrLine, keylist.ErrCSV, keylist.ErrManifest} {
		if errors.Is(err, is) {
			return &failure{code: codeFile, text: is.Error(), hint: "a key or s3:// URI a line is wanted, or what S3 Inventory writes; where the first line is a prefix with / at its end, all are paths"}
		}
	}
	return err
}

// age is --since: a time, or how long ago.
type age struct {
	at     time.Time
	window time.Duration
}

// parseAge reads "2026-11-23", "2026-11-23T17:00:00Z", "36h" or "7d".
func parseAge(s string) (a age, err error) {
	if s == "" {
		return a, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if a.at, err = time.Parse(layout, s); err == nil {
			return a, nil
		}
	}
	text := s
	days, isDays := strings.CutSuffix(s, "d")
	if isDays {
		text = days + "h"
	}
	if a.window, err = time.ParseDuration(text); err != nil || a.window <= 0 {
		return age{}, usage("--since: a time like 2026-11-23 or 2026-11-23T17:00:00Z is wanted, or how long ago, like 36h or 7d")
	}
	if isDays {
		a.window *= 24
	}
	return a, nil
}

// since is the time before which nothing is taken.
func (r *runner) since(now time.Time) time.Time {
	if r.age.window > 0 {
		return now.Add(-r.age.window)
	}
	return r.age.at
}
