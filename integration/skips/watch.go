package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// told marks lines that are printed though their test passes.
const told = "miniotest:"

// event is a line of go test -json; go doc cmd/test2json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// unit is a test, or with an empty name a package.
type unit struct{ pkg, test string }

// report is what came out so far.
type report struct {
	to       io.Writer
	list     []*entry
	output   map[unit]*strings.Builder
	packages map[string]bool // that ended
	failed   int
	skipped  int
	surprise int // skips that are not on the list
}

// watch reads events to their end. It gives an error unless all is as it
// should be.
func watch(from io.Reader, to io.Writer, list []*entry) error {
	r := &report{to: to, list: list, output: map[unit]*strings.Builder{}, packages: map[string]bool{}}
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.read(line)
		}
		if errors.Is(err, io.EOF) {
			return r.verdict()
		}
		if err != nil {
			return err
		}
	}
}

// read takes one line. What is no event is printed as it is: the go command
// says some things plainly.
func (r *report) read(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
		r.print(line)
		return
	}
	switch e.Action {
	case "output":
		r.keep(e)
	case "build-output":
		r.print(e.Output)
	case "pass", "fail", "skip":
		r.end(e)
	}
}

func (r *report) print(s string) { _, _ = io.WriteString(r.to, s) }

// keep holds a test's output back until it is known how it ends. What go test
// says of the package itself is printed at once.
func (r *report) keep(e event) {
	if e.Test == "" {
		if e.Output != "PASS\n" {
			r.print(e.Output)
		}
		return
	}
	if strings.Contains(e.Output, told) {
		r.print(strings.TrimLeft(e.Output, " "))
	}
	u := unit{e.Package, e.Test}
	if r.output[u] == nil {
		r.output[u] = &strings.Builder{}
	}
	r.output[u].WriteString(e.Output)
}

func (r *report) end(e event) {
	u := unit{e.Package, e.Test}
	text := ""
	if b := r.output[u]; b != nil {
		text = b.String()
		delete(r.output, u)
	}
	if e.Test == "" {
		r.packages[e.Package] = true
	}
	switch {
	case e.Action == "fail":
		r.failed++
		r.print(text)
	case e.Action == "skip" && e.Test != "":
		r.skipped++
		if !takesSkip(r.list, e.Package, e.Test, text) {
			r.surprise++
			r.print("UNEXPECTED SKIP in " + e.Package + "\n" + text)
		}
	}
}

func (r *report) verdict() error {
	// A test binary that crashed leaves tests without an end.
	for u, b := range r.output {
		r.print("WITHOUT AN END: " + u.pkg + " " + u.test + "\n" + b.String())
	}
	var all []error
	if len(r.packages) == 0 {
		all = append(all, errors.New("no package was tested"))
	}
	if r.failed > 0 {
		all = append(all, fmt.Errorf("%d tests or packages failed", r.failed))
	}
	if n := len(r.output); n > 0 {
		all = append(all, fmt.Errorf("%d tests did not end", n))
	}
	if r.surprise > 0 {
		all = append(all, fmt.Errorf("%d skips are not on the list", r.surprise))
	}
	for _, e := range r.list {
		if !e.seen && r.ran(e.pkg) {
			all = append(all, fmt.Errorf("the list names %s in %s, which was not skipped for that reason: take it off", e.test, e.pkg))
		}
	}
	if len(all) == 0 {
		r.print(fmt.Sprintf("%d packages, %d skips, all of them expected\n", len(r.packages), r.skipped))
	}
	return errors.Join(all...)
}

func (r *report) ran(pattern string) bool {
	for pkg := range r.packages {
		if ok, _ := path.Match(pattern, pkg); ok {
			return true
		}
	}
	return false
}
