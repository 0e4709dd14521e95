//go:build !linux

package miniotest

import "os/exec"

// tieToParent does nothing: only Linux can do this.
func tieToParent(*exec.Cmd) {}
