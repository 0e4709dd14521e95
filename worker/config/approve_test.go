package config

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestApproveInKeepsTheRest(t *testing.T) {
	a, b := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	for _, tt := range []struct{ name, before, after string }{
		{"no policy", "version: 1 # one", "version: 1 # one\n\npolicy:\n  schemas:\n    - NEW # note\n"},
		{"policy without schemas", "version: 1\npolicy: # p\n    sync_calls: deny # d\n", "version: 1\npolicy: # p\n    schemas:\n      - NEW # note\n    sync_calls: deny # d\n"},
		{"empty list", "version: 1\npolicy:\n  schemas: [] # none\n", "version: 1\npolicy:\n  schemas: [NEW] # none\n"},
		{"flow list", "version: 1\npolicy: {schemas: ['" + a + "']} # ]\n", "version: 1\npolicy: {schemas: ['" + a + "', \"NEW\"]} # ]\n"},
		{"block list", "version: 1\npolicy:\n  schemas:\n    - " + a + " # first\n  sync_calls: deny\n", "version: 1\npolicy:\n  schemas:\n    - " + a + " # first\n    - NEW # note\n  sync_calls: deny\n"},
		{"block list without indent", "version: 1\npolicy:\n  schemas:\n  - " + a + "\n", "version: 1\npolicy:\n  schemas:\n  - " + a + "\n  - NEW # note\n"},
		{"there already", "version: 1\npolicy: {schemas: ['" + b + "']}\n", "version: 1\npolicy: {schemas: ['" + b + "']}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, added, err := ApproveIn([]byte(tt.before), b, "note\n")
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.ReplaceAll(tt.after, "NEW", b); string(got) != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if added != (tt.before != tt.after) {
				t.Errorf("added = %v", added)
			}
			c, err := load(t, string(got), nil, nil)
			if err != nil || !slices.Contains(c.Policy.Schemas, b) {
				t.Errorf("read back: %v, %v", c.Policy.Schemas, err)
			}
		})
	}
}

func TestApproveInTheExample(t *testing.T) {
	d := "sha256:" + strings.Repeat("c", 64)
	got, added, err := ApproveIn(Example, d, "")
	if err != nil || !added || !strings.Contains(string(got), "schemas: ["+d+"]") {
		t.Errorf("added %v, %v", added, err)
	}
}

func TestApproveInLeavesWhatItCannotEdit(t *testing.T) {
	d := "sha256:" + strings.Repeat("c", 64)
	for _, text := range []string{"version: 1\npolicy: {}\n", "version: [\n", "", "version: 1\npolicy: {schemas: ${S}}\n"} {
		if _, _, err := ApproveIn([]byte(text), d, ""); !errors.Is(err, ErrNotEdited) {
			t.Errorf("%q: %v, want ErrNotEdited", text, err)
		}
	}
}
