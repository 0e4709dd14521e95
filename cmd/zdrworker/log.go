package main

import (
	"io"
	"log/slog"

	"github.com/zdrworker/zdrworker/zdr"
)

// logger writes to w what --log-level and --log-format ask for.
func (a *app) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(a.logLevel)) // the flag takes its four names only
	o := &slog.HandlerOptions{Level: level}
	var base slog.Handler = slog.NewJSONHandler(w, o)
	if a.logFormat == "text" || a.logFormat == "auto" && isTerminal(a.stderr) {
		base = slog.NewTextHandler(w, o)
	}
	return slog.New(zdr.ClosedLog(base))
}
