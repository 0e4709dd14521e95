package zdr_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/zdrworker/zdrworker/zdr"
)

func TestHardenForbidsDumps(t *testing.T) {
	dumpable := func() int {
		v, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	before := dumpable()
	undo, err := zdr.Harden()
	if err != nil {
		t.Fatal(err)
	}
	if got := dumpable(); got != 0 {
		t.Errorf("dumpable is %d, want 0", got)
	}
	undo()
	if got := dumpable(); got != before {
		t.Errorf("dumpable is %d after undo, was %d", got, before)
	}
}
