package main

import (
	"strings"
	"testing"
)

const (
	passes = `{"Action":"run","Package":"github.com/zdrworker/zdrworker/a","Test":"TestA"}
{"Action":"output","Package":"github.com/zdrworker/zdrworker/a","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"github.com/zdrworker/zdrworker/a","Test":"TestA"}
{"Action":"output","Package":"github.com/zdrworker/zdrworker/a","Output":"PASS\n"}
{"Action":"output","Package":"github.com/zdrworker/zdrworker/a","Output":"ok  \tgithub.com/zdrworker/zdrworker/a\t0.1s\n"}
{"Action":"pass","Package":"github.com/zdrworker/zdrworker/a"}
`
	skips = `{"Action":"output","Package":"github.com/zdrworker/zdrworker/a","Test":"TestB/plain/x","Output":"    b.go:1: no moon tonight\n"}
{"Action":"skip","Package":"github.com/zdrworker/zdrworker/a","Test":"TestB/plain/x"}
`
	noTests = `{"Action":"output","Package":"github.com/zdrworker/zdrworker/b","Output":"?   \tgithub.com/zdrworker/zdrworker/b\t[no test files]\n"}
{"Action":"skip","Package":"github.com/zdrworker/zdrworker/b"}
`
	fails = `{"Action":"output","Package":"github.com/zdrworker/zdrworker/a","Test":"TestC","Output":"    c.go:1: it is broken\n"}
{"Action":"fail","Package":"github.com/zdrworker/zdrworker/a","Test":"TestC"}
`
	hangs = `{"Action":"output","Package":"github.com/zdrworker/zdrworker/a","Test":"TestD","Output":"=== RUN   TestD\n"}
`
	tells = `{"Action":"output","Package":"github.com/zdrworker/zdrworker/a","Test":"TestE","Output":"    e.go:1: miniotest: building\n"}
{"Action":"pass","Package":"github.com/zdrworker/zdrworker/a","Test":"TestE"}
`
	unbuilt = `{"ImportPath":"github.com/zdrworker/zdrworker/c","Action":"build-output","Output":"c.go:1: syntax error\n"}
{"Action":"fail","Package":"github.com/zdrworker/zdrworker/c"}
`
)

func TestWatch(t *testing.T) {
	tests := []struct {
		name, in, list string
		fails          string // part of the error, "" for none
		says, quiet    string // in the output, not in it
	}{
		{name: "all is well", in: passes, says: "ok  \tgithub.com/zdrworker/zdrworker/a\t0.1s", quiet: "quiet"},
		{name: "a skip that nobody expects", in: skips + passes, fails: "1 skips are not on the list", says: "no moon tonight"},
		{name: "a skip that is expected", in: skips + passes, list: "a TestB/plain/* no moon tonight", says: "1 skips, all of them expected"},
		{name: "expected for another reason", in: skips + passes, list: "a TestB/plain/* no sun today", fails: "not on the list"},
		{name: "expected in another package", in: skips + passes, list: "b TestB/plain/* no moon tonight", fails: "not on the list"},
		{name: "an entry of no use", in: passes, list: "a TestB/plain/* no moon tonight", fails: "take it off"},
		{name: "an entry of a package that did not run", in: passes, list: "z TestB no moon tonight"},
		{name: "a package without tests is no skip", in: passes + noTests, says: "[no test files]"},
		{name: "a failure", in: fails + passes, fails: "1 tests or packages failed", says: "it is broken"},
		{name: "a package that does not build", in: passes + unbuilt, fails: "failed", says: "syntax error"},
		{name: "a test without an end", in: hangs + passes, fails: "did not end", says: "TestD"},
		{name: "what is worth telling", in: tells + passes, says: "e.go:1: miniotest: building"},
		{name: "plain lines", in: "go: downloading something\n" + passes, says: "go: downloading something"},
		{name: "nothing", in: "", fails: "no package was tested"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := parseList(tt.list)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			err = watch(strings.NewReader(tt.in), &out, list)
			if (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("got %v, want %q", err, tt.fails)
			}
			if !strings.Contains(out.String(), tt.says) {
				t.Errorf("the output lacks %q:\n%s", tt.says, out.String())
			}
			if tt.quiet != "" && strings.Contains(out.String(), tt.quiet) {
				t.Errorf("the output says %q:\n%s", tt.quiet, out.String())
			}
		})
	}
}

func TestExpectedListIsReadable(t *testing.T) {
	list, err := parseList(expected)
	if err != nil || len(list) == 0 {
		t.Errorf("got %d entries, %v", len(list), err)
	}
	if _, err := parseList("a TestB"); err == nil {
		t.Error("a line without a reason was taken")
	}
	if _, err := parseList("a Test[ reason"); err == nil {
		t.Error("a pattern that is none was taken")
	}
}
