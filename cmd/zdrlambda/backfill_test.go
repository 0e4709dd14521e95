//go:build !nosandbox

package main

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/zdr"
)

// leaveBackfill does what `zdrworker run --no-wait` does of what lies below a prefix.
func (b *bench) leaveBackfill(text, prefix string) {
	b.t.Helper()
	file := filepath.Join(b.dir, "zdrworker.yaml")
	write(b.t, file, text)
	env := maps.Collect(b.box.Env())
	c, err := config.Find(b.t.Context(), config.Options{File: file, Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
	if err != nil {
		b.t.Fatal(err)
	}
	routes, err := c.BuildRoutes(b.t.Context(), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	a, err := c.Assemble(b.t.Context(), config.Extras{Routes: routes, Recorder: &zdr.Tally{}})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := a.Pipeline.StartBackfill(b.t.Context(), worker.BackfillPlan{Prefixes: []string{prefix}, Leave: true}); err != nil {
		b.t.Fatal(err)
	}
}

// TestScheduleFillsBackfills: a schedule alone brings a backfill home that was
// left in the bucket, and no document of it twice.
func TestScheduleFillsBackfills(t *testing.T) {
	b := newBench(t)
	text := configuration(t, "")
	keys := []string{b.document("first"), b.document("second"), b.document("third")}
	b.leaveBackfill(text, "inbox/")
	b.start("ZDRWORKER_CONFIG=" + text)
	letGo := b.hold(len(keys))
	b.answers(scheduled, enough, "{}")
	letGo()
	b.landed(len(keys))
	b.answers(scheduled, enough, "{}")
	b.answers(scheduled, enough, "{}")
	for _, key := range keys {
		if !b.sealed(key) {
			t.Errorf("not sealed\n%s", b.errs.String())
		}
	}
	if got := b.billed(); got != len(keys) {
		t.Errorf("%d jobs billed, want %d", got, len(keys))
	}
}
