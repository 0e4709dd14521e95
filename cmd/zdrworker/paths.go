package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
)

// maxPath is more than any path that a system takes, in bytes.
const maxPath = 64 << 10

// pathsFrom adds the lines of --files-from to the paths of the command line,
// unless that is a list of objects, which is read later as a stream.
func (r *runner) pathsFrom(ctx context.Context, paths []string) (_ []string, err error) {
	if r.o.from == "" {
		return paths, nil
	}
	list, lines, closer, err := r.listFrom(ctx, r.o.from, r.a.stdin)
	if err != nil {
		return nil, err
	}
	r.closeList = closer
	if r.list = list; list == nil {
		return readPaths(lines, paths)
	}
	if len(paths) > 0 {
		return nil, usage("a list of objects goes alone: give other paths to a run of their own")
	}
	return nil, nil
}

func readPaths(in io.Reader, paths []string) ([]string, error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxPath)
	for lines.Scan() {
		if p := strings.TrimSuffix(lines.Text(), "\r"); p != "" {
			paths = append(paths, p)
		}
	}
	if lines.Err() != nil {
		return nil, &failure{code: codeFile, text: "the list of --files-from cannot be read", hint: "one path a line is wanted"}
	}
	return paths, nil
}

// unusable says which of the paths cannot be read: by its number, because a
// path can be a document's name.
func unusable(err error, number int) error {
	if _, ok := errors.AsType[*fs.PathError](err); !ok {
		return err
	}
	return &failure{code: codeFile, text: fmt.Sprintf("path %d: %s", number, safe(err)), cause: err}
}

// tellApart takes files that were named twice once, refuses two files that
// would be one object, and sees to it that no two results go to one file.
func (r *runner) tellApart() error {
	files, outs := map[string]string{}, map[string]int{}
	var all []document
	for _, d := range r.local {
		whole, err := filepath.Abs(d.file)
		if err != nil {
			return err
		}
		before, again := files[d.key]
		if again && before != whole {
			return &failure{code: codeUsage, text: "two files would have one key in the bucket", hint: "run them one after the other, one with --prefix"}
		}
		if !again {
			all = append(all, d)
			outs[strings.ToLower(d.out)]++ // many file systems do not tell case apart
		}
		files[d.key] = whole
	}
	for _, d := range all {
		if outs[strings.ToLower(d.out)] > 1 {
			d.out = strings.TrimPrefix(d.key, path.Clean(r.prefix)+"/")
		}
		r.outs[d.key], r.isLocal[d.key] = d.out, true
	}
	r.local = all
	return nil
}

// volumeFolder is what stands in a key for a volume of Windows: "C:" is C, and
// \\server\share is server/share.
func volumeFolder(volume string) string {
	return strings.Trim(strings.ReplaceAll(volume, ":", ""), `\/`)
}

// covered says whether an object was drawn before: as a local file, or below an
// earlier prefix.
func (r *runner) covered(key string, earlier []string) bool {
	for _, prefix := range earlier {
		if worker.Under(key, prefix) {
			return true
		}
	}
	return r.isLocal[key]
}
