package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// told is a line of terraform test -json -verbose. The schemas of providers speak
// of passwords, and hold none.
func told(plan string) string {
	return fmt.Sprintf(`{"@testfile":"tests/a.tftest.hcl","@testrun":"green","type":"test_plan","test_plan":{"provider_schemas":{"aws":{"password":"of the database"}},%s}}`, plan) + "\n"
}

func TestWhatTestsPlannedIsSearched(t *testing.T) {
	const clean = `"resource_changes":[{"address":"aws_kms_key.x","type":"aws_kms_key","change":{"after":{"description":"d"}}}]`
	const leaks = `"resource_changes":[{"address":"aws_iam_access_key.x","type":"aws_iam_access_key","change":{"after":{"user":"u"}}}]`
	const output = `"output_changes":{"url":{"after":"https://h/k?X-Amz-Signature=0"}},` + clean
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":              {`{"type":"version"}` + "\n" + told(clean), ""},
		"no plan":              {`{"type":"version"}` + "\n", "no test planned anything"},
		"a plan of nothing":    {told(`"output_changes":{}`), "no test planned anything"},
		"no JSON":              {"Success! 4 passed, 0 failed.\n", "invalid character"},
		"in the second plan":   {told(clean) + strings.Replace(told(leaks), "green", "red", 1), "a, run a.tftest.hcl red: aws_iam_access_key.x"},
		"in an output":         {told(output), "looks like a secret"},
		"cut off in its midst": {told(clean)[:90], "unexpected end"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "a.json"), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(searchTests(dir))
			if tt.want == "" && got != "<nil>" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNoFileOfTestsIsAnError(t *testing.T) {
	if err := searchTests(t.TempDir()); err == nil {
		t.Error("a folder without a file counts as searched")
	}
	if err := searchTests(""); err != nil {
		t.Errorf("nothing was asked for: %v", err)
	}
}
