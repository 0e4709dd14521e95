//go:build !nosandbox

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/sandbox"
)

// bench is a sandbox in the test's own process and the program as another, so
// that the provider's account can be read.
type bench struct {
	t        *testing.T
	box      *sandbox.Sandbox
	dir, tmp string
	environ  []string
	said     bytes.Buffer // all that the program ever wrote
}

func newBench(t *testing.T, more ...string) *bench {
	t.Helper()
	t.Parallel()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Delay: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{t: t, box: box, dir: t.TempDir(), tmp: t.TempDir()}
	b.environ = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "TMPDIR="+b.tmp, "TMP="+b.tmp, "TEMP="+b.tmp)
	for name, value := range box.Env() {
		b.environ = append(b.environ, name+"="+value)
	}
	b.environ = append(b.environ, more...)
	write(t, filepath.Join(b.dir, "s.json"), `{"type":"object","properties":{"invoice_number":{"type":"string"}}}`)
	write(t, filepath.Join(b.dir, "in", "a.md"), "Invoice number: 17\n")
	return b
}

// command is the program with arguments, not yet started.
func (b *bench) command(args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	program, err := exec.LookPath("zdrworker")
	if err != nil {
		b.t.Fatal(err)
	}
	// What hangs is killed, and its exit code is then none of ours.
	ctx, cancel := context.WithTimeout(b.t.Context(), 4*time.Minute)
	b.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = b.dir, slices.Clone(b.environ)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	return cmd, &out, &errs
}

// run runs the program and holds it to an exit code.
func (b *bench) run(exit int, args ...string) (stdout, stderr string) {
	b.t.Helper()
	cmd, out, errs := b.command(args...)
	b.ended(cmd.Run(), exit, args, out, errs)
	return out.String(), errs.String()
}

// ended holds a process that has ended to its exit code.
func (b *bench) ended(err error, exit int, args []string, out, errs *bytes.Buffer) {
	b.t.Helper()
	b.said.Write(out.Bytes())
	b.said.Write(errs.Bytes())
	got := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		got = e.ExitCode()
	} else if err != nil {
		b.t.Fatal(err)
	}
	if got != exit {
		b.t.Fatalf("%s: exit %d, want %d\n%s%s", args[0], got, exit, out, errs)
	}
}

// billed is how many jobs the stand-in has billed.
func (b *bench) billed() int { return b.box.Provider().Billed().Jobs }

// hold keeps the next job at the stand-in until it is let go: it cannot be done
// before the program has been told to leave.
func (b *bench) hold() (letGo func()) {
	letGo = b.box.Provider().HoldNext(1)
	b.t.Cleanup(letGo)
	return letGo
}

// accepted waits until the stand-in has a job.
func (b *bench) accepted() adetest.Job {
	b.t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if jobs := b.box.Provider().Account().Jobs; len(jobs) > 0 {
			return jobs[0]
		}
	}
	b.t.Fatal("no job arrived at the stand-in")
	return adetest.Job{}
}
