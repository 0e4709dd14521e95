package main

import (
	"net"
	"strings"
	"syscall"
	"testing"
)

// A port that another process has: which of the addresses it is, and why.
func TestABusyPortIsNamedByItsKey(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = listen("serve.admin", l.Addr().String())
	f := explain(err)
	want := "serve.admin: the address cannot be listened on: " + syscall.EADDRINUSE.Error()
	if f.code != codeUsage || f.text != want || strings.Contains(f.text+f.hint, l.Addr().String()) {
		t.Errorf("%s: %s (%s)", f.code, f.text, f.hint)
	}
}

func TestSignalsAreCalledByTheirNames(t *testing.T) {
	for s, want := range map[syscall.Signal]string{syscall.SIGTERM: "stopped by SIGTERM; ", syscall.SIGINT: "stopped by interrupt; "} {
		if got := (&signalled{s}).Error(); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
