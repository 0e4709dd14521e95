package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// exported is one line of what a shell reads from zdrworker sandbox.
var exported = regexp.MustCompile(`(?m)^export ([A-Z0-9_]+)='([^']*)'$`)

// startSandbox is the script command `sandbox [FLAGS…]`: a zdrworker sandbox as
// a process of its own, until the script ends, with its variables set.
func startSandbox(ts *testscript.TestScript, neg bool, flags []string) {
	if neg {
		ts.Fatalf("usage: sandbox [FLAGS…]")
	}
	vars, stop, err := sandboxProcess(append(os.Environ(), "GORACE=atexit_sleep_ms=0"), flags...)
	ts.Check(err)
	ts.Defer(stop)
	for _, v := range vars {
		ts.Setenv(v[0], v[1])
	}
}

// sandboxProcess starts the program with the arguments sandbox and flags, and
// waits for what it says: its standard output ends when both servers answer.
func sandboxProcess(environ []string, flags ...string) (vars [][2]string, stop func(), err error) {
	program, err := exec.LookPath("zdrworker")
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(program, append([]string{"sandbox"}, flags...)...)
	cmd.Env = environ
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, nil, err
	}
	said, err := io.ReadAll(out)
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	for _, m := range exported.FindAllSubmatch(said, -1) {
		vars = append(vars, [2]string{string(m[1]), string(m[2])})
	}
	if err == nil && len(vars) == 0 {
		err = errors.New("the sandbox said nothing")
	}
	if err != nil {
		stop()
	}
	return vars, stop, err
}

// exportFrom is the script command `export FILE`: what a shell does with
// `. FILE`.
func exportFrom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: export FILE")
	}
	for _, m := range exported.FindAllStringSubmatch(ts.ReadFile(args[0]), -1) {
		ts.Setenv(m[1], m[2])
	}
}

// TestSandboxInAShell is what the manual says: the shell goes on once both
// servers answer, runs documents, and ends the sandbox.
func TestSandboxInAShell(t *testing.T) {
	t.Parallel()
	if !hasSandbox {
		t.Skip("a build without the sandbox")
	}
	shell, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no POSIX shell on this machine")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in", "a.md"), "Invoice number: 17\n")
	write(t, filepath.Join(dir, "s.json"), `{"type":"object","properties":{"invoice_number":{"type":"string"}}}`)
	cmd := exec.Command(shell, "-c", `eval "$(zdrworker sandbox --delay 50ms 2>sandbox.err & )"
zdrworker run in/*.md --schema s.json --output out || exit 11
kill $ZDRWORKER_SANDBOX_PID`)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v:\n%s", err, said.String())
	}
	result, err := os.ReadFile(filepath.Join(dir, "out", "a.md.json"))
	if err != nil || !bytes.Contains(result, []byte(`"17"`)) {
		t.Errorf("%v: %s", err, result)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
