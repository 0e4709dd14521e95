package zdr_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

func TestHarden(t *testing.T) {
	var out bytes.Buffer
	old := log.Writer()
	log.SetOutput(&out)
	defer log.SetOutput(old)
	undo, err := zdr.Harden()
	if err != nil {
		t.Fatal(err)
	}
	log.Print("Unsolicited response received: secret")
	undo()
	if out.Len() != 0 {
		t.Errorf("the global log printed %q", out.String())
	}
	log.Print("back")
	if !strings.Contains(out.String(), "back") {
		t.Error("undo did not bring the log back")
	}
}

func TestHardenRefusesHTTP2Debug(t *testing.T) {
	for _, test := range []struct {
		godebug string
		refused bool
	}{
		{"", false},
		{"http2debug=0", false},
		{"http2debug=1", true},
		{"http2debug=2", true},
		{"madvdontneed=1,http2debug=1", true},
		{"http2debug=1,http2debug=0", false},
		{"xhttp2debug=1", false},
	} {
		t.Setenv("GODEBUG", test.godebug)
		undo, err := zdr.Harden()
		if (err != nil) != test.refused {
			t.Errorf("GODEBUG=%s: got %v, want refused %v", test.godebug, err, test.refused)
		}
		if err == nil {
			undo()
		}
	}
}

// quoted is a panic value that tells what it holds.
type quoted struct{ text string }

func (q quoted) Error() string { return q.text }

func explode(argument [8]byte, v any) { panic(v) }

func TestRecoverTo(t *testing.T) {
	for name, v := range map[string]any{
		"text": "secret", "error": errors.New("secret"), "own type": quoted{"secret"}, "pointer": &quoted{"secret"},
		"formatted": fmt.Errorf("a: %w", quoted{"secret"}),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			failed := false
			func() {
				defer zdr.RecoverTo(&out, func() { failed = true })
				explode([8]byte([]byte("secret!!")), v)
			}()
			s := out.String()
			if strings.Contains(s, "secret") || strings.Contains(s, "0x73") {
				t.Errorf("printed the value: %s", s)
			}
			if !strings.HasPrefix(s, fmt.Sprintf("panic: %T\n", v)) || !strings.Contains(s, "explode") || !strings.Contains(s, "hygiene_test.go:") {
				t.Errorf("printed %s, want type and stack", s)
			}
			if !failed {
				t.Error("the caller was not told")
			}
		})
	}
}

func TestRecoverToWithoutPanic(t *testing.T) {
	var out bytes.Buffer
	func() {
		defer zdr.RecoverTo(&out, func() { t.Error("called without a panic") })
	}()
	if out.Len() != 0 {
		t.Errorf("printed %q", out.String())
	}
}
