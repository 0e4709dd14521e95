//go:build unix

package chaos

import "time"

// sweep runs the command that looks at every open job and every staged object.
func (w *world) sweep() {
	p, err := w.start("sweep", "--all", "--once")
	if err != nil {
		w.t.Fatal(err)
	}
	if !p.await(10 * time.Minute) {
		p.signal(killed)
		w.t.Fatal("a sweep does not come to its end")
	}
	if p.exit() != exitOK {
		w.t.Errorf("the sweep ended with %d", p.exit())
	}
}
