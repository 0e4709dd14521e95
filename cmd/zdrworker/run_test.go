package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// panicking is a stream that cannot be written to.
type panicking struct{ value string }

func (p panicking) Write([]byte) (int, error) { panic(p.value) }

func TestAPanicSaysTypeAndStackOnly(t *testing.T) {
	const content = "patient Jane"
	var stderr bytes.Buffer
	exit := run(context.Background(), []string{"version"}, nil, nil, panicking{content}, &stderr)
	if exit != exitCrash || strings.Contains(stderr.String(), content) || !strings.Contains(stderr.String(), "panic: string\n") {
		t.Errorf("exit %d:\n%s", exit, stderr.String())
	}
}

func TestTheLastVariableCounts(t *testing.T) {
	lookup := lookupIn([]string{"A=1", "B=x=y", "A=2", "=C:=odd"})
	a, _ := lookup("A")
	b, _ := lookup("B")
	if _, ok := lookup("C"); a != "2" || b != "x=y" || ok {
		t.Errorf("A=%q B=%q", a, b)
	}
}
