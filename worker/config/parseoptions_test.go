package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr"
)

// A route of Markdown alone stays what it was; one that takes files parses by a
// dated model, or by what it says itself.
func TestParseOptionsOfRoutes(t *testing.T) {
	words, err := zdr.NewPrompts("Name the axes.")
	if err != nil {
		t.Fatal(err)
	}
	const file = "version: 1\npolicy: {prompts: [\"DIGEST\"]}\nroutes:\n" +
		"  - {name: plain, schema: s.json}\n" +
		"  - {name: files, schema: s.json, match: {prefix: \"a/\", suffix: [.pdf]}}\n" +
		"  - name: own\n    schema: s.json\n    match: {prefix: \"b/\", suffix: [.pdf]}\n" +
		"    parse: {model: dpt-2, split: page, password: \"env:PDF\", custom_prompts: {figure: Name the axes.}}\n"
	for _, approved := range []bool{true, false} {
		digest := words.Digest()
		if !approved {
			digest = "sha256:" + strings.Repeat("0", 64)
		}
		c, err := load(t, strings.Replace(file, "DIGEST", digest, 1), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(c.Beside("s.json"), []byte(`{"type":"object","properties":{"a":{"type":"string"}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		routes, err := c.BuildRoutes(t.Context(), nil)
		if !approved {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Key != "parse.custom_prompts.figure" || !strings.Contains(e.Hint, words.Digest()) || strings.Contains(e.Error(), "axes") {
				t.Errorf("words that nobody approved: got %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !routes[0].Parse.IsZero() {
			t.Errorf("a route of Markdown: got %+v", routes[0].Parse)
		}
		if got := routes[1].Parse; got.Digest() != (worker.ParseOptions{Model: "dpt-2-20260410"}).Digest() {
			t.Errorf("a route of files: got %+v", got)
		}
		got := routes[2].Parse
		if got.Model != "dpt-2" || !got.SplitPages || got.Password != "env:PDF" || got.Prompts.Digest() != words.Digest() {
			t.Errorf("a route's own options: got %+v", got)
		}
	}
}

func TestPasswordOfDocuments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, "version: 1\n", map[string]string{"PDF": "abracadabra"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"env:PDF": "abracadabra", "env:NONE": "", "file:" + path: "open sesame"} {
		if got, err := c.Password(t.Context(), name); err != nil || got.Reveal() != want {
			t.Errorf("%s: got another password (%v)", name, err)
		}
	}
	if got, err := c.Password(t.Context(), "file:"+path+".none"); err == nil || !got.IsZero() || strings.Contains(err.Error(), path) {
		t.Errorf("a missing file: got %v", err)
	}
}
