package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// tableMark begins the part of a README that is written from the code.
const tableMark = "<!-- What follows is written by terraform/check.sh --write. -->"

// Tables holds the tables of all READMEs to the code, or writes them.
func Tables(root string, write bool) error {
	var errs []error
	n := 0
	for _, kind := range []string{"modules", "examples"} {
		dirs, err := filepath.Glob(filepath.Join(root, kind, "*"))
		if err != nil {
			return err
		}
		for _, dir := range dirs {
			errs = append(errs, tableOf(dir, write))
			n++
		}
	}
	if n == 0 {
		errs = append(errs, fmt.Errorf("no module and no example under %s", root))
	}
	return errors.Join(errs...)
}

func tableOf(dir string, write bool) error {
	path := filepath.Join(dir, "README.md")
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	prose, _, ok := strings.Cut(string(raw), tableMark)
	if !ok {
		return fmt.Errorf("%s has no line %q", path, tableMark)
	}
	tables, err := render(dir)
	if err != nil {
		return err
	}
	want := prose + tableMark + "\n" + tables
	if write {
		return os.WriteFile(path, []byte(want), 0o644)
	}
	if want != string(raw) {
		return fmt.Errorf("%s does not say what the code says: terraform/check.sh --write", path)
	}
	return nil
}

// render makes the tables of one folder.
func render(dir string) (string, error) {
	in, err := blocks(filepath.Join(dir, "variables.tf"), "variable")
	if err != nil {
		return "", err
	}
	out, err := blocks(filepath.Join(dir, "outputs.tf"), "output")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("\n| input | what it is | type | default |\n| --- | --- | --- | --- |\n")
	for _, v := range in {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", v.name, cell(v.description), v.kind, v.fallback)
	}
	b.WriteString("\n| output | what it is |\n| --- | --- |\n")
	for _, v := range out {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v.name, cell(v.description))
	}
	return b.String(), nil
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// block is a variable or an output.
type block struct{ name, description, kind, fallback string }

var (
	blockStart = regexp.MustCompile(`^(variable|output) "([a-z0-9_]+)" \{$`)
	argument   = regexp.MustCompile(`^  (description|type|default) += (.*)$`)
)

// blocks reads the blocks of a file that `terraform fmt` has formed: a block's
// own arguments are indented by two.
func blocks(path, kind string) ([]block, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []block
	for line := range strings.SplitSeq(string(raw), "\n") {
		if m := blockStart.FindStringSubmatch(line); m != nil && m[1] == kind {
			all = append(all, block{name: m[2], fallback: "required"})
			continue
		}
		if m := argument.FindStringSubmatch(line); m != nil && len(all) > 0 {
			all[len(all)-1].set(m[1], m[2])
		}
	}
	for _, b := range all {
		if !strings.HasSuffix(b.description, ".") {
			return nil, fmt.Errorf("%s: %s %s has no sentence that describes it", path, kind, b.name)
		}
		if kind == "variable" && b.kind == "" {
			return nil, fmt.Errorf("%s: variable %s has no type", path, b.name)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no %s", path, kind)
	}
	return all, nil
}

func (b *block) set(name, value string) {
	switch name {
	case "description":
		b.description = strings.ReplaceAll(strings.Trim(value, `"`), `\"`, `"`)
	case "type":
		// An object's members are in the code.
		b.kind, _, _ = strings.Cut(value, "({")
		b.kind += strings.Repeat(")", strings.Count(b.kind, "(")-strings.Count(b.kind, ")"))
	case "default":
		b.fallback = "`" + value + "`"
		if strings.HasSuffix(value, "{") || strings.HasSuffix(value, "[") {
			b.fallback = "in the code"
		}
	}
}
