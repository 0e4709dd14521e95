package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// document is a local file that a person asked to have extracted.
type document struct {
	file string
	key  string // its key in the store bucket
	out  string // its path below --output, with forward slashes, without ".json"
}

// headBytes is how much of a file is looked at before it is uploaded.
const headBytes = 4096

// find lists what the arguments name: files, folders (all below them), objects
// and prefixes of the store bucket.
func (r *runner) find(ctx context.Context, paths []string) error {
	for i, p := range paths {
		find := r.findFiles
		if strings.HasPrefix(p, "s3://") {
			find = r.findObjects
		}
		if err := find(p); err != nil {
			return unusable(err, i+1)
		}
	}
	if err := r.tellApart(); err != nil {
		return err
	}
	if len(r.local) == 0 && len(r.prefixes) == 0 && len(r.skips) == 0 && r.list == nil {
		return &failure{code: codeUsage, text: "no document was found", hint: "name files, folders or s3://bucket/prefix; Markdown, PDFs, images and office documents are taken"}
	}
	return ctx.Err()
}

// findObjects notes a prefix of the store bucket.
func (r *runner) findObjects(location string) error {
	name, prefix, _ := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	if "s3://"+name != strings.TrimSuffix(r.config.Store, "/") {
		return &failure{code: codeUsage, text: "documents lie in the store bucket, and this is another one", hint: "set --store to the bucket of the documents"}
	}
	r.prefixes = append(r.prefixes, prefix)
	return nil
}

// findFiles notes a file, or all files below a folder, in order.
func (r *runner) findFiles(root string) error {
	info, err := os.Stat(root)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return r.addEntry(root, filepath.Base(root), fs.FileInfoToDirEntry(info))
	}
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		below, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		return r.addEntry(p, filepath.ToSlash(below), d)
	})
}

// addEntry leaves out a file that is older than --since.
func (r *runner) addEntry(file, out string, d fs.DirEntry) error {
	since := r.since(r.began)
	if since.IsZero() {
		return r.addFile(file, out, d.Type())
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.ModTime().Before(since) {
		r.skips["older than --since"]++
		return nil
	}
	return r.addFile(file, out, d.Type())
}

// addFile notes a file that a route takes, or that it is skipped.
func (r *runner) addFile(file, out string, mode fs.FileMode) error {
	suffix := strings.ToLower(filepath.Ext(file))
	if !mode.IsRegular() && mode.Type() != 0 {
		r.skips["not a regular file"]++
		return nil
	}
	if r.o.parse && suffix == worker.Markdown {
		r.skips["Markdown already"]++
		return nil
	}
	if !slices.Contains(worker.Suffixes(), suffix) {
		r.skips[suffixWord(suffix)+": no route"]++
		return nil
	}
	key, err := r.keyOf(file)
	if err != nil {
		return err
	}
	r.local = append(r.local, document{file: file, key: key, out: out})
	return nil
}

// suffixWord is what may be said of a file that is skipped: its suffix, where
// that is one.
func suffixWord(s string) string {
	if len(s) < 2 || len(s) > 6 || !plainWord.MatchString(strings.TrimPrefix(s, ".")) {
		return "another suffix"
	}
	return s
}

// keyOf is the source key of a local file: the path as given, cleaned, below
// the prefix. A path that leaves the folder is taken as a whole, so that two
// files never share a key.
func (r *runner) keyOf(file string) (string, error) {
	p := filepath.Clean(file)
	if !filepath.IsLocal(p) {
		abs, err := filepath.Abs(p)
		if err != nil {
			return "", err
		}
		p = volumeFolder(filepath.VolumeName(abs)) + strings.TrimPrefix(abs, filepath.VolumeName(abs))
	}
	return path.Join(r.prefix, filepath.ToSlash(p)), nil
}

// documents draws the documents one by one: local files are uploaded as they
// are drawn, where their bytes are new.
func (r *runner) documents(ctx context.Context) iter.Seq2[worker.Document, error] {
	return func(yield func(worker.Document, error) bool) {
		for _, d := range r.local {
			doc, ok, err := r.upload(ctx, d)
			if err != nil {
				yield(worker.Document{}, err)
				return
			}
			if ok && !yield(doc, nil) {
				return
			}
		}
		if r.shared() {
			return // the rest is a backfill
		}
		r.drawAll(ctx, r.young, yield)
	}
}

// upload makes a file an object. A file that is no document is refused before
// anything of it leaves the machine.
func (r *runner) upload(ctx context.Context, d document) (doc worker.Document, ok bool, err error) {
	f, err := os.Open(d.file)
	if err != nil {
		return doc, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return doc, false, err
	}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return doc, false, err
	}
	if err := r.Pipeline.Fit(ctx, d.key, head[:n], info.Size(), f); err != nil {
		r.refused(d, err)
		return doc, false, nil
	}
	doc, _, err = r.Pipeline.Upload(ctx, d.key, f)
	return doc, err == nil, err
}

