//go:build unix

package chaos

import (
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// line is a way between two parties: a TCP proxy that can be cut.
type line struct {
	name   string
	target string
	addr   string // where it listens, for its whole life

	mu     sync.Mutex
	ln     net.Listener
	wires  map[*wire]struct{}
	held   chan struct{} // not nil: nothing passes until it is closed
	budget int           // not 0: a connection is reset after less than so many bytes
	err    error
	wg     sync.WaitGroup
}

// wire is one connection through a line.
type wire struct {
	a, b net.Conn
	mu   sync.Mutex
	left int // bytes until it is reset; negative: no end
}

func newLine(t *testing.T, name, target string) *line {
	t.Helper()
	l := &line{name: name, target: target, addr: "127.0.0.1:0", wires: map[*wire]struct{}{}}
	if err := l.listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

// URL is the line's own end.
func (l *line) URL() string { return "http://" + l.addr }

func (l *line) listen() error {
	ln, err := net.Listen("tcp", l.addr)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.ln, l.addr = ln, ln.Addr().String()
	l.mu.Unlock()
	l.wg.Go(func() { l.accept(ln) })
	return nil
}

func (l *line) accept(ln net.Listener) {
	for {
		a, err := ln.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() { l.serve(a) })
	}
}

func (l *line) serve(a net.Conn) {
	b, err := net.Dial("tcp", l.target)
	if err != nil {
		reset(a)
		return
	}
	w := &wire{a: a, b: b, left: -1}
	l.mu.Lock()
	l.wires[w] = struct{}{}
	if l.budget > 0 {
		w.left = rand.IntN(l.budget)
	}
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { l.pump(w, b, a) })
	both.Go(func() { l.pump(w, a, b) })
	both.Wait()
	l.mu.Lock()
	delete(l.wires, w)
	l.mu.Unlock()
}

// pump carries bytes one way until an end closes or the line is cut.
func (l *line) pump(w *wire, to, from net.Conn) {
	defer w.end()
	buf := make([]byte, 4<<10)
	for {
		n, err := from.Read(buf)
		l.wait()
		pass, whole := w.take(n)
		if _, werr := to.Write(buf[:pass]); werr != nil || !whole {
			return
		}
		if err != nil {
			return
		}
	}
}

// wait holds what came until the line lets it pass.
func (l *line) wait() {
	l.mu.Lock()
	held := l.held
	l.mu.Unlock()
	if held != nil {
		<-held
	}
}

// take says how many of n bytes pass before the connection is reset.
func (w *wire) take(n int) (pass int, whole bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left < 0 {
		return n, true
	}
	if w.left < n {
		n, w.left = w.left, 0
		return n, false
	}
	w.left -= n
	return n, true
}

// end resets both ends if the wire was cut, and closes them otherwise.
func (w *wire) end() {
	w.mu.Lock()
	cut := w.left == 0
	w.mu.Unlock()
	if cut {
		reset(w.a)
		reset(w.b)
		return
	}
	_ = w.a.Close()
	_ = w.b.Close()
}

// reset closes a connection so that the other side sees a reset.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// kind is how a line is cut.
type kind string

const (
	refuse kind = "refuse" // nobody listens; what was open is reset
	hang   kind = "hang"   // nothing passes; what was held passes afterwards, late
	within kind = "reset"  // connections are reset in the middle of what they carry
)

var kinds = []kind{refuse, hang, within}

// cut breaks the line until mend.
func (l *line) cut(k kind, budget int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch k {
	case refuse:
		_ = l.ln.Close()
		for w := range l.wires {
			w.limit(0)
			w.end()
		}
	case hang:
		l.held = make(chan struct{})
	case within:
		l.budget = max(budget, 1)
		for w := range l.wires {
			w.limit(rand.IntN(l.budget))
		}
	}
}

func (w *wire) limit(n int) { w.mu.Lock(); w.left = n; w.mu.Unlock() }

// mend makes the line whole again.
func (l *line) mend(k kind) {
	l.mu.Lock()
	if l.held != nil {
		close(l.held)
		l.held = nil
	}
	l.budget = 0
	l.mu.Unlock()
	if k != refuse {
		return
	}
	// Another process may have been given the port meanwhile, for a moment.
	var err error
	for range 100 {
		if err = l.listen(); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	l.mu.Lock()
	l.err = err
	l.mu.Unlock()
}

func (l *line) close() {
	l.mu.Lock()
	_ = l.ln.Close()
	if l.held != nil {
		close(l.held)
		l.held = nil
	}
	for w := range l.wires {
		w.limit(0)
		w.end()
	}
	l.mu.Unlock()
	l.wg.Wait()
}
