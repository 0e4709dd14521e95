package main

import (
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
)

// What giving a job up can cost is said of its parse too: that may be at the
// provider while the job itself only waits.
func TestAbandonBills(t *testing.T) {
	claimed := func(p *worker.JobParse) worker.Job { return worker.Job{State: worker.Claimed, Parse: p} }
	for _, tt := range []struct {
		name string
		job  worker.Job
		want string
	}{
		{"Markdown", claimed(nil), "so nothing is billed"},
		{"no parse yet", claimed(&worker.JobParse{}), "so nothing is billed"},
		{"a parse that waits", claimed(&worker.JobParse{State: worker.Claimed}), "so nothing is billed"},
		{"a parse under way", claimed(&worker.JobParse{State: worker.Submitted, Ref: "7f3c9a1e00"}), "its parse goes on and may be billed (zdrworker jobs explain 7f3c9a1e)"},
		{"a held parse", claimed(&worker.JobParse{State: worker.Held, Ref: "7f3c9a1e00"}), "may be billed"},
		{"parsed, not taken yet", claimed(&worker.JobParse{State: worker.Sealed}), "nothing more than its parse is billed"},
		{"parsed", claimed(&worker.JobParse{Ready: true}), "nothing more than its parse is billed"},
		{"accepted", worker.Job{State: worker.Submitted}, "may still bill it"},
		{"uncertain", worker.Job{State: worker.Submitting}, "may bill it"},
	} {
		if got := abandonBills(tt.job); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q does not say %q", tt.name, got, tt.want)
		}
	}
}
