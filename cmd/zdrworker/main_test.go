package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"zdrworker": main})
}

// TestScripts runs every script in every folder under testdata/script.
func TestScripts(t *testing.T) {
	folders := map[string]bool{}
	err := filepath.WalkDir(filepath.Join("testdata", "script"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".txtar" {
			folders[filepath.Dir(path)] = true
		}
		return err
	})
	if err != nil || len(folders) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:                 folder,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
				Setup: func(env *testscript.Env) error {
					// The race detector sleeps a second at the end of a process
					// (https://go.dev/doc/articles/race_detector#Options).
					env.Setenv("GORACE", "atexit_sleep_ms=0")
					env.Setenv("AWS_EC2_METADATA_DISABLED", "true") // no credentials means none, at once
					return nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"exits": exitsWith, "sandbox": startSandbox, "export": exportFrom, "appears": waitFor, "binary": makeBinary, "pdf": makePDF(t), "private": isPrivate, "unparse": unparse, "nowhere": isNowhere,
				},
				Condition: func(name string) (bool, error) {
					if name != "sandbox" {
						return false, fmt.Errorf("unknown condition %s", name)
					}
					return hasSandbox, nil
				},
			})
		})
	}
}

// isPrivate is the script command `private FILE`: only its owner may read it.
func isPrivate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: private FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		ts.Fatalf("its mode is %v", info.Mode())
	}
}

// exitsWith is the script command `exits CODE PROGRAM ARGS…`.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// waitFor is the script command `appears FILE`.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: appears FILE")
	}
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s did not appear", args[0])
}

// documentPassword opens the encrypted PDFs of scripts: text that stands nowhere else.
const documentPassword = "open-sesame-4711"

// makePDF gives the script command `pdf FILE [encrypted|broken|empty|LINE…]`.
func makePDF(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 2 {
			ts.Fatalf("usage: pdf FILE LINE…")
		}
		var body []byte
		switch args[1] {
		case "encrypted":
			body = pdftest.Encrypted(documentPassword, pdftest.Page{Lines: []string{"Invoice number: 1"}})
		case "broken":
			body = pdftest.Broken(t)
		case "empty":
			body = pdftest.Empty(t)
		default:
			body = pdftest.Text(t, args[1:]...)
		}
		ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o700))
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), body, 0o600))
	}
}

// makeBinary is the script command `binary FILE`: a file that is no text.
func makeBinary(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: binary FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("%PDF-1.7\x00\x01\xff\xfe"), 0o600))
}
