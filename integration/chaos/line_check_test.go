//go:build unix

package chaos

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLine: a line carries, can be cut in each way, and carries again. Without
// it a run could be calm and nobody would know.
func TestLine(t *testing.T) {
	l := newLine(t, "test", echo(t))
	say(t, l, "first")

	l.cut(refuse, 0)
	if _, err := net.Dial("tcp", l.addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refuse: got %v", err)
	}
	l.mend(refuse)
	say(t, l, "after refuse")

	l.cut(hang, 0)
	c := dial(t, l)
	_, _ = io.WriteString(c, "held")
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(make([]byte, 4)); n != 0 || err == nil {
		t.Errorf("hang: %d bytes passed", n)
	}
	_ = c.SetReadDeadline(time.Time{})
	l.mend(hang)
	if got := read(t, c, 4); got != "held" {
		t.Errorf("after hang: got %q", got)
	}

	l.cut(within, 10)
	c = dial(t, l)
	_, _ = io.WriteString(c, strings.Repeat("x", 1000))
	if b, err := io.ReadAll(c); err == nil || len(b) >= 10 {
		t.Errorf("reset: got %d bytes, %v", len(b), err)
	}
	l.mend(within)
	say(t, l, "after reset")
}

// echo is a server that says what it is told.
func echo(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	return ln.Addr().String()
}

func dial(t *testing.T, l *line) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func say(t *testing.T, l *line, text string) {
	t.Helper()
	c := dial(t, l)
	_, _ = io.WriteString(c, text)
	if got := read(t, c, len(text)); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
	_ = c.Close()
}

func read(t *testing.T, c net.Conn, n int) string {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}
