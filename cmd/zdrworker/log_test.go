package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestLoggerIsClosed: what --log-format asks for is behind the closed set.
func TestLoggerIsClosed(t *testing.T) {
	for _, format := range []string{"auto", "json", "text"} {
		var out bytes.Buffer
		a := newApp(nil, nil, nil, &bytes.Buffer{})
		a.logLevel, a.logFormat = "info", format
		a.logger(&out).Info("sealed", "ref", "7f3c", "key", "patient-0001.md")
		if got := out.String(); !strings.Contains(got, "7f3c") || strings.Contains(got, "patient") {
			t.Errorf("%s: %s", format, got)
		}
	}
}
