//go:build unix

package chaos

import (
	"strings"
	"time"
)

// report prints the account of the run.
func (f *findings) report(storm, settled, all time.Duration) {
	b := f.book
	billed := 0
	for _, j := range f.account.Jobs {
		if j.Billed {
			billed++
		}
	}
	slowest, left := time.Duration(0), 0
	for _, l := range b.terms {
		slowest = max(slowest, l.took)
		if l.exit == exitTerm {
			left++
		}
	}
	unknown := f.unknown()
	cuts := map[string]int{}
	mishaps, retried := map[string]int{}, map[string]int{}
	for what, n := range b.counts {
		if name, ok := strings.CutPrefix(what, "cut "); ok {
			cuts[name] = n
		} else if name, ok := strings.CutPrefix(what, "error "); ok {
			mishaps[name] = n
		} else if name, ok := strings.CutPrefix(what, "retried "); ok {
			retried[name] = n
		}
	}
	f.world.t.Logf(`
documents            %d, %d of them PDFs
processes            %d, %d at a time; exit codes %s; errors %s
SIGKILL              %d, and %d of the stopped ones
SIGSTOP              %d
SIGTERM              %d, %d of them ended with 143, the slowest after %s
ways cut             %d (%s)
provider's faults    %s
results, each right  %d, written more than once: %d
provider's jobs      %d, billed %d; results that came and were not billed: %d; jobs in no record: %d%s
held                 %d (%s)
failed               %d (%s); failed unbilled and tried again by command: %d (%s)
still open           %d (%s)
left staged          %d
transitions          %s
duration             %s: storm %s, settling %s, then the URLs' end and the sweeps
seed                 %d`,
		f.plan.docs, f.plan.parses(), b.counts["processes"], f.plan.procs, tally(b.exits), tally(mishaps),
		b.counts["SIGKILL"], b.counts["SIGKILL while stopped"], b.counts["SIGSTOP"],
		b.counts["SIGTERM"], left, slowest.Round(time.Millisecond),
		b.counts["cuts"], tally(cuts), tally(f.faults.counts),
		f.right, f.twice, len(f.account.Jobs), billed, f.unpaid, len(unknown), strings.Join(append([]string{""}, unknown...), "\n                     "),
		sum(f.held), tally(f.held), sum(f.failed), tally(f.failed), sum(retried), tally(retried), sum(f.open), tally(f.open), f.leftOver,
		tally(b.events), all.Round(time.Second), storm.Round(time.Second), settled.Round(time.Second), f.plan.seed)
}

func sum(m map[string]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}
