//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// TestAPersonIsAsked: a run over the threshold asks on a terminal, and does
// nothing before somebody says yes.
func TestAPersonIsAsked(t *testing.T) {
	t.Parallel()
	if !hasSandbox {
		t.Skip("a build without the sandbox")
	}
	vars, stop, err := sandboxProcess(append(os.Environ(), "GORACE=atexit_sleep_ms=0"), "--delay", "20ms")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	environ := append(os.Environ(), "ZDRWORKER_BUDGET_CONFIRM_OVER=0.1", "TERM=xterm", "GORACE=atexit_sleep_ms=0")
	for _, v := range vars {
		environ = append(environ, v[0]+"="+v[1])
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in", "a.md"), "Invoice number: 17\n")
	write(t, filepath.Join(dir, "in", "b.md"), "Invoice number: 18\n")
	write(t, filepath.Join(dir, "s.json"), `{"type":"object","properties":{"invoice_number":{"type":"string"}}}`)
	for _, tt := range []struct {
		name, keys string
		exit       int
		says       string
		jobs       int
	}{
		{"no", "n\n", exitUsage, "not confirmed; nothing was done", 0},
		{"nothing", "\n", exitUsage, "not confirmed; nothing was done", 0},
		{"the end of the input", "\x04", exitUsage, "not confirmed; nothing was done", 0},
		{"something else", "yesterday\n", exitUsage, "not confirmed; nothing was done", 0},
		{"Ctrl-C", "\x03", exitInterrupt, "stopped by interrupt", 0},
		{"yes", "y\n", exitOK, "2 sealed", 2},
		{"done before", "", exitOK, "2 unchanged", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			exit, said := onTerminal(t, dir, environ, tt.keys, "run", "in", "--schema", "s.json")
			if exit != tt.exit || !strings.Contains(said, tt.says) {
				t.Errorf("exit %d, want %d with %q:\n%s", exit, tt.exit, tt.says, said)
			}
			asked := strings.Contains(said, "2 extract jobs, about 0.2 credits ($0.00 at $0.01), which is over budget.confirm_over (0.1)")
			if asked != (tt.keys != "") {
				t.Errorf("asked: %t:\n%s", asked, said)
			}
			if jobs, uploads := left(t, dir, environ); jobs != tt.jobs || uploads != tt.jobs {
				t.Errorf("%d jobs and %d uploads, want %d of each", jobs, uploads, tt.jobs)
			}
		})
	}
}

// onTerminal runs the program on a terminal of its own and answers its question.
func onTerminal(t *testing.T, dir string, environ []string, keys string, args ...string) (exit int, said string) {
	t.Helper()
	cmd := exec.Command("zdrworker", args...)
	cmd.Dir, cmd.Env = dir, environ
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	// Ctrl-C throws away what the terminal has not given out yet, and that can be
	// what the program says of it.
	keep := exec.Command("stty", "noflsh")
	keep.Stdin = tty
	if out, err := keep.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	hung := time.AfterFunc(4*time.Minute, func() { _ = cmd.Process.Kill() })
	defer hung.Stop()
	var text strings.Builder
	part := make([]byte, 4096)
	for {
		n, err := tty.Read(part)
		text.Write(part[:n])
		if keys != "" && strings.HasSuffix(text.String(), "go on? [y/N] ") {
			if _, err := io.WriteString(tty, keys); err != nil {
				t.Fatal(err)
			}
			keys = ""
		}
		if err != nil {
			break // the terminal's other end is closed: EIO on Linux
		}
	}
	err = cmd.Wait()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return ended.ExitCode(), text.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, text.String()
}

// left counts what a run has left in the bucket.
func left(t *testing.T, dir string, environ []string) (jobs, uploads int) {
	t.Helper()
	cmd := exec.Command("zdrworker", "jobs", "list", "--all", "--json")
	cmd.Dir, cmd.Env = dir, environ
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range bucketOf(t, environ).List(t.Context(), bucket.Page{Prefix: "uploads/"}) {
		if err != nil {
			t.Fatal(err)
		}
		uploads++
	}
	return strings.Count(string(out), "\n"), uploads
}
