package kubernetes_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTerraformsKEDA: the objects of the Terraform module that no provider's schema
// holds to anything. The module's own tests hold the file to what it renders.
func TestTerraformsKEDA(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "terraform", "modules", "kubernetes", "testdata", "keda.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || len(all) != 2 {
		t.Fatalf("%d objects, want 2: %v", len(all), err)
	}
	for i, one := range all {
		if err := published.check(string(one)); err != nil {
			t.Errorf("object %d: %v", i, err)
		}
		if err := published.check(strings.Replace(string(one), `"spec": {`, `"spec": {"more": 1,`, 1)); err == nil {
			t.Errorf("object %d: a field that nobody publishes passes", i)
		}
	}
}
