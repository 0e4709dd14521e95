//go:build unix

package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// findings are what the world looks like from outside when all is over.
type findings struct {
	*world
	byRef    map[string]record
	docOf    map[string]int    // ref → document, of those that have a result
	refOf    map[string]string // token → ref
	account  adetest.Account
	right    int
	twice    int // results that were written more than once
	unpaid   int // results that came and were not billed
	open     map[string]int
	held     map[string]int
	failed   map[string]int
	leftOver int
}

func (w *world) look() *findings {
	f := &findings{
		world: w, byRef: w.records(), docOf: map[string]int{}, refOf: map[string]string{}, account: w.provider.Account(),
		open: map[string]int{}, held: map[string]int{}, failed: map[string]int{},
	}
	for ref, r := range f.byRef {
		for _, a := range r.Attempts {
			f.refOf[a.Token] = ref
		}
		switch {
		case r.State == "held":
			f.held[r.Hold]++
		case r.State != "closed":
			f.open[r.State]++
		case r.Failure != nil:
			f.failed[r.Failure.Code]++
		}
	}
	return f
}

// lend makes what goes wrong while reading the buckets a subtest's failure.
func (w *world) lend(t *testing.T) (back func()) {
	whole := w.t
	w.t = t
	return func() { w.t = whole }
}

func tokenOf(path string) string {
	name, _, _ := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], ".")
	return name
}

// results: at each document's key lies the answer to that document.
func (f *findings) results(t *testing.T) {
	defer f.lend(t)()
	_, written := f.versions(f.store, "results/")
	lying := f.list(f.store, "results/")
	for n := range f.plan.docs {
		if !slices.Contains(lying, f.plan.resultOf(n)) {
			t.Errorf("document %d has no result", n)
			continue
		}
		body, meta := f.get(f.store, f.plan.resultOf(n))
		var got struct {
			Extraction struct {
				Number string  `json:"invoice_number"`
				Total  float64 `json:"total"`
			}
		}
		if err := json.Unmarshal(body, &got); err != nil || got.Extraction.Number != f.value(n) || got.Extraction.Total != float64(n)+0.5 {
			t.Errorf("document %d: the result is not its own: %v", n, err)
			continue
		}
		if other, taken := f.docOf[meta["zdr-ref"]]; taken {
			t.Errorf("documents %d and %d have one job", n, other)
		}
		f.docOf[meta["zdr-ref"]] = n
		f.right++
		if written[f.plan.resultOf(n)] > 1 {
			f.twice++
		}
	}
	if len(lying) > f.plan.docs {
		t.Errorf("%d results lie there, of %d documents", len(lying), f.plan.docs)
	}
	if n := len(f.list(f.store, "failures/")); n > 0 {
		t.Errorf("%d failures: %s", n, tally(f.failed))
	}
}

// bill: of all jobs that the provider made for one step of a document exactly
// one was billed.
func (f *findings) bill(t *testing.T) {
	billed := map[string][]string{}
	for _, j := range f.account.Jobs {
		ref, known := f.refOf[tokenOf(j.MarkdownPath)]
		if !known {
			t.Errorf("the provider has a job of no record, billed: %t", j.Billed)
		}
		if j.Billed {
			billed[ref] = append(billed[ref], j.ID)
		}
	}
	if parses := f.parses(); parses != f.plan.parses() || len(f.byRef)-parses != f.plan.docs {
		t.Errorf("%d records of parses and %d of extractions, of %d PDFs and %d documents", parses, len(f.byRef)-parses, f.plan.parses(), f.plan.docs)
	}
	for ref, r := range f.byRef {
		n := len(billed[ref])
		if _, answered := f.docOf[ref]; n == 0 && (answered || r.Step == "parse") && f.deliveredUnpaid(ref) {
			f.unpaid++
		} else if n != 1 {
			t.Errorf("job %s: billed %d times: %s\n%s", ref[:8], n, r.path(), r.text)
		}
	}
}

func (f *findings) parses() (n int) {
	for _, r := range f.byRef {
		if r.Step == "parse" {
			n++
		}
	}
	return n
}

// deliveredUnpaid: the provider put the result, did not hear the answer, and
// holds the job for failed. Failed jobs cost nothing.
func (f *findings) deliveredUnpaid(ref string) bool {
	return slices.ContainsFunc(f.account.Jobs, func(j adetest.Job) bool {
		return f.refOf[tokenOf(j.MarkdownPath)] == ref && j.Status == adetest.StatusFailed &&
			slices.ContainsFunc(f.account.Puts, func(put adetest.Transfer) bool { return put.JobID == j.ID && put.Status == 0 })
	})
}

// unknown are the provider's jobs that may have cost something and stand in no
// record: each keeps others from proving that they were not billed.
func (f *findings) unknown() (found []string) {
	known := map[string]bool{}
	for _, r := range f.byRef {
		for _, a := range r.Attempts {
			known[a.ProviderJob] = true
		}
	}
	for _, j := range f.account.Jobs {
		if !known[j.ID] && j.Status != adetest.StatusFailed && j.Status != adetest.StatusCancelled {
			r := f.byRef[f.refOf[tokenOf(j.MarkdownPath)]]
			found = append(found, fmt.Sprintf("%s received %s, of job %.8s: %s", j.Status, j.ReceivedAt.UTC().Format(time.TimeOnly), r.Ref, r.path()))
		}
	}
	return found
}

