package zdr_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// contractFields is what a line may have, as users' log pipelines rely on it.
var contractFields = strings.Fields("time level msg ref route step state attempt event code http_status duration_ms bytes credits worker trace_id")

func TestLogIsAClosedSet(t *testing.T) {
	const name = "patient-0001.md"
	var out bytes.Buffer
	log := slog.New(zdr.ClosedLog(slog.NewJSONHandler(&out, nil))).With("ref", "7f3c", "key", name)
	log.Info("sealed", "duration", 1500*time.Millisecond, "bytes", 12, "document", name,
		"code", errors.New(name), slog.Group("request", "ref", name), slog.Group("", "bytes", name))
	log.WithGroup("g").With("ref", name).Info("in a group", "ref", name)
	log.Debug("not asked for")

	var lines []map[string]any
	for text := range strings.Lines(out.String()) {
		line := map[string]any{}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if len(lines) != 2 || strings.Contains(out.String(), name) {
		t.Fatalf("log:\n%s", out.String())
	}
	if lines[0]["ref"] != "7f3c" || lines[0]["duration_ms"] != 1500.0 || lines[0]["bytes"] != 12.0 {
		t.Errorf("fields lost: %v", lines[0])
	}
	for _, line := range lines {
		for field := range line {
			if !slices.Contains(contractFields, field) {
				t.Errorf("field %s came through", field)
			}
		}
	}
}
