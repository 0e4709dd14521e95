//go:build nosandbox

package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// hasSandbox says whether the embedded bucket and stand-in are in the binary.
const hasSandbox = false

func (a *app) addSandboxFlag(*pflag.FlagSet, *bool) {}

// enterSandbox is never called: there is no flag that asks for it.
func (a *app) enterSandbox(context.Context) (func() error, error) {
	return nil, errors.ErrUnsupported
}

func sandboxCommands(*app) []*cobra.Command { return nil }
