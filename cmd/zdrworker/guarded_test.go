//go:build !nosandbox

package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// panicsAt is a stream that panics over what holds a text.
type panicsAt struct {
	bytes.Buffer
	text, value string
}

func (p *panicsAt) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(p.text)) {
		panic(p.value)
	}
	return p.Buffer.Write(b)
}

// Results are written and told beside the work: a panic there ends the run with
// an error, and nothing prints what it was about.
func TestAPanicBesideTheWork(t *testing.T) {
	const content = "patient Jane"
	m := newBench(t)
	var stderr bytes.Buffer
	stdout := &panicsAt{text: `"type":"job"`, value: content}
	args := []string{"run", filepath.Join(m.dir, "in"), "--schema", filepath.Join(m.dir, "s.json"), "--json"}
	exit := run(context.Background(), args, m.environ, nil, stdout, &stderr)
	said := stderr.String()
	if exit != exitError || strings.Contains(said, content) || !strings.Contains(said, "panic: string\n") || !strings.Contains(stdout.String(), `"type":"summary"`) {
		t.Errorf("exit %d:\n%s\n%s", exit, said, stdout.String())
	}
}
