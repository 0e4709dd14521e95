package zdr_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

func serverAt(url string) *httptest.Server { return &httptest.Server{URL: url} }

// The intent is in the record before a byte is written, and the answer after.
func TestOrderOfTheRecord(t *testing.T) {
	x := newTrial(t)
	x.journal.onEntry = func(e zdr.Entry) {
		if n := len(x.wire.arrivals()); e.Kind == zdr.KindIntent && n != 0 || e.Kind == zdr.KindAnswered && n != 1 {
			t.Errorf("%d requests had arrived at the entry %s", n, e.Kind)
		}
	}
	if _, err := x.guard.Do(t.Context(), x.req, x.about); err != nil {
		t.Fatal(err)
	}
	var kinds []zdr.Kind
	for _, e := range x.journal.entries {
		kinds = append(kinds, e.Kind)
	}
	want := []zdr.Kind{zdr.KindPolicy, zdr.KindPolicy, zdr.KindSigned, zdr.KindSigned, zdr.KindIntent, zdr.KindAnswered}
	if !slices.Equal(kinds, want) {
		t.Errorf("recorded %v, want %v", kinds, want)
	}
	intent := x.journal.of(zdr.KindIntent)[0]
	if intent.Fields["markdown_url"] != len(x.get) || intent.Fields["schema"] != len(x.schema.Canonical()) ||
		len(intent.Fields) != 5 || intent.Schema != x.schema.Digest() || intent.Ref != testRef || intent.Attempt != 1 ||
		intent.Method != "POST" || intent.Until.IsZero() || intent.Bytes == 0 || !intent.Development {
		t.Errorf("intent %+v", intent)
	}
	answered := x.journal.of(zdr.KindAnswered)[0]
	if answered.Status != 202 || answered.Job != "job-1" || answered.Bytes == 0 {
		t.Errorf("answered %+v", answered)
	}
}

// What the recorder does not keep does not leave.
func TestNoIntentNoRequest(t *testing.T) {
	x := newTrial(t)
	x.journal.fail[zdr.KindIntent] = true
	_, err := x.guard.Do(t.Context(), x.req, x.about)
	if e, ok := errors.AsType[*zdr.RecordError](err); !ok || e.Kind != zdr.KindIntent || !errors.Is(err, errJournal) {
		t.Errorf("got %v, want the recorder's failure", err)
	}
	x.wire.sawNothing(t)
}

// A recorder that fails afterwards does not lose the reply.
func TestUnrecordedAnswer(t *testing.T) {
	x := newTrial(t)
	x.journal.fail[zdr.KindAnswered] = true
	reply, err := x.guard.Do(t.Context(), x.req, x.about)
	if err != nil || reply.Created.String() != "job-1" || !reply.Unrecorded {
		t.Errorf("got %v and %v, want the reply, marked as unrecorded", reply, err)
	}
}

func TestUnrecordedRefusal(t *testing.T) {
	x := newTrial(t)
	x.journal.fail[zdr.KindRefused] = true
	x.req.Method = "PUT"
	_, err := x.guard.Do(t.Context(), x.req, x.about)
	if e, ok := errors.AsType[*zdr.Refusal](err); !ok || !e.Unrecorded {
		t.Errorf("got %v, want a refusal, marked as unrecorded", err)
	}
	x.wire.sawNothing(t)
}

