package main

import (
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// ansi makes the console understand control sequences, and says whether it
// does (https://learn.microsoft.com/windows/console/setconsolemode).
func ansi(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	var mode uint32
	handle := windows.Handle(f.Fd())
	if err := windows.GetConsoleMode(handle, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
