package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// sources parses every Go file under dir that is no test.
func sources(t *testing.T, dir string) []*ast.File {
	t.Helper()
	var files []*ast.File
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		files = append(files, f)
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files under %s: %v", len(files), dir, err)
	}
	return files
}

// TestEveryConstantIsAClass: what has the type code is in the list.
func TestEveryConstantIsAClass(t *testing.T) {
	found := 0
	for _, f := range sources(t, ".") {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "code" {
				return true
			}
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil || classOf(code(text)).code != code(text) {
				t.Errorf("%s is not in the list", spec.Names[0].Name)
			}
			found++
			return true
		})
	}
	if found != len(classes) {
		t.Errorf("%d constants, %d classes", found, len(classes))
	}
}

// TestEveryErrorOfThePackagesHasAClass: every text that a Code method of an
// error returns is in the list.
func TestEveryErrorOfThePackagesHasAClass(t *testing.T) {
	found := 0
	for _, dir := range []string{"../../worker", "../../presign", "../../zdr"} {
		for _, f := range sources(t, dir) {
			ast.Inspect(f, func(n ast.Node) bool {
				method, ok := n.(*ast.FuncDecl)
				if !ok || method.Recv == nil || method.Name.Name != "Code" {
					return true
				}
				ast.Inspect(method.Body, func(n ast.Node) bool {
					lit, ok := n.(*ast.BasicLit)
					if !ok || lit.Kind != token.STRING || lit.Value == `""` {
						return true
					}
					text, _ := strconv.Unquote(lit.Value)
					if classOf(code(text)).code != code(text) {
						t.Errorf("%q of %s is not in the list", text, f.Name)
					}
					found++
					return true
				})
				return false
			})
		}
	}
	if found < 8 {
		t.Errorf("only %d codes found: the search is broken", found)
	}
}

func TestEveryClassHasATextAndAKnownExit(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z_]*$`)
	known := map[int]bool{}
	for _, e := range exits {
		known[e.exit] = true
	}
	page := errorsPage()
	for _, c := range classes {
		if !name.MatchString(string(c.code)) || c.meaning == "" || c.hint == "" || !known[c.exit] {
			t.Errorf("%+v", c)
		}
		if !strings.Contains(page, "\n"+string(c.code)+" (exit ") {
			t.Errorf("help errors does not list %s", c.code)
		}
	}
}

// TestPathsStayOut: the system's errors quote paths; ours do not.
func TestPathsStayOut(t *testing.T) {
	const name = "patient-0001.md"
	for _, err := range []error{
		&fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist},
		errors.Join(&fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}),
		&fs.PathError{Op: "write", Path: name, Err: syscall.ENOSPC},
		&os.LinkError{Op: "rename", Old: name, New: name, Err: syscall.ENAMETOOLONG},
	} {
		f := explain(err)
		if f.code != codeFile || strings.Contains(f.text+f.hint, name) || strings.Contains(f.text, "Errno") {
			t.Errorf("%s: %s (%s)", f.code, f.text, f.hint)
		}
	}
}
