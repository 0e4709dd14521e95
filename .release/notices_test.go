package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNotices: all that is linked into the program is named with its texts, none
// of which names this machine, and the same every time.
func TestNotices(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	r := &release{root: root}
	made, err := r.notices("./cmd/zdrworker", "linux", "amd64", "nosandbox")
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.linked("./cmd/zdrworker", "linux", "amd64", "nosandbox")
	if err != nil || len(all) < 30 {
		t.Fatalf("%d packages of others: %v", len(all), err)
	}
	for _, l := range all {
		if !strings.Contains(string(made), "\n"+l.module+" "+l.version+" (") {
			t.Errorf("%s %s is not named", l.module, l.version)
		}
		if strings.Contains(string(made), l.root) {
			t.Errorf("%s is where it lies here", l.module)
		}
	}
	for _, words := range []string{"\nGo go1.", "compiled to WebAssembly", "Apache License", "(internal/sync/singleflight/LICENSE)"} {
		if !strings.Contains(string(made), words) {
			t.Errorf("%q is missing", words)
		}
	}
	again, err := r.notices("./cmd/zdrworker", "linux", "amd64", "nosandbox")
	if err != nil || string(again) != string(made) {
		t.Errorf("made again they differ: %v", err)
	}
}

// TestWhatCannotBePassedOn stops a release.
func TestWhatCannotBePassedOn(t *testing.T) {
	for _, tt := range []struct{ name, file, text, want string }{
		{"no licence", "README.md", "words", "carries no licence"},
		{"a licence for all of the program", "COPYING", "  GNU AFFERO GENERAL PUBLIC LICENSE\n", "AFFERO"},
		{"one that is well", "LICENSE", "do as you like", ""},
		{"source of that name", "license.go", "package p", "carries no licence"},
	} {
		root := t.TempDir()
		dir := filepath.Join(root, "deep", "down")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, tt.file), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		texts := map[string][]string{}
		err := linked{"example.org/m", "v1.0.0", root, dir}.collect(texts)
		if tt.want == "" && (err != nil || len(texts[tt.text]) != 1) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, %v", tt.name, err, texts)
		}
	}
}

// TestCompiledIsSaid also where another module has the same licence.
func TestCompiledIsSaid(t *testing.T) {
	for module, words := range compiled {
		made := written(map[string][]string{"a text": {"a.example/m v1.0.0 (LICENSE)", module + " v1.0.0 (LICENSE)"}, "another": {"z.example/m v1.0.0 (LICENSE)"}})
		if n := strings.Count(string(made), words); n != 1 {
			t.Errorf("%s: said %d times", module, n)
		}
	}
}
