//go:build !nosandbox

package main

import (
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/sandbox"
)

// TestAPodIsEvicted: a pod that is told to go says so by its exit code, and the
// one that takes its place brings home what it began, billed once.
func TestAPodIsEvicted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal there")
	}
	b := newBench(t)
	b.run(exitOK, "run", "in", "--schema", "s.json", "--no-wait")
	b.environ = append(b.environ, "JOB_COMPLETION_INDEX=0", "ZDRWORKER_SHARDS=2", "ZDRWORKER_BACKFILL=uid")
	letGo := b.hold()
	args := []string{"run", "s3://sandbox-store/uploads/in/", "--schema", "s.json", "--json"}
	cmd, out, errs := b.command(args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b.accepted()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	b.ended(cmd.Wait(), exitTerminated, args, out, errs)
	if !strings.Contains(out.String(), `"exit_code":143`) || !strings.Contains(errs.String(), `"code":"terminated"`) {
		t.Errorf("said %s%s", out, errs)
	}
	letGo()
	said, _ := b.run(exitOK, args...)
	// The second one sealed it before its run had come to that document, or then.
	if !strings.Contains(said, `"sealed":1`) && !strings.Contains(said, `"unchanged":1`) || b.billed() != 1 {
		t.Errorf("%d jobs billed: %s", b.billed(), said)
	}
}

// TestAStoreThatIsAway: exit 1, which a Kubernetes Job takes as "again".
func TestAStoreThatIsAway(t *testing.T) {
	b := newBench(t)
	b.environ = append(b.environ, "ZDRWORKER_S3_ENDPOINT=http://127.0.0.1:1")
	for _, args := range [][]string{
		{"run", "s3://sandbox-store/uploads/in/", "--schema", "s.json"},
		{"wait", "--schema", "s.json"},
		{"sweep", "--once", "--schema", "s.json"},
		{"backfill", "list"},
	} {
		if _, errs := b.run(exitError, args...); !strings.Contains(errs, "zdrworker: store_unavailable: ") {
			t.Errorf("%v: %s", args, errs)
		}
	}
}

// TestABackfillIsPaused: from the command line, by its id; a sweep takes nothing
// of it up until it is resumed, and then brings it home.
func TestABackfillIsPaused(t *testing.T) {
	b := newBench(t)
	store, err := s3store.Open(t.Context(), b.box.AWS(), "s3://"+sandbox.StoreBucket)
	if err == nil {
		_, err = store.Put(t.Context(), "uploads/in/a.md", strings.NewReader("Invoice number: 17\n"), bucket.PutOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	b.run(exitOK, "run", "s3://sandbox-store/uploads/in/", "--schema", "s.json", "--no-wait")
	said, _ := b.run(exitOK, "backfill", "list")
	id := regexp.MustCompile(`^[0-9a-f]{16}`).FindString(said)
	said, _ = b.run(exitOK, "backfill", "pause", id)
	if !strings.Contains(said, "paused since ") || !strings.Contains(said, "zdrworker backfill resume "+id) {
		t.Errorf("pause says %s", said)
	}
	b.run(exitStopped, "run", "s3://sandbox-store/uploads/in/", "--schema", "s.json")
	if said, _ := b.run(exitOK, "sweep", "--once", "--schema", "s.json"); strings.Contains(said, "taken up") {
		t.Errorf("sweep says %s", said)
	}
	b.run(exitOK, "backfill", "resume", id)
	if said, _ := b.run(exitOK, "sweep", "--once", "--schema", "s.json"); !strings.Contains(said, "1 document of backfills taken up") {
		t.Errorf("sweep says %s", said)
	}
	b.run(exitOK, "wait", "--schema", "s.json", "--timeout", "3m")
	said, _ = b.run(exitOK, "backfill", "list", "--all", "--json")
	if !strings.Contains(said, `"claimed":1`) || !strings.Contains(said, `"ended_at"`) || b.billed() != 1 {
		t.Errorf("%d billed; %s", b.billed(), said)
	}
}
