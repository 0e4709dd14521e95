package zdr_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

// newStreamTrial is a call that is answered with content.
func newStreamTrial(t *testing.T, answer http.HandlerFunc, allowed bool) *trial {
	x := newParseTrial(t, answer, func(p *zdr.Policy) { p.SyncCalls = allowed })
	x.about.Operation = zdr.ParseSync
	x.fields = cloned(x.fields, "output_save_url")
	x.sync()
	return x
}

func (x *trial) sync() {
	x.req = x.createRequest(x.fields)
	x.req.URL.Path = "/v1/ade/parse"
}

func TestSyncCallsAreRefusedByDefault(t *testing.T) {
	x := newStreamTrial(t, nil, false)
	var to bytes.Buffer
	reply, err := x.guard.Stream(t.Context(), x.req, x.about, &to)
	if refusedBy(err) != zdr.RuleSyncCalls || reply != nil || to.Len() != 0 {
		t.Errorf("got %v, %v", reply, err)
	}
	x.wire.sawNothing(t)
	x.checkRecorded(zdr.RuleSyncCalls)
}

func TestStreamRefusals(t *testing.T) {
	for _, test := range []struct {
		name string
		rule string
		edit func(*trial)
	}{
		{"document inline", zdr.RuleField, func(x *trial) { x.fields["document"] = "content" }},
		{"outbox", zdr.RuleField, func(x *trial) { x.fields["output_save_url"] = x.put }},
		{"no document_url", zdr.RuleField, func(x *trial) { delete(x.fields, "document_url") }},
		{"prompts not approved", zdr.RulePrompts, func(x *trial) { x.fields["custom_prompts"] = `{"figure":"content"}` }},
		{"an outbox to read", zdr.RuleCapability, func(x *trial) { x.fields["document_url"] = x.put }},
		{"no ref", zdr.RuleReference, func(x *trial) { x.about.Ref = "" }},
		{"an operation without content", zdr.RuleOperation, func(x *trial) { x.about.Operation = zdr.ParseCreate }},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := newStreamTrial(t, nil, true)
			test.edit(x)
			x.sync()
			var to bytes.Buffer
			if _, err := x.guard.Stream(t.Context(), x.req, x.about, &to); refusedBy(err) != test.rule || to.Len() != 0 {
				t.Errorf("got %v, want rule %q", err, test.rule)
			}
			x.wire.sawNothing(t)
			x.checkRecorded(test.rule)
		})
	}
}

// Do has nowhere to hand content to.
func TestDoDoesNotStream(t *testing.T) {
	x := newStreamTrial(t, nil, true)
	if _, err := x.guard.Do(t.Context(), x.req, x.about); refusedBy(err) != zdr.RuleOperation {
		t.Errorf("got %v", err)
	}
	x.wire.sawNothing(t)
}

func TestContentIsHandedThrough(t *testing.T) {
	const content = `{"markdown":"content", "chunks":[]  }`
	for _, status := range []int{200, 206} {
		x := newStreamTrial(t, says(status, content), true)
		var to bytes.Buffer
		reply, err := x.guard.Stream(t.Context(), x.req, x.about, &to)
		if err != nil || reply.Status != status || reply.Body != nil || to.String() != content {
			t.Fatalf("got %v (%v) and %s", reply, err, to.String())
		}
		intent, answered := x.journal.of(zdr.KindIntent), x.journal.of(zdr.KindAnswered)
		if len(intent) != 1 || intent[0].Operation != zdr.ParseSync || len(intent[0].Fields) != 5 ||
			len(answered) != 1 || answered[0].Bytes != int64(len(content)) || answered[0].Status != status {
			t.Errorf("recorded %+v and %+v", intent, answered)
		}
	}
}

// What is no success is no content, and comes with the fields of an error.
func TestStreamOfAnError(t *testing.T) {
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{422, `{"detail":"PDF must not exceed 100 pages"}`, `{"detail":"PDF must not exceed 100 pages"}`},
		{504, `{"message":"Request timed out"}`, `{"message":"Request timed out"}`},
		{500, `oops`, ``},
	} {
		x := newStreamTrial(t, says(test.status, test.body), true)
		var to bytes.Buffer
		reply, err := x.guard.Stream(t.Context(), x.req, x.about, &to)
		if err != nil || reply.Status != test.status || string(reply.Body) != test.want || to.Len() != 0 {
			t.Errorf("got %v (%v), %d bytes", reply, err, to.Len())
		}
	}
	x := newStreamTrial(t, says(422, `{"detail":"no","markdown":"content"}`), true)
	_, err := x.guard.Stream(t.Context(), x.req, x.about, io.Discard)
	if v, ok := errors.AsType[*zdr.Violation](err); !ok || v.Kind != zdr.ViolationContent {
		t.Errorf("got %v from an error with content", err)
	}
}

func TestBrokenStreams(t *testing.T) {
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"markdown":`)
	}
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "content")
	}
	for _, test := range []struct {
		name, class string
		status      int
		answer      http.HandlerFunc
		to          io.Writer
	}{
		{"cut", zdr.ClassCut, 200, cut, io.Discard},
		{"not JSON", zdr.ClassMalformed, 200, html, io.Discard},
		{"not a success of this call", zdr.ClassMalformed, 202, says(202, `{"job_id":"content"}`), io.Discard},
		{"full", zdr.ClassSink, 200, says(200, `{"markdown":"`+strings.Repeat("a", 1<<20)+`"}`), &failingWriter{left: 1000}},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := newStreamTrial(t, test.answer, true)
			reply, err := x.guard.Stream(t.Context(), x.req, x.about, test.to)
			e, ok := errors.AsType[*zdr.TransportError](err)
			if !ok || e.Class != test.class || !e.Sent || e.Status != test.status || reply != nil {
				t.Fatalf("got %v, %v, want class %q", reply, err, test.class)
			}
			if errors.Is(err, errFull) != (test.class == zdr.ClassSink) || strings.Contains(err.Error(), "bucket") {
				t.Errorf("got %v", err)
			}
			if got := x.journal.of(zdr.KindAnswered); len(got) != 1 || got[0].Rule != test.class {
				t.Errorf("recorded %v", got)
			}
		})
	}
}
