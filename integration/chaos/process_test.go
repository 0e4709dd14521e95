//go:build unix

package chaos

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is one zdrworker.
type process struct {
	cmd   *exec.Cmd
	book  *book
	began time.Time
	heard chan string   // events, as it logs them; some are missed by a listener who is slow
	over  chan struct{} // closed when it has ended and all that it wrote was read

	mu   sync.Mutex
	last map[string]word // ref → its last event in this process
}

// start begins `zdrworker args…`.
func (w *world) start(args ...string) (*process, error) {
	p := &process{
		cmd: exec.Command(w.program, args...), book: w.book, began: time.Now(),
		heard: make(chan string, 256), over: make(chan struct{}), last: map[string]word{},
	}
	p.cmd.Dir, p.cmd.Env = w.dir, w.env
	tie(p.cmd)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // a process is tied to the thread that started it
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		var both sync.WaitGroup
		both.Go(func() { p.read(out) })
		both.Go(func() { p.read(errs) })
		both.Wait()
		_ = p.cmd.Wait() // how it ended is in its state
		close(p.over)
	}()
	return p, <-started
}

func (p *process) read(from io.Reader) {
	s := bufio.NewScanner(from)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		p.line(s.Bytes())
	}
	_, _ = io.Copy(io.Discard, from)
}

// line takes in what the process wrote.
func (p *process) line(b []byte) {
	ref, event := p.book.line(p.cmd.Process.Pid, b)
	if event == "" {
		return
	}
	p.mu.Lock()
	p.last[ref] = word{event, time.Now()}
	p.mu.Unlock()
	select {
	case p.heard <- event:
	default:
	}
}

func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) } // one that has ended needs none

// await waits for the end, at most so long.
func (p *process) await(most time.Duration) bool {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-p.over:
		return true
	case <-t.C:
		return false
	}
}

// lurk waits until the process logs an event, at most so long; false when it
// has ended before.
func (p *process) lurk(most time.Duration, event string) bool {
	for len(p.heard) > 0 {
		<-p.heard // what was before is no sign
	}
	t := time.NewTimer(most)
	defer t.Stop()
	for {
		select {
		case got := <-p.heard:
			if got == event {
				return true
			}
		case <-t.C:
			return true
		case <-p.over:
			return false
		}
	}
}

// exit is the code as a shell says it: 128 and the signal for one that died of
// it.
func (p *process) exit() int {
	ws := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

// word is what a process logged about a job, and when it was read.
type word struct {
	event string
	at    time.Time
}

// unanswered are the jobs whose last word in this process, which has just ended,
// is that a submission begins, and that was since a time: one that began earlier
// had been given up before, its deadline having passed. One whose deadline passed
// before the end was not answered in time, on a machine that is busy for example.
func (p *process) unanswered(since time.Time) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var refs []string
	for ref, last := range p.last {
		if (last.event == "intend" || last.event == "repeat") && last.at.After(since) && time.Since(last.at) < postTimeout {
			refs = append(refs, ref)
		}
	}
	return refs
}
