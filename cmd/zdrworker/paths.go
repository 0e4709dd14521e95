package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxPath is more than any path that a system takes, in bytes.
const maxPath = 64 << 10

// pathsFrom adds the lines of a file to the paths of the command line; "-" is
// standard input.
func (a *app) pathsFrom(file string, paths []string) ([]string, error) {
	if file == "" {
		if len(paths) == 0 {
			return nil, &failure{code: codeUsage, text: "run needs PATH…", hint: "name files, folders or s3://bucket/prefix, or give --files-from"}
		}
		return paths, nil
	}
	in := a.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return readPaths(in, paths)
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
		if below(key, prefix) {
			return true
		}
	}
	return r.isLocal[key]
}

// below says whether a prefix of the command line means an object: "inbox/2026"
// is a folder or an object, not "inbox/2026-old/".
func below(key, prefix string) bool {
	rest, ok := strings.CutPrefix(key, prefix)
	return ok && (rest == "" || prefix == "" || strings.HasSuffix(prefix, "/") || strings.HasPrefix(rest, "/"))
}
