// Package filetype says whether a file is one that the provider parses, before
// anything is sent or billed: by its suffix, by its content, by its size, and
// for a PDF by its pages and whether it asks for a password.
//
// It refuses what would surely fail. What it cannot decide it lets through: the
// provider decides then, and a failed job is free.
package filetype
