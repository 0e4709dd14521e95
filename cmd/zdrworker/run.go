package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/zdr"
)

// run is the whole program but for the process: it reads args and environ
// ("NAME=value"), and gives the exit code.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) (exit int) {
	defer zdr.RecoverTo(stderr, func() { exit = exitCrash })
	a := newApp(environ, stdin, stdout, stderr)
	undo, err := zdr.Harden()
	if err != nil {
		return a.fail(&failure{code: codeEnvironment, cause: err})
	}
	defer undo()
	ctx, stop := withSignals(ctx)
	defer stop()
	root := newRoot(a)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	err = hinted(cmd, err)
	if caught, ok := errors.AsType[*signalled](context.Cause(ctx)); ok && err != nil && explain(err).code != caught.code() {
		err = &failure{code: caught.code(), text: caught.Error()}
	}
	if err != nil {
		return a.fail(err)
	}
	return a.exit
}

// hinted names the command's own help where its usage was wrong.
func hinted(cmd *cobra.Command, err error) error {
	if f, ok := errors.AsType[*failure](err); ok && f.code == codeUsage && f.hint == "" && cmd.HasParent() {
		f.hint = "`" + cmd.CommandPath() + " --help` shows how"
	}
	return err
}

// errPanicked is a panic that was printed without its value.
var errPanicked = &failure{code: codeInternal, text: "a part of the program panicked; its type and stack were printed"}

// guarded is for what runs in a goroutine of its own: the runtime would print the
// value of a panic, which can be content.
func (a *app) guarded(do func() error) (err error) {
	defer zdr.RecoverTo(a.stderr, func() { err = errPanicked })
	return do()
}

// signalled is the cause of a context that a signal ended.
type signalled struct{ signal os.Signal }

// Error names the signal.
func (s *signalled) Error() string {
	word := "interrupt"
	if s.code() == codeTerminated {
		word = "SIGTERM"
	}
	return "stopped by " + word + "; what is done is kept"
}

// Code is the stable code of this class of error.
func (s *signalled) Code() string { return string(s.code()) }

func (s *signalled) code() code {
	if s.signal == os.Interrupt {
		return codeInterrupted
	}
	return codeTerminated
}

// echo is how long a second signal counts as the first: timeout(1) and others
// send one to the process and another to its group.
const echo = 500 * time.Millisecond

// withSignals ends the context at the first SIGINT or SIGTERM. A second one
// finds no handler and ends the process, unless it comes with the first.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer signal.Stop(caught)
		select {
		case s := <-caught:
			cancel(&signalled{s})
			time.Sleep(echo)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// lookupIn reads variables out of "NAME=value" lines; the last one counts, as
// in os.Environ.
func lookupIn(environ []string) func(string) (string, bool) {
	values := make(map[string]string, len(environ))
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok {
			values[name] = value
		}
	}
	return func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}
}
