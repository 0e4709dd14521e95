package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRefsBeyondTheSummaryAreInAFile(t *testing.T) {
	for _, tt := range []struct {
		name         string
		folder       bool
		jobs         int
		named, lines int
	}{
		{"few", true, 3, 3, 0},
		{"as many as are named", true, maxRefs, maxRefs, 0},
		{"one more", true, maxRefs + 1, maxRefs, maxRefs + 1},
		{"nowhere to write", false, maxRefs + 1, maxRefs, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			var r refs
			if tt.folder {
				r.folder = filepath.Join(dir, "out")
			}
			for i := range tt.jobs {
				r.add(fmt.Sprintf("%032x", i))
				r.add("") // a document that was refused
			}
			at, err := r.close()
			if err != nil || len(r.first) != tt.named || (at != "") != (tt.lines > 0) {
				t.Fatalf("%d named, file %q, %v", len(r.first), at, err)
			}
			if tt.lines == 0 {
				return
			}
			b, err := os.ReadFile(at)
			lines := strings.Split(strings.TrimSpace(string(b)), "\n")
			if err != nil || len(lines) != tt.lines || lines[maxRefs] != fmt.Sprintf("%032x", maxRefs) {
				t.Errorf("%d lines, %v, want %d", len(lines), err, tt.lines)
			}
			if all, _ := os.ReadDir(r.folder); len(all) != 1 {
				t.Errorf("%d files in the folder, want 1", len(all))
			}
		})
	}
}