// table is the life of a job, written down once more: state and event, and the
// state that follows.
var table = map[string]string{
	"claimed begin": "claimed", "claimed intend": "submitting", "claimed land": "sealing", "claimed fail": "failing", "claimed note": "claimed",
	"submitting repeat": "submitting", "submitting accept": "submitted", "submitting defer": "claimed", "submitting fence": "fencing",
	"submitting land": "sealing", "submitting fail": "failing", "submitting note": "submitting",
	"fencing fenced": "fencing", "fencing accept": "submitted", "fencing prove": "claimed", "fencing land": "sealing",
	"fencing hold": "held", "fencing note": "fencing",
	"submitted land": "sealing", "submitted ended": "claimed", "submitted hold": "held", "submitted fail": "failing", "submitted note": "submitted",
	"held accept": "submitted", "held prove": "claimed", "held land": "sealing", "held resubmit": "claimed", "held fail": "failing", "held note": "held",
	"sealing reland": "sealing", "sealing seal": "sealed", "sealing fail": "failing", "sealing note": "sealing",
	"sealed remove": "draining", "sealed note": "sealed", "failing remove": "draining", "failing note": "failing",
	"draining close": "closed", "draining note": "draining", "closed retry": "claimed", "closed note": "closed",
}

func (f *findings) histories(t *testing.T) {
	defer f.lend(t)()
	for ref, r := range f.byRef {
		at := ""
		for i, h := range r.History {
			if i == 0 {
				if h.Event != "claim" || h.State != "claimed" {
					t.Errorf("job %s begins with %s", ref[:8], h.Event)
				}
			} else if to := table[at+" "+h.Event]; to != h.State {
				t.Errorf("job %s: %s at %s leads to %q, not to %s", ref[:8], h.Event, at, to, h.State)
			}
			at = h.State
		}
		if at != r.State {
			t.Errorf("job %s: the history ends at %s, the record says %s", ref[:8], at, r.State)
		}
		if r.State == "held" {
			t.Errorf("job %s is held, %s: %s\n%s", ref[:8], r.Hold, r.path(), r.text)
		} else if r.State != "closed" {
			t.Errorf("job %s is not closed: %s\n%s", ref[:8], r.path(), r.text)
		}
	}
	markers := slices.DeleteFunc(f.list(f.store, "zdr/open/"), raced)
	if len(markers) != sum(f.open)+sum(f.held) {
		t.Errorf("%d markers are left: %s", len(markers), markers)
	}
	if n := len(f.list(f.store, "zdr/drain/")); n != 0 {
		t.Errorf("%d slips are left", n)
	}
}

// raced: what a process left that was killed in the race at a fleet's first
// start, in either bucket, is swept when it is an hour old.
func raced(key string) bool { return strings.HasSuffix(key, ".race") }

func (f *findings) staged(t *testing.T) {
	defer f.lend(t)()
	n, byKey := f.versions(f.exchange, "")
	for key, k := range byKey {
		if key == "fleet.json" || raced(key) {
			n -= k
			delete(byKey, key)
		}
	}
	f.leftOver = n
	for key := range byKey {
		ref := f.refOf[tokenOf(key)]
		t.Errorf("left under %.2s, of job %.8s: %s", key, ref, f.byRef[ref].path())
	}
	if f.leftOver != 0 {
		t.Errorf("%d versions, markers or uploads are left staged", f.leftOver)
	}
}

// content: no document's value in what processes wrote, in what the provider
// was told, or in a file.
func (f *findings) content(t *testing.T) {
	if f.account.ContentBytes != 0 || f.account.HeldBytes != 0 {
		t.Errorf("%d bytes of content in requests, %d held", f.account.ContentBytes, f.account.HeldBytes)
	}
	if bytes.Contains(f.provider.Heard(), f.book.mark) {
		t.Error("the provider was told a document's value")
	}
	if f.book.leaks > 0 {
		t.Errorf("%d lines of output have a document's value", f.book.leaks)
	}
	for _, dir := range []string{f.dir, f.scratch} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if bytes.Contains(b, f.book.mark) {
				t.Error("a process left a file with a document's value")
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// exits: a process ends well, or says that the store is away, or what was done
// to it. Anything else is a crash, a violation, or a misuse.
func (f *findings) exits(t *testing.T) {
	for exit, n := range f.book.exits {
		if !slices.Contains([]int{exitOK, exitError, exitHeld, exitFailed, exitTerm, exitKill}, exit) {
			t.Errorf("%d processes ended with %d", n, exit)
		}
	}
	for _, l := range f.lines() {
		if l.err != nil {
			t.Errorf("the line from %s could not be mended: %v", l.name, l.err)
		}
	}
}

// leavings: after SIGTERM a process ends with 143, or with the code of a run
// that came to its end just then; and no submission that it had in hand is
// left without an answer, unless a way was cut or the provider lost it.
func (f *findings) leavings(t *testing.T) {
	for _, l := range f.book.terms {
		if !slices.Contains([]int{exitTerm, exitOK, exitHeld, exitFailed}, l.exit) && !f.book.disturbed(l.at.Add(-5*time.Second), l.at.Add(l.took)) {
			t.Errorf("after SIGTERM a process ended with %d", l.exit)
		}
		for _, ref := range l.unanswered {
			if !f.excused(ref) && !f.book.disturbed(l.at.Add(-postTimeout), l.at.Add(l.took)) {
				t.Errorf("after SIGTERM (%s) the submission of %s was left without an answer: %s", l.took.Round(time.Millisecond), ref[:8], f.byRef[ref].path())
			}
		}
	}
}

// excused: the provider interfered with one of the job's submissions.
func (f *findings) excused(ref string) bool {
	f.faults.mu.Lock()
	defer f.faults.mu.Unlock()
	for path := range f.faults.creates {
		if f.refOf[tokenOf(path)] == ref {
			return true
		}
	}
	return false
}
