package integration_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/zdrworker/zdrworker"

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Export     string // file with the types that it exports
	Standard   bool
}

// path is the import path below the module, "" for a package of others.
func (p listed) path() string {
	if p.ImportPath == module {
		return "."
	}
	below, ok := strings.CutPrefix(p.ImportPath, module+"/")
	if !ok {
		return ""
	}
	return below
}

// room is the top-level folder of a package of ours.
func (p listed) room() string {
	room, _, _ := strings.Cut(p.path(), "/")
	return room
}

// list asks the go command, by import path.
func list(t *testing.T, args ...string) map[string]listed {
	t.Helper()
	args = append([]string{"list", "-json=ImportPath,Dir,GoFiles,Imports,Export,Standard"}, args...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	found := map[string]listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found[p.ImportPath] = p
	}
}

// root is the module's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal("this test is not where it thinks it is")
	}
	return dir
}

// ours gives the packages of the module, and of them those that a program is
// made of: all but helpers for tests.
func ours(all map[string]listed) (every, production []listed) {
	for _, p := range all {
		if p.path() == "" {
			continue
		}
		every = append(every, p)
		if !forTests(p.path()) {
			production = append(production, p)
		}
	}
	return every, production
}

// forTests names the packages that only tests may import. The stand-in for the
// provider is none: the sandbox is made of it.
func forTests(path string) bool {
	switch path {
	case "zdr/zdrtest", "presign/presigntest", "worker/storetest":
		return true
	}
	return path == "integration" || strings.HasPrefix(path, "integration/")
}

// checker reads packages with their types.
type checker struct {
	files *token.FileSet
	types types.Importer
	root  string
}

func newChecker(t *testing.T, all map[string]listed) checker {
	files := token.NewFileSet()
	exports := importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(all[path].Export)
	})
	return checker{files, exports, root(t)}
}

// use is a place where something is named that was declared elsewhere.
type use struct {
	file string // below the module's folder
	line int
	what types.Object
}

// uses lists all of them in a package.
func (c checker) uses(t *testing.T, p listed) []use {
	t.Helper()
	var parsed []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(c.files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	return c.usesIn(t, p.ImportPath, parsed)
}

func (c checker) usesIn(t *testing.T, path string, parsed []*ast.File) (found []use) {
	t.Helper()
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	if _, err := (&types.Config{Importer: c.types}).Check(path, c.files, parsed, info); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for id, object := range info.Uses {
		at := c.files.Position(id.Pos())
		file, err := filepath.Rel(c.root, at.Filename)
		if err != nil {
			file = at.Filename
		}
		found = append(found, use{filepath.ToSlash(file), at.Line, object})
	}
	return found
}
