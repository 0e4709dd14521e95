//go:build !nosandbox

package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zdrworker/zdrworker/worker/sandbox"
)

// hasSandbox says whether the embedded bucket and stand-in are in the binary.
const hasSandbox = true

func (a *app) addSandboxFlag(f *pflag.FlagSet, on *bool) {
	f.BoolVar(on, "sandbox", false, "a bucket and a stand-in provider in this process instead of the configured ones; gone at the end ($ZDRWORKER_SANDBOX)")
}

// enterSandbox starts a sandbox and lets its variables go before all others.
func (a *app) enterSandbox(ctx context.Context) (func() error, error) {
	box, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		return nil, err
	}
	a.enter(box)
	return box.Close, nil
}

func (a *app) enter(box *sandbox.Sandbox) {
	within := within(box)
	outside := a.lookup
	a.lookup = func(name string) (string, bool) {
		if v, ok := within[name]; ok {
			return v, true
		}
		return outside(name)
	}
}

// within are the sandbox's variables.
func within(box *sandbox.Sandbox) map[string]string {
	vars := map[string]string{}
	for name, value := range box.Env() {
		vars[name] = value
	}
	return vars
}

func sandboxCommands(a *app) []*cobra.Command { return []*cobra.Command{newDemo(a), newSandbox(a)} }
