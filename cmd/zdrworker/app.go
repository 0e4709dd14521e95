package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/zdrworker/zdrworker/worker/config"
)

// app is what every command works with: the three streams, the environment and
// the flags that mean the same everywhere.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	lookup         func(string) (string, bool)

	configFile string
	json       bool
	names      bool // --show-names
	logLevel   string
	logFormat  string
	progress   string

	exit int // of a command that ended without an error of its own

	lines sync.Mutex // one JSON line at a time: progress comes beside the jobs
}

func newApp(environ []string, stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{stdin: stdin, stdout: stdout, stderr: stderr, environ: environ, lookup: lookupIn(environ)}
}

// showNames says whether standard output may say how documents are called: a
// person reads it, or asked for it.
func (a *app) showNames() bool { return a.names || isTerminal(a.stdout) }

// isTerminal says whether a person is at the other end of a stream.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is the terminal's, 80 where there is none.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}

// printf writes for a person; with --json nothing.
func (a *app) printf(format string, args ...any) error {
	if a.json {
		return nil
	}
	_, err := fmt.Fprintf(a.stdout, format, args...)
	return err
}

// line writes one JSON line; without --json nothing.
func (a *app) line(v any) error {
	if !a.json {
		return nil
	}
	a.lines.Lock()
	defer a.lines.Unlock()
	out := json.NewEncoder(&calmJSON{w: a.stdout})
	out.SetEscapeHTML(false)
	return out.Encode(v)
}

// say writes the JSON line, or the same for a person.
func (a *app) say(line any, format string, args ...any) error {
	if a.json {
		return a.line(line)
	}
	return a.printf(format, args...)
}

// config loads the configuration with the flags that cmd was given.
func (a *app) config(cmd *cobra.Command) (*config.Config, error) {
	flags := map[string]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if path := f.Annotations[configKey]; len(path) == 1 {
			flags[path[0]] = f.Value.String()
		}
	})
	return config.Load(config.Options{File: a.configFile, Lookup: a.lookup, Flags: flags})
}
