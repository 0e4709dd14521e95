package integration_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floors: a room may use those below it. zdr uses nothing of ours.
var floors = map[string]int{"zdr": 0, "presign": 1, "worker": 2, "cmd": 3, "integration": 4}

// TestArrowsPointOneWay: cmd → worker → presign → zdr.
func TestArrowsPointOneWay(t *testing.T) {
	all := list(t, "./...")
	every, _ := ours(all)
	if len(every) < 10 {
		t.Fatalf("only %d packages were found", len(every))
	}
	for _, p := range every {
		for _, path := range p.Imports {
			if complaint := arrow(p, listed{ImportPath: path}); complaint != "" {
				t.Error(complaint)
			}
		}
	}
}

// arrow says what is wrong about one import; "" is nothing.
func arrow(from, to listed) string {
	if to.path() == "" {
		return ""
	}
	floor, known := floors[from.room()]
	switch {
	case !known:
		return from.path() + " is in none of the rooms"
	case floors[to.room()] > floor && !forTests(from.path()):
		return from.path() + " imports " + to.path() + ", which is above it"
	case to.room() == "integration" && from.room() != "integration":
		return from.path() + " imports " + to.path() + ", which is for tests of the whole"
	case forTests(to.path()) && !forTests(from.path()):
		return from.path() + " imports " + to.path() + ", which only tests may"
	case from.path() == "worker" && slices.Contains(furniture, to.path()):
		return "worker imports " + to.path() + ": it names the interface and no implementation"
	}
	return ""
}

// furniture is what the worker's core is given and does not make.
var furniture = []string{
	"worker/s3store", "worker/s3store/s3serve", "worker/memstore", "worker/memstore/objects", "worker/ade/adetest", "worker/sandbox", "worker/config",
}

func TestArrow(t *testing.T) {
	tests := []struct {
		from, to string
		wrong    bool
	}{
		{"cmd/zdrworker", "worker", false},
		{"worker", "zdr", false},
		{"worker/s3store", "worker/bucket", false},
		{"integration/pipeline", "zdr/zdrtest", false},
		{"presign/presigntest", "presign", false},
		{"zdr", "presign", true},
		{"presign", "worker/bucket", true},
		{"worker", "cmd/zdrworker/samples", true},
		{"worker", "worker/s3store", true},
		{"worker/s3store", "worker/storetest", true},
		{"cmd/zdrworker", "zdr/zdrtest", true},
		{"cmd/zdrworker", "integration/miniotest", true},
		{"worker/storetest", "integration/miniotest", true},
		{"elsewhere", "zdr", true},
	}
	for _, tt := range tests {
		got := arrow(listed{ImportPath: module + "/" + tt.from}, listed{ImportPath: module + "/" + tt.to})
		if (got != "") != tt.wrong {
			t.Errorf("%s → %s: got %q", tt.from, tt.to, got)
		}
	}
}

// TestNothingIsLinkedThatMayNotBe: MinIO is run and never linked; the program
// has no test framework in it; and without the sandbox there is neither a store
// nor a provider in it.
func TestNothingIsLinkedThatMayNotBe(t *testing.T) {
	tests := []struct {
		what   string
		args   []string
		unwant []string
	}{
		{"all of it, with its tests", []string{"-deps", "-test", "./..."}, []string{"github.com/minio/minio", "github.com/minio/mc"}},
		{"the program", []string{"-deps", "./cmd/..."}, []string{"github.com/testcontainers", "github.com/moby", "net/http/httptest", module + "/integration"}},
		{"the function", []string{"-deps", "./cmd/zdrlambda"}, []string{
			"github.com/rclone/gofakes3", "github.com/nats-io/nats-server", "github.com/spf13/cobra",
			module + "/worker/s3store/s3serve", module + "/worker/ade/adetest", module + "/worker/sandbox",
		}},
		{"the program without sandbox", []string{"-deps", "-tags", "nosandbox", "./cmd/..."}, []string{
			"github.com/rclone/gofakes3", module + "/worker/s3store/s3serve", module + "/worker/ade/adetest", module + "/worker/sandbox",
		}},
	}
	for _, tt := range tests {
		found := list(t, tt.args...)
		if len(found) < 50 {
			t.Errorf("%s: only %d packages were found", tt.what, len(found))
		}
		for path := range found {
			for _, prefix := range tt.unwant {
				if path == prefix || strings.HasPrefix(path, prefix+"/") {
					t.Errorf("%s: %s is linked", tt.what, path)
				}
			}
		}
	}
}

// TestTopLevelFolders: these and no others.
func TestTopLevelFolders(t *testing.T) {
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	required := []string{"cmd", "integration", "presign", "worker", "zdr"}
	allowed := append([]string{"terraform"}, required...)
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("there is a folder %s at the top", e.Name())
		}
	}
	for _, name := range required {
		if _, err := os.Stat(filepath.Join(root(t), name)); err != nil {
			t.Errorf("there is no folder %s", name)
		}
	}
}