// drawAll draws what lies in the bucket, for this process alone. young is asked
// about objects of a list that does not say how old they are; nil takes all.
func (r *runner) drawAll(ctx context.Context, young func(context.Context, string) (bool, error), yield func(worker.Document, error) bool) {
	for i, prefix := range r.prefixes {
		if !r.drawObjects(ctx, prefix, r.prefixes[:i], yield) {
			return
		}
	}
	if r.list == nil {
		return
	}
	for key, err := range r.keys(ctx) {
		if err != nil {
			yield(worker.Document{}, err)
			return
		}
		if !r.drawKey(ctx, key, young, yield) {
			return
		}
	}
}

// drawKey draws one object of a list.
func (r *runner) drawKey(ctx context.Context, key string, young func(context.Context, string) (bool, error), yield func(worker.Document, error) bool) bool {
	if _, _, takes := r.routes.Match(key); !takes {
		r.skipped(key)
		return true
	}
	if young != nil && !r.list.dated {
		is, err := young(ctx, key)
		if err != nil {
			return yield(worker.Document{}, err)
		}
		if !is {
			return true
		}
	}
	r.note(key, key)
	return yield(worker.Document{Key: key}, nil)
}

// young reports whether an object was written since --since. One that is gone
// is: what becomes of it is told.
func (r *runner) young(ctx context.Context, key string) (bool, error) {
	since := r.since(r.began)
	if since.IsZero() {
		return true, nil
	}
	info, err := r.Store.Head(ctx, key, "")
	if errors.Is(err, bucket.ErrNotFound) {
		return true, nil
	}
	return err == nil && !info.Modified.Before(since), err
}

// drawObjects draws the objects below a prefix that some route takes. It
// reports whether more are wanted.
func (r *runner) drawObjects(ctx context.Context, prefix string, earlier []string, yield func(worker.Document, error) bool) bool {
	base := prefix[:strings.LastIndex(prefix, "/")+1]
	for o, err := range r.Store.List(ctx, bucket.Page{Prefix: prefix}) {
		if err != nil {
			return yield(worker.Document{}, err)
		}
		if !worker.Under(o.Key, prefix) || r.covered(o.Key, earlier) || o.Modified.Before(r.since(r.began)) {
			continue
		}
		if !r.takes(o.Key) {
			r.skipped(o.Key)
			continue
		}
		r.note(o.Key, strings.TrimPrefix(o.Key, base))
		if !yield(worker.Document{Key: o.Key}, nil) {
			return false
		}
	}
	return true
}

// takes reports whether an object is a document: one of a route, or anything
// that can be parsed where nothing more is wanted.
func (r *runner) takes(key string) bool {
	if r.o.parse {
		suffix := strings.ToLower(path.Ext(key))
		return suffix != worker.Markdown && slices.Contains(worker.Suffixes(), suffix) && !worker.Ours(key)
	}
	_, _, takes := r.routes.Match(key)
	return takes
}

// sortedSkips says why files were left out, the most frequent reason first.
func sortedSkips(skips map[string]int) []string {
	out := make([]string, 0, len(skips))
	for why := range skips {
		out = append(out, why)
	}
	slices.SortFunc(out, func(a, b string) int {
		if skips[a] != skips[b] {
			return skips[b] - skips[a]
		}
		return strings.Compare(a, b)
	})
	return out
}

// sortedNames are the keys of a map, in order.
func sortedNames[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
