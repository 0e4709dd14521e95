package adetest_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

func TestAccountOfRequests(t *testing.T) {
	r := newRig(t, adetest.Options{})
	req := r.form(jobs, text("schema", schema), file(invoice, "secret-name.md", "text/markdown"))
	req.Header.Set("X-Told", "told in a header")
	req.Header.Set("User-Agent", "agent/1")
	id := r.must(req).fields["job_id"]
	q := r.p.Account().Requests[0]
	if q.Operation != adetest.OpCreate || q.JobID != id || q.Status != 202 || q.UserAgent != "agent/1" || q.ContentBytes != len(invoice) {
		t.Errorf("got %+v", q)
	}
	if q.Fields["schema"] != len(schema) || !slices.Contains(q.HeaderNames, "X-Told") {
		t.Errorf("got fields %v, headers %v", q.Fields, q.HeaderNames)
	}
	for _, told := range []string{"told in a header", "secret-name.md", "INV-7", "POST " + jobs, "provider.test"} {
		if !bytes.Contains(r.p.Heard(), []byte(told)) {
			t.Errorf("Heard lacks %q", told)
		}
	}
}

func TestAccountForgetsTheOldest(t *testing.T) {
	r := newRig(t, adetest.Options{Remember: 2000})
	for range 50 {
		r.get(jobs)
	}
	a := r.p.Account()
	if a.Counts[adetest.OpList] != 50 || a.Forgotten+len(a.Requests) != 50 || a.Forgotten == 0 || len(r.p.Heard()) > 3000 {
		t.Errorf("counts %v, forgotten %d, kept %d", a.Counts, a.Forgotten, len(a.Requests))
	}
	if first := a.Requests[0].Seq; first != a.Forgotten+1 {
		t.Errorf("the first that is kept is %d", first)
	}
}

func TestOmitNull(t *testing.T) {
	r := newRig(t, adetest.Options{Undocumented: adetest.Undocumented{OmitNull: true}})
	if _, ok := r.job(r.submit()).fields["failure_reason"]; ok {
		t.Error("null is sent")
	}
}
