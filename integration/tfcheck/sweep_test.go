package main

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/zdrworker/zdrworker/worker/trigger"
)

// TestScheduleIsASweep: what the schedule of the lambda module sends is what the
// function takes for one.
func TestScheduleIsASweep(t *testing.T) {
	raw, err := os.ReadFile(root + "/modules/lambda/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`input = jsonencode\(\{ source = "([^"]+)", detail-type = "([^"]+)", detail = \{\} \}\)`).FindSubmatch(raw)
	if m == nil {
		t.Fatal("the schedule's input was not found")
	}
	body, err := json.Marshal(map[string]any{"source": string(m[1]), "detail-type": string(m[2]), "detail": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	events, err := trigger.Decode(body, trigger.Options{})
	if err != nil || len(events) != 1 || events[0].Kind != trigger.Tick {
		t.Errorf("%s is read as %v, %v", body, events, err)
	}
}
