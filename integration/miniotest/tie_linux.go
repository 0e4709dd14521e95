package miniotest

import (
	"os/exec"
	"syscall"
)

// tieToParent makes the kernel end the process with the thread that started
// it, so that a test binary that is killed leaves no server.
func tieToParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
