package zdr

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"strings"
)

// Harden makes the process keep to itself what it holds. Call it once at start,
// after slog.SetDefault: that call turns the global log on again. It
//
//   - silences the global log, to which net/http prints bytes of servers;
//   - refuses to go on under GODEBUG=http2debug, which prints requests with
//     their keys;
//   - forbids core dumps, piped ones too, and other users' debuggers
//     (PR_SET_DUMPABLE 0, on Linux; elsewhere the system's setting stands).
//
// Undo puts back what was there, for tests. After an error nothing is changed.
func Harden() (undo func(), err error) {
	if debugsHTTP2(os.Getenv("GODEBUG")) {
		return nil, errors.New("zdr: GODEBUG sets http2debug, which prints requests with their keys; unset it")
	}
	redump, err := forbidDumps()
	if err != nil {
		return nil, fmt.Errorf("zdr: forbid core dumps: %w", err)
	}
	before := log.Writer()
	log.SetOutput(io.Discard)
	return func() {
		log.SetOutput(before)
		redump()
	}, nil
}

// debugsHTTP2 reads GODEBUG as the runtime does: the last setting counts.
func debugsHTTP2(godebug string) bool {
	on := false
	for setting := range strings.SplitSeq(godebug, ",") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(setting), "http2debug="); ok {
			on = v != "0" && v != ""
		}
	}
	return on
}

// RecoverTo ends a panic: it prints the type of its value and the stack to w,
// never the value, which can be content, and no arguments of the functions on
// the stack. Then it calls then, so that the caller can say that it failed. Use
// it as the first defer of every goroutine:
//
//	defer zdr.RecoverTo(os.Stderr, func() { code = 1 })
func RecoverTo(w io.Writer, then ...func()) {
	v := recover()
	if v == nil {
		return
	}
	_, _ = fmt.Fprintf(w, "panic: %T\n%s", v, stack())
	for _, f := range then {
		f()
	}
}

// stack lists functions, files and lines.
func stack() string {
	pcs := make([]uintptr, 64)
	// Callers, stack and RecoverTo itself are of no interest.
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var b strings.Builder
	for {
		f, more := frames.Next()
		if f.Function != "" {
			fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
		}
		if !more {
			return b.String()
		}
	}
}
