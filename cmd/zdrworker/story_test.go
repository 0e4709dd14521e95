//go:build !nosandbox

package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// TestCtrlCIsSafe: the job goes on at the provider, the same command brings its
// result home, and it is billed once.
func TestCtrlCIsSafe(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt there")
	}
	b := newBench(t)
	letGo := b.hold()
	args := []string{"run", "in", "--schema", "s.json", "--output", "out", "--json"}
	cmd, out, errs := b.command(args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b.accepted()
	// As timeout(1) does, to the process and to its group. One that came later
	// than echo would be a second one.
	for began := time.Now(); time.Since(began) < echo/5; {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Microsecond) // two at the same instant are one
	}
	b.ended(cmd.Wait(), exitInterrupt, args, out, errs)
	for _, want := range []string{`"code":"interrupted"`, "cost nothing to wait for", "goes on where it stopped"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("standard error does not say %q:\n%s", want, errs)
		}
	}
	if !strings.Contains(out.String(), `"exit_code":130`) {
		t.Errorf("summary:\n%s", out)
	}
	letGo()
	b.run(exitOK, args...)
	if _, err := os.Stat(filepath.Join(b.dir, "out", "a.md.json")); err != nil || b.billed() != 1 {
		t.Errorf("%v, %d jobs billed", err, b.billed())
	}
}

// TestAViolationStopsTheFleet: exit 70, also for whoever comes next, until a
// person says that it may go on.
func TestAViolationStopsTheFleet(t *testing.T) {
	b := newBench(t)
	b.box.Provider().BreakNext(1, adetest.JobFault{Leak: true})
	_, errs := b.run(exitViolation, "run", "in", "--schema", "s.json")
	if !strings.Contains(errs, "zdrworker: violation: content or a foreign URL came back") {
		t.Errorf("standard error:\n%s", errs)
	}
	write(t, filepath.Join(b.dir, "more", "b.md"), "Invoice number: 18\n")
	_, errs = b.run(exitViolation, "run", "more", "--schema", "s.json")
	if !strings.Contains(errs, "zdrworker: violation: ") || !strings.Contains(errs, "breaker release") {
		t.Errorf("standard error:\n%s", errs)
	}
	b.run(exitUsage, "breaker", "release")
	b.run(exitOK, "breaker", "release", "--yes")
	b.run(exitOK, "run", "more", "--schema", "s.json")
}

// shortLived makes URLs end soon, so that what waits for their end can be seen,
// and not before a busy machine has used them.
var shortLived = []string{
	"ZDRWORKER_SIGNING_LIFETIME=12s", "ZDRWORKER_TIMING_JOB_TIME=1s", "ZDRWORKER_TIMING_DRAIN_MARGIN=1ms",
}

// TestAFailedJobIsTriedAgain: three unbilled tries, a reason that only
// --content shows, and a retry that needs no yes.
func TestAFailedJobIsTriedAgain(t *testing.T) {
	b := newBench(t)
	b.box.Provider().BreakNext(3, adetest.JobFault{End: adetest.EndFailed, Reason: "Quillfeather cannot be read"})
	b.environ = append(b.environ, "ZDRWORKER_SCHEMA=s.json")
	out, _ := b.run(exitFailed, "run", "in")
	if !strings.Contains(out, "provider_job_failed") || strings.Contains(out, "Quillfeather") {
		t.Errorf("standard output:\n%s", out)
	}
	out, _ = b.run(exitOK, "jobs", "show", "uploads/in/a.md", "--content", "--show-names")
	if !strings.Contains(out, "Quillfeather cannot be read") || !strings.Contains(out, "billed: no") {
		t.Errorf("jobs show --content:\n%s", out)
	}
	b.run(exitOK, "jobs", "retry", "uploads/in/a.md")
	b.run(exitOK, "run", "in")
	if b.billed() != 1 {
		t.Errorf("%d jobs billed", b.billed())
	}
}

// TestAHeldJobAsksBeforeItBillsAgain: the provider finished, billed and
// delivered nothing.
func TestAHeldJobAsksBeforeItBillsAgain(t *testing.T) {
	b := newBench(t, shortLived...)
	b.box.Provider().BreakNext(1, adetest.JobFault{Landing: adetest.Landing{Skip: true}})
	b.environ = append(b.environ, "ZDRWORKER_SCHEMA=s.json")
	out, _ := b.run(exitWaiting, "run", "in")
	if !strings.Contains(out, "1 held") {
		t.Errorf("standard output:\n%s", out)
	}
	out, _ = b.run(exitOK, "jobs", "explain", "uploads/in/a.md")
	if !strings.Contains(out, "waiting for    operator") || !strings.Contains(out, "billed before; another try is billed again") {
		t.Errorf("jobs explain:\n%s", out)
	}
	_, errs := b.run(exitUsage, "jobs", "retry", "uploads/in/a.md")
	if !strings.Contains(errs, "confirmation_needed") || !strings.Contains(errs, "billed again") {
		t.Errorf("standard error:\n%s", errs)
	}
	b.run(exitOK, "jobs", "retry", "uploads/in/a.md", "--yes")
	b.run(exitOK, "run", "in")
	if b.billed() != 2 {
		t.Errorf("%d jobs billed", b.billed())
	}
}
