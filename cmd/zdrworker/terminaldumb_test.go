//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A terminal that knows no control sequences gets none.
func TestADumbTerminalGetsLines(t *testing.T) {
	if !hasSandbox {
		t.Skip("a build without the sandbox")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.md"), "Invoice number: 17\n")
	write(t, filepath.Join(dir, "s.json"), `{"type":"object","properties":{"invoice_number":{"type":"string"}}}`)
	for kind, want := range map[string]bool{"xterm": true, "dumb": false} {
		environ := append(os.Environ(), "TERM="+kind, "GORACE=atexit_sleep_ms=0")
		exit, said := onTerminal(t, dir, environ, "", "run", "a.md", "--schema", "s.json", "--sandbox")
		if exit != exitOK || !strings.Contains(said, "1 sealed") || strings.Contains(said, "\x1b[") != want {
			t.Errorf("%s: exit %d, sequences wanted: %t:\n%q", kind, exit, want, said)
		}
	}
}

// Who waits sees how it goes on, as who runs does.
func TestWaitShowsHowItGoesOn(t *testing.T) {
	if !hasSandbox {
		t.Skip("a build without the sandbox")
	}
	environ := append(os.Environ(), "TERM=xterm", "GORACE=atexit_sleep_ms=0")
	vars, stop, err := sandboxProcess(environ, "--delay", "20ms")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for _, v := range vars {
		environ = append(environ, v[0]+"="+v[1])
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.md"), "Invoice number: 17\n")
	write(t, filepath.Join(dir, "b.md"), "Invoice number: 18\n")
	write(t, filepath.Join(dir, "s.json"), `{"type":"object","properties":{"invoice_number":{"type":"string"}}}`)
	onTerminal(t, dir, environ, "", "run", "a.md", "b.md", "--schema", "s.json", "--no-wait")
	exit, said := onTerminal(t, dir, environ, "", "wait", "--schema", "s.json")
	if exit != exitOK || !strings.Contains(said, "  sealed 2/2  ") || !strings.Contains(said, "\r\n2 sealed ") {
		t.Errorf("exit %d:\n%q", exit, said)
	}
}
