package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigCheckTakesWhatTerraformRenders: the program itself is content with
// the configuration that each example's output holds. The schema lies in a bucket
// there, and here beside the file, so that it is checked as well.
func TestConfigCheckTakesWhatTerraformRenders(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "terraform", "examples", "*", "testdata", "zdrworker.yaml"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d configurations, want 3: %v", len(files), err)
	}
	for _, file := range files {
		example := filepath.Dir(filepath.Dir(file))
		t.Run(filepath.Base(example), func(t *testing.T) {
			text := strings.Replace(readFile(t, file), "s3://acme-docs/schemas/", "", 1)
			schema := readFile(t, filepath.Join(example, "schemas", "invoice.json"))
			if said, exit := configCheck(t, text, schema); exit != exitOK || strings.Contains(said, "schema") {
				t.Errorf("exit %d\n%s", exit, said)
			}
			if said, exit := configCheck(t, strings.Replace(text, `"signature_age"`, `"signature_ages"`, 1), schema); exit != exitUsage {
				t.Errorf("a key that nobody knows: exit %d\n%s", exit, said)
			}
			other := strings.Replace(schema, `"type"`, `"description": "x", "type"`, 1)
			if said, exit := configCheck(t, text, other); exit != exitUsage || !strings.Contains(said, "policy.schemas") {
				t.Errorf("a schema that the policy does not name: exit %d\n%s", exit, said)
			}
		})
	}
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// configCheck runs the command in this process, with no variable set.
func configCheck(t *testing.T, text, schema string) (said string, exit int) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"zdrworker.yaml": text, "invoice.json": schema} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	exit = run(t.Context(), []string{"config", "check", "--config", filepath.Join(dir, "zdrworker.yaml")}, nil, nil, &out, &out)
	return out.String(), exit
}
