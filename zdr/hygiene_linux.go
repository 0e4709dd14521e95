package zdr

import "golang.org/x/sys/unix"

// forbidDumps makes the process undumpable. RLIMIT_CORE would not do: it does
// not stop a core_pattern that is a pipe.
func forbidDumps() (undo func(), err error) {
	before, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	if err := setDumpable(0); err != nil {
		return nil, err
	}
	return func() { _ = setDumpable(before) }, nil
}

func setDumpable(v int) error {
	return unix.Prctl(unix.PR_SET_DUMPABLE, uintptr(v), 0, 0, 0)
}
