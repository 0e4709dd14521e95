package chaos

import (
	"os/exec"
	"syscall"
)

// tie makes the kernel end the process with the thread that started it, so that
// a test binary that is killed leaves none.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
