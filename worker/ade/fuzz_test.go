package ade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zdrworker/zdrworker/zdr"
)

// FuzzReply reads any bytes as any reply: nothing panics, what is kept has the
// promised form, and an error prints nothing of what came.
func FuzzReply(f *testing.F) {
	for _, r := range storedReplies(f) { // fails when there are none
		f.Add(r.status, r.body)
	}
	id, listed := jobID(f, "job-1"), []zdr.JobID{jobID(f, "job-1"), jobID(f, "job-2")}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		reply := &zdr.Reply{Status: status, Body: body, Jobs: listed}
		c := &Client{boundary: &scripted{answers: []scriptedAnswer{{reply: reply}}}, keys: fixedKey(zdr.NewAPIKey("k"))}
		job, err := c.ExtractJob(context.Background(), id, testRef)
		checkFuzzed(t, err, reply)
		if err == nil {
			checkFuzzedJob(t, job)
		}
		parse, err := c.ParseJob(context.Background(), id, testRef)
		checkFuzzed(t, err, reply)
		if err == nil {
			checkFuzzedJob(t, parse)
		}
		list, err := c.ExtractJobs(context.Background(), ListOptions{})
		checkFuzzed(t, err, reply)
		for _, s := range list.Jobs {
			if s.ID.IsZero() || readStatus(string(s.Status)) != s.Status {
				t.Errorf("got %+v", s)
			}
		}
	})
}

func checkFuzzedJob(t *testing.T, job Job) {
	t.Helper()
	if readStatus(string(job.Status)) != job.Status {
		t.Errorf("status %q changes when it is read again", job.Status)
	}
	if job.Progress < 0 || job.Progress > 1 || job.ReceivedAt.Year() > 9999 || job.CreatedAt.Year() > 9999 {
		t.Errorf("got %v, %v, %v", job.Progress, job.ReceivedAt, job.CreatedAt)
	}
	if r := job.Receipt; r != nil && (r.Credits < 0 || r.Duration < 0 || len(r.JobID) > 128 || r.Pages < 0 || slices.ContainsFunc(r.FailedPages, func(n int) bool { return n < 0 })) {
		t.Errorf("got %v credits, %v", r.Credits, r.Duration)
	}
}

// checkFuzzed compares the error with one of a reply that says nothing: they
// must print alike, or differ in our own reason only.
func checkFuzzed(t *testing.T, err error, reply *zdr.Reply) {
	t.Helper()
	if err == nil {
		return
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != reply.Status || e.Class == nil {
		t.Fatalf("got %T", err)
	}
	silent := Error{Op: e.Op, Ref: e.Ref, Status: e.Status, Class: e.Class, reason: e.reason}
	if err.Error() != silent.Error() || strings.Contains(fmt.Sprintf("%+v", e), "said") {
		t.Errorf("the error prints more than it should")
	}
	if text := e.Text.Reveal(); len(text) > maxText || utf8.Valid(reply.Body) && !utf8.ValidString(text) {
		t.Errorf("text of %d bytes", len(text))
	}
}

// FuzzSchema: what can be checked can be sent, and pruning once is enough.
func FuzzSchema(f *testing.F) {
	seeds := append(schemaSeeds(), testSchema)
	if len(seeds) < 10 {
		f.Fatalf("only %d seeds", len(seeds))
	}
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		schema, findings, err := CheckSchema(raw)
		if err != nil {
			return
		}
		if schema.IsZero() || len(findings) == 0 {
			t.Fatal("no error, and nothing to say")
		}
		again, _, err := CheckSchema(schema.Canonical())
		if err != nil || again.Digest() != schema.Digest() {
			t.Errorf("a pruned schema changes when it is checked again: %v", err)
		}
	})
}
