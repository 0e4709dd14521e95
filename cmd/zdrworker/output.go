package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zdrworker/zdrworker/worker"
)

// startWriting lets outcomes be written as they come.
func (r *runner) startWriting(ctx context.Context) {
	r.writer.Go(func() { r.write(context.WithoutCancel(ctx)) })
}

// written waits until all that came is written. It may be called again.
func (r *runner) written() error {
	r.once.Do(func() { close(r.done) })
	r.writer.Wait()
	return r.writing
}

// write takes outcomes until there are no more: results go to --output, and
// each is told.
func (r *runner) write(ctx context.Context) {
	for o := range r.done {
		err := r.a.guarded(func() error { return r.settled(ctx, o) })
		r.writing = errors.Join(r.writing, err)
		if o.Kind == worker.OutcomeFailed || o.Kind == worker.OutcomeRefused || o.Kind == worker.OutcomeHeld {
			r.mu.Lock()
			r.failures = append(r.failures, o)
			r.mu.Unlock()
		}
	}
}

// settled writes and tells one outcome.
func (r *runner) settled(ctx context.Context, o worker.Outcome) error {
	r.refs.add(o.Job.Ref)
	at, err := r.save(ctx, o)
	if err != nil {
		return err
	}
	return r.tell(o, at)
}

// save writes a sealed result below --output and gives its path; "" where there
// is nothing to write.
func (r *runner) save(ctx context.Context, o worker.Outcome) (string, error) {
	r.mu.Lock()
	out := r.outs[o.Document.Reveal()]
	delete(r.outs, o.Document.Reveal())
	r.mu.Unlock()
	if r.o.output == "" || !o.Job.Sealed() || o.Job.Result.IsZero() && !r.o.parse {
		return "", nil
	}
	open, ending := r.Pipeline.OpenResult, ".json"
	if r.o.parse {
		open, ending = r.Pipeline.OpenMarkdown, worker.Markdown
	}
	local := filepath.FromSlash(out + ending)
	if !filepath.IsLocal(local) {
		return "", &failure{code: codeFile, text: "a document's key is no path below the output folder", hint: "fetch its result from the bucket"}
	}
	body, err := open(ctx, o.Job)
	if f, ok := errors.AsType[*worker.Fault](err); ok && f.Code == worker.CodeSourceChanged {
		return "", nil // another version's stands at its key
	}
	if err != nil {
		return "", err
	}
	defer body.Close()
	target := filepath.Join(r.o.output, local)
	return target, writeWhole(target, body)
}

// checkOutput tries the output folder, or the one that it will be made in, with
// a file that goes again: that nothing can be written there is known before
// anything is paid.
func (r *runner) checkOutput() error {
	if r.o.output == "" || r.o.dryRun {
		return nil
	}
	f, err := os.CreateTemp(standing(r.o.output), ".zdrworker-*")
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return &failure{code: codeFile, text: "--output: nothing can be written there: " + safe(err), hint: "name another folder; nothing was submitted", cause: err}
	}
	return nil
}

// standing is a path, or the nearest folder above it that is there.
func standing(p string) string {
	p = filepath.Clean(p)
	for {
		if _, err := os.Lstat(p); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(p) == p {
			return p
		}
		p = filepath.Dir(p)
	}
}

// writeWhole writes a file that is there whole or not at all, for its owner
// alone: it has the fields of a document in it. One that says the same already
// is left as it is, so that what watches the folder sees only what is new.
func writeWhole(target string, body io.Reader) (err error) {
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".zdrworker-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = io.Copy(f, body)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if same(f.Name(), target) {
		return os.Remove(f.Name())
	}
	return os.Rename(f.Name(), target)
}

// same says whether two files can be read and have the same bytes.
func same(one, other string) bool {
	a, err := os.Open(one)
	if err != nil {
		return false
	}
	defer a.Close()
	b, err := os.Open(other)
	if err != nil {
		return false
	}
	defer b.Close()
	left, right := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, endA := io.ReadFull(a, left)
		m, endB := io.ReadFull(b, right)
		if n != m || !bytes.Equal(left[:n], right[:m]) {
			return false
		}
		if endA != nil || endB != nil {
			return ended(endA) && ended(endB)
		}
	}
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
