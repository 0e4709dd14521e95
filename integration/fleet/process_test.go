//go:build unix

package fleet

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// process is one zdrworker that is started again and again until it ends by
// itself.
type process struct {
	w     *world
	name  string
	args  []string
	extra []string // variables

	mu    sync.Mutex
	cmd   *exec.Cmd
	exits []int // -1: killed
	final map[string]any
	over  chan struct{} // closed when the process that runs now has ended
	spoke chan struct{} // closed when it has said something, and so knows of signals
}

// start starts it.
func (p *process) start() {
	cmd := exec.CommandContext(p.w.t.Context(), p.w.program, p.args...)
	cmd.Dir, cmd.Env = p.w.dir, append(p.w.env, p.extra...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.w.t.Fatal(err)
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		p.w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.w.t.Fatal(err)
	}
	over, spoke := make(chan struct{}), make(chan struct{})
	p.mu.Lock()
	p.cmd, p.over, p.spoke = cmd, over, spoke
	p.mu.Unlock()
	speaks := sync.OnceFunc(func() { close(spoke) })
	var both sync.WaitGroup
	both.Go(func() { p.read(bufio.NewScanner(out), cmd.Process.Pid, speaks) })
	both.Go(func() { p.read(bufio.NewScanner(errs), cmd.Process.Pid, speaks) })
	go func() {
		both.Wait()
		_ = cmd.Wait() // how it ended is in its state
		p.mu.Lock()
		p.exits = append(p.exits, cmd.ProcessState.ExitCode())
		p.mu.Unlock()
		close(over)
	}()
}

// read takes in what the process says: who it is, and its summary.
func (p *process) read(lines *bufio.Scanner, pid int, speaks func()) {
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		speaks()
		var line map[string]any
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			p.w.t.Errorf("%s says %q", p.name, lines.Text())
			continue
		}
		if who, ok := line["worker"].(string); ok {
			p.w.mu.Lock()
			p.w.pids[who] = pid
			p.w.mu.Unlock()
		}
		p.mu.Lock()
		switch line["type"] {
		case "summary":
			p.final = line
		case "error":
			if line["code"] != "terminated" {
				p.w.t.Logf("%s: %v", p.name, line)
			}
		}
		p.mu.Unlock()
	}
}

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// ended reports whether it ended by itself, and how.
func (p *process) ended() (exit int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.over:
		exit = p.exits[len(p.exits)-1]
		return exit, exit >= 0
	default:
		return 0, false
	}
}

// strike ends the process by a signal, waits for that and starts it again.
func (p *process) strike(s os.Signal) {
	p.mu.Lock()
	cmd, over := p.cmd, p.over
	p.mu.Unlock()
	_ = cmd.Process.Signal(s) // it may have ended this moment
	<-over
	p.start()
}

// stop ends the process and checks that it says how. One that has just been
// started would be ended by the signal before it can know of it.
func (p *process) stop() error {
	p.mu.Lock()
	cmd, over, spoke := p.cmd, p.over, p.spoke
	p.mu.Unlock()
	select {
	case <-spoke:
	case <-over:
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	<-over
	if code := cmd.ProcessState.ExitCode(); code != 143 {
		return fmt.Errorf("%s ended with %d after SIGTERM, want 143", p.name, code)
	}
	return nil
}
