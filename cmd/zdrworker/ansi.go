//go:build !windows

package main

import "io"

// ansi says whether the terminal understands control sequences.
func ansi(io.Writer) bool { return true }
