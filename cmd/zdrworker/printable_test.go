package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr"
)

// steering is a name that would clear the screen, set a title and begin a line
// that looks like one of ours. A listing carries what is left of C1 in a key.
const steering = "inbox/\u202egpj.exe\x1b[2J\u009d0;owned\a\nzdrworker: all sealed\u009b31m\x7f.md"

// Names go to a terminal in one line and do nothing there.
func TestNamesDoNotSteer(t *testing.T) {
	var out bytes.Buffer
	a := newApp(nil, nil, &out, nil)
	a.names = true
	d := zdr.NewName(steering)
	match := worker.Match{Captures: []worker.Capture{{Name: "tenant", Value: steering}}}
	for _, err := range []error{
		a.jobRow(worker.Job{Document: d}, false),
		a.fields("document", a.hidden(d)),
		a.printf("%s\n", a.whatToDo(worker.Outcome{Document: d})),
		a.verdict(worker.Verdict{Why: worker.Matched, Match: match}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	said := strings.TrimSuffix(out.String(), "\n")
	if lines := strings.Count(said, "\n") + 1; lines != 4 || strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), steers) || strings.Contains(said, "\u202e") {
		t.Errorf("%d lines, want 4 without control characters: %q", lines, said)
	}
}

// JSON says the same afterwards, however it is cut into writes.
func TestCalmJSON(t *testing.T) {
	said := map[string]string{"a": steering, "é": "\u00a0 Â\u0085 ü 文", "\u0080": "\u009f\u00a0\u00c2"}
	raw, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := bytes.NewReader(raw).WriteTo(&calmJSON{w: &out}); err != nil {
		t.Fatal(err)
	}
	whole := out.String()
	out.Reset()
	w := &calmJSON{w: &out}
	for one := range bytes.SplitSeq(raw, nil) {
		if _, err := w.Write(one); err != nil {
			t.Fatal(err)
		}
	}
	var back map[string]string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || len(back) != len(said) || out.String() != whole {
		t.Fatalf("%v: %q and %q", err, out.String(), whole)
	}
	for name, value := range said {
		if back[name] != value {
			t.Errorf("%q became %q", value, back[name])
		}
	}
	if strings.ContainsFunc(whole, steers) {
		t.Errorf("a control character is left: %q", whole)
	}
}

// A carriage return between values would write over what stands before it.
func TestCalmJSONReturnsNowhere(t *testing.T) {
	var out bytes.Buffer
	if _, err := (&calmJSON{w: &out}).Write([]byte("{\"total\":\r\n 17}\r")); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "{\"total\": \n 17} "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A JSON line is as calm.
func TestJSONLinesDoNotSteer(t *testing.T) {
	var out bytes.Buffer
	a := newApp(nil, nil, &out, nil)
	a.json, a.names = true, true
	if err := a.line(map[string]any{"result": json.RawMessage(`{"total":"` + "\u009b31m" + `"}`)}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), `{"result":{"total":"\u009b31m"}}`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Progress is told beside the jobs: each line is one JSON value.
func TestJSONLinesAreWhole(t *testing.T) {
	var out bytes.Buffer
	a := newApp(nil, nil, &out, nil)
	a.json = true
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 100 {
				if err := a.line(map[string]any{"from": i}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	lines := 0
	for line := range strings.Lines(out.String()) {
		if !json.Valid([]byte(line)) {
			t.Fatalf("no JSON: %q", line)
		}
		lines++
	}
	if lines != 800 {
		t.Errorf("%d lines, want 800", lines)
	}
}
