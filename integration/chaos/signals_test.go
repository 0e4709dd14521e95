//go:build !unix

package chaos

import "testing"

func TestChaos(t *testing.T) {
	t.Skip("SIGKILL, SIGSTOP and SIGTERM are Unix's; this system has no such signals")
}