// The refusal of a caller that has given up is recorded all the same.
func TestRefusalOfACanceledCall(t *testing.T) {
	x := newTrial(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x.req.Method = "PUT"
	if _, err := x.guard.Do(ctx, x.req, x.about); refusedBy(err) != zdr.RuleMethod {
		t.Errorf("got %v", err)
	}
	x.checkRecorded(zdr.RuleMethod)
}

func TestUnrecordedViolation(t *testing.T) {
	b := newBench(t, says(200, `{"job_id":"job-1","status":"completed","data":{}}`))
	b.journal.fail[zdr.KindViolation] = true
	_, err := b.job("job-1")
	if e, ok := errors.AsType[*zdr.Violation](err); !ok || !e.Unrecorded {
		t.Errorf("got %v, want a violation, marked as unrecorded", err)
	}
}

func TestGuardWithoutRecorder(t *testing.T) {
	for name, r := range map[string]zdr.Recorder{"none": nil, "many of none": zdr.Multi(), "failing": &journal{fail: map[zdr.Kind]bool{zdr.KindPolicy: true}}} {
		if _, err := zdr.NewGuard(zdr.Policy{}, r); !errors.Is(err, zdr.ErrRecorder) {
			t.Errorf("%s: got %v, want no guard", name, err)
		}
	}
}

func TestNoRequest(t *testing.T) {
	g := over(t, zdr.Policy{}, nil)
	if _, err := g.Do(t.Context(), nil, zdr.Call{Operation: zdr.ExtractList}); refusedBy(err) != zdr.RuleOperation {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestUseBaseURL(t *testing.T) {
	tally := &journal{}
	g, err := zdr.NewGuard(zdr.Policy{Hosts: []string{"https://ade.example"}}, tally)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.BaseURL(); got != "https://api.va.landing.ai" {
		t.Errorf("default base is %s", got)
	}
	for _, choice := range []string{"https://evil.example", "http://api.va.landing.ai", "http://127.0.0.1:1", "https://ade.example/path"} {
		if err := g.UseBaseURL(choice); err == nil || g.BaseURL() != "https://api.va.landing.ai" {
			t.Errorf("%s was put in force", choice)
		}
	}
	if err := g.UseBaseURL("https://ade.example/"); err != nil || g.BaseURL() != "https://ade.example" {
		t.Errorf("got %s and %v", g.BaseURL(), err)
	}
	if last := tally.entries[len(tally.entries)-1]; last.Kind != zdr.KindPolicy || last.Host != "ade.example" {
		t.Errorf("recorded %+v", last)
	}
}

// A policy that is changed after the guard was made changes nothing.
func TestPolicyIsCopied(t *testing.T) {
	p, fields := outside(t)
	schemas := p.Schemas
	g := over(t, p, nil)
	schemas[0] = "sha256:0"
	fields["schema"] = `{"properties":{"b":{}},"type":"object"}`
	p.Approve(mustSchema(t, fields["schema"]), "late")
	if _, err := g.Do(t.Context(), outsideRequest(t, g, fields), createCall()); refusedBy(err) != zdr.RuleSchema {
		t.Errorf("got %v, want a refusal of the schema", err)
	}
}

func TestApprovalsAreRecorded(t *testing.T) {
	var p zdr.Policy
	p.Schemas = []string{mustSchema(t, `{"type":"object","properties":{"a":{}}}`).Digest()}
	p.Approve(mustSchema(t, `{"type":"object","properties":{"b":{}}}`), "command-line")
	p.Approve(mustSchema(t, `{"type":"object","properties":{"c":{}}}`), "by a person, Ann")
	p.Approve(zdr.Schema{}, "empty")
	var j journal
	if _, err := zdr.NewGuard(p, &j); err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, e := range j.of(zdr.KindPolicy) {
		rules = append(rules, e.Rule)
		if (e.Rule == "base-url") != (e.Schema == "") {
			t.Errorf("entry %+v", e)
		}
	}
	if want := []string{"base-url", "schema-policy", "schema-command-line", "schema-other"}; !slices.Equal(rules, want) {
		t.Errorf("recorded %v, want %v", rules, want)
	}
}

func TestNewGuardOverNothing(t *testing.T) {
	if _, err := zdr.NewGuardOver(nil, zdr.Policy{}, &zdr.Tally{}); err == nil {
		t.Error("a guard over nothing")
	}
	if _, err := zdr.NewGuardOver(http.DefaultTransport, zdr.Policy{Region: "mars"}, &zdr.Tally{}); err == nil {
		t.Error("a guard with a policy that cannot be")
	}
}

// Without a recorder there is no guard, and the error says what is missing.
func TestNoRecorder(t *testing.T) {
	_, err := zdr.NewGuard(zdr.Policy{}, nil)
	if !errors.Is(err, zdr.ErrRecorder) || !strings.Contains(err.Error(), "no Recorder") {
		t.Errorf("got %v", err)
	}
	for _, r := range []zdr.Recorder{zdr.Multi(), zdr.Multi(nil), zdr.Multi(&zdr.Tally{}, nil)} {
		if _, err := zdr.NewGuard(zdr.Policy{}, r); !errors.Is(err, zdr.ErrRecorder) {
			t.Errorf("got %v", err)
		}
	}
}
