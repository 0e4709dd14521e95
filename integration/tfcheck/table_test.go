package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is terraform/, from here.
const root = "../../terraform"

func TestREADMEsSayWhatTheCodeSays(t *testing.T) {
	if err := Tables(root, false); err != nil {
		t.Error(err)
	}
}

func TestTableIsReadFromTheCode(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("variables.tf", "variable \"a\" {\n  description = \"One | \\\"two\\\".\"\n  type = list(object({\n    default = string\n  }))\n  default = []\n}\n\nvariable \"b\" {\n  description = \"B.\"\n  type        = string\n}\n")
	put("outputs.tf", "output \"c\" {\n  description = \"C.\"\n  value       = 1\n}\n")
	put("README.md", "# Prose\n\n"+tableMark+"\nold\n")
	if err := tableOf(dir, false); err == nil {
		t.Error("an old table passes")
	}
	if err := tableOf(dir, true); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(filepath.Join(dir, "README.md"))
	for _, want := range []string{"# Prose\n", "| `a` | One \\| \"two\". | list(object) | `[]` |", "| `b` | B. | string | required |", "| `c` | C. |"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if err := tableOf(dir, false); err != nil {
		t.Error(err)
	}
	put("variables.tf", "variable \"a\" {\n  type = string\n}\n")
	if err := tableOf(dir, false); err == nil {
		t.Error("a variable without a description passes")
	}
}
