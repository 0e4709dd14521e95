package miniotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// healthPath answers 200 without credentials as soon as MinIO listens. Buckets
// are served a little later.
const healthPath = "/minio/health/live"

// startProcess runs the program on a free loopback port, over a folder that
// goes with it.
func startProcess(ctx context.Context, say func(string, ...any)) (*Server, error) {
	path, err := binary(ctx, host(), say)
	if err != nil {
		return nil, err
	}
	// Between the choice of a port and its use somebody else may take it.
	var s *Server
	for range 3 {
		if s, err = startOnPort(ctx, path); err == nil {
			say("MinIO runs as a process at %s", s.Endpoint)
			return s, nil
		}
	}
	return nil, err
}

func startOnPort(ctx context.Context, path string) (*Server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "zdrworker-minio-")
	if err != nil {
		return nil, err
	}
	s, env := settings()
	s.Endpoint, s.How = "http://"+addr, "process"
	env["HOME"] = dir
	r := &running{cmd: exec.Command(path, "server", dir, "--address", addr), dir: dir, over: make(chan struct{})}
	r.cmd.Env = os.Environ()
	for k, v := range env {
		r.cmd.Env = append(r.cmd.Env, k+"="+v)
	}
	r.cmd.Stdout, r.cmd.Stderr = &r.output, &r.output
	tieToParent(r.cmd)
	if err := r.start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := r.awaitReady(ctx, s); err != nil {
		return nil, errors.Join(err, r.stop())
	}
	s.stop = r.stop
	return s, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// running is a MinIO process.
type running struct {
	cmd    *exec.Cmd
	dir    string
	output bytes.Buffer // read after over is closed
	over   chan struct{}
}

// start begins the process on a thread that lives as long as the process:
// where it is tied to its parent, that means the thread.
func (r *running) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := r.cmd.Start()
		started <- err
		if err == nil {
			_ = r.cmd.Wait() // how it ended is told by its output
			close(r.over)
		}
	}()
	return <-started
}

func (r *running) awaitReady(ctx context.Context, s *Server) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if healthy(ctx, s.Endpoint) && s.lists(ctx) == nil {
			return nil
		}
		select {
		case <-r.over:
			return fmt.Errorf("MinIO ended at its start:\n%s", r.output.String())
		case <-ctx.Done():
			return fmt.Errorf("MinIO does not answer: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func healthy(ctx context.Context, endpoint string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+healthPath, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusOK
}

func (r *running) stop() error {
	_ = r.cmd.Process.Kill() // nothing in it is of use to anybody
	<-r.over
	return os.RemoveAll(r.dir)
}
