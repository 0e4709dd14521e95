package config

import (
	"testing"

	"github.com/zdrworker/zdrworker/worker"
)

// What the file says of documents that are deleted, and of bills that nobody can
// be sure of, is what the pipeline is made with.
func TestDefaultsOfEnds(t *testing.T) {
	for _, tt := range []struct {
		text      string
		deleted   worker.Deleted
		uncertain worker.Uncertain
	}{
		{"version: 1\n", worker.DeletedKeep, worker.UncertainWait},
		{"version: 1\ndefaults: {on_source_deleted: discard}\n", worker.DeletedDiscard, worker.UncertainWait},
		{"version: 1\ndefaults: {on_source_deleted: keep, on_uncertain: resubmit}\n", worker.DeletedKeep, worker.UncertainResubmit},
	} {
		var s worker.Settings
		must(t, tt.text, nil).settings(&s)
		if s.OnSourceDeleted != tt.deleted || s.OnUncertain != tt.uncertain {
			t.Errorf("%q: %s, %s", tt.text, s.OnSourceDeleted, s.OnUncertain)
		}
	}
}
