package ade

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"testing"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

// TestNothingIsSaid puts marks into the key, the URLs, the schema and all that
// the provider says, and prints everything that a caller holds in every way.
func TestNothingIsSaid(t *testing.T) {
	marks := zdrtest.New(t)
	said := marks.Mark("provider's words")
	p := newPeer(t, func(r *http.Request) string {
		switch {
		case r.Method == http.MethodPost:
			return says("400 "+said, `{"error":"`+said+`"}`, "X-Said: "+said)
		case r.URL.Path == jobsPath:
			return says("422 Unprocessable", `{"detail":[{"loc":["`+said+`"],"msg":"`+said+`"}]}`)
		}
		return says("200 OK", `{"job_id":"job-1","status":"completed","received_at":1,"progress":1,"failure_reason":"`+said+`",
			"metadata":{"filename":"`+said+`","schema_violation_error":"`+said+`","warnings":[{"code":"no code `+said+`","msg":"`+said+`"}]}}`)
	})
	c, ask := guardedWith(t, p.listener.Addr().String(), marks)
	var out zdrtest.Buffer
	before := log.Writer()
	log.SetOutput(&out)
	t.Cleanup(func() { log.SetOutput(before) })

	_, err := c.CreateExtractJob(t.Context(), ask)
	_, listErr := c.ExtractJobs(t.Context(), ListOptions{})
	job, getErr := c.ExtractJob(t.Context(), jobID(t, "job-1"), testRef)
	_ = p.listener.Close()
	_, gone := c.ExtractJobs(t.Context(), ListOptions{})
	if err == nil || listErr == nil || getErr != nil || gone == nil {
		t.Fatalf("got %v, %v, %v, %v", err, listErr, getErr, gone)
	}
	marks.AssertFound(t, "failure reason", []byte(job.FailureReason.Reveal()))
	printAll(&out, c, ask, err, listErr, gone, job, job.Receipt)
	marks.Assert(t, "what a caller can print", out.Bytes())
}

func printAll(out *zdrtest.Buffer, values ...any) {
	text, structured := slog.New(slog.NewTextHandler(out, nil)), slog.New(slog.NewJSONHandler(out, nil))
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			_, _ = fmt.Fprintf(out, verb+"\n", v)
			_, _ = fmt.Fprintf(out, verb+"\n", []any{v})
		}
		text.Info("value", "value", v)
		structured.Info("value", "value", v)
		if b, err := json.Marshal(v); err == nil {
			_, _ = bytes.NewReader(b).WriteTo(out)
		}
	}
}

// TestNothingIsSaidOfAParse is the same for a parse, which has a password and
// content on top.
func TestNothingIsSaidOfAParse(t *testing.T) {
	marks := zdrtest.New(t)
	said, content := marks.Mark("provider's words"), marks.Mark("content")
	p := newPeer(t, func(r *http.Request) string {
		switch {
		case r.Method == http.MethodPost && r.URL.Path == parsePath:
			return says("200 OK", `{"markdown":"`+content+`"}`)
		case r.Method == http.MethodPost:
			return says("422 "+said, `{"detail":"`+said+`"}`)
		}
		return says("200 OK", `{"job_id":"job-1","status":"failed","failure_reason":"`+said+`","metadata":{"filename":"`+said+`","org_id":"`+said+`"}}`)
	})
	prompts := promptsOf(t, marks.Mark("prompts"))
	recorder := &entries{}
	c, ask := guardedParseBy(t, p.listener.Addr().String(), recorder, func(p *zdr.Policy) {
		p.SyncCalls = true
		p.ApprovePrompts(prompts, "test")
	})
	ask.Prompts, ask.Password = prompts, zdr.NewPassword(marks.Mark("password"))
	marks.Known("signature", ask.Document.Reveal()[len(ask.Document.Reveal())-64:])
	var out, sink zdrtest.Buffer
	again := ask
	again.Document = signedPair(t, noDepository{}, testRef).Get

	_, createErr := c.CreateParseJob(t.Context(), ask)
	_, refused := c.CreateParseJob(t.Context(), again)
	job, getErr := c.ParseJob(t.Context(), jobID(t, "job-1"), testRef)
	ask.Attempt = 2
	_, notAllowed := c.ParseTo(t.Context(), ask.parse(), &sink)
	if createErr == nil || refused == nil || getErr != nil || notAllowed == nil {
		t.Fatalf("got %v, %v, %v, %v", createErr, refused, getErr, notAllowed)
	}
	fresh, ask := guardedParseBy(t, p.listener.Addr().String(), recorder, func(p *zdr.Policy) { p.SyncCalls = true })
	ask.Password = zdr.NewPassword(marks.Mark("another password"))
	streamed, err := fresh.ParseTo(t.Context(), ask.parse(), &sink)
	if err != nil {
		t.Fatal(err)
	}
	marks.AssertFound(t, "the content's place", sink.Bytes())
	printAll(&out, c, fresh, ask, ask.parse(), createErr, refused, notAllowed, job, job.Receipt, streamed, recorder.list)
	marks.Assert(t, "what a caller can print", out.Bytes())
}

// entries is a recorder that keeps all.
type entries struct{ list []zdr.Entry }

func (e *entries) Record(_ context.Context, entry zdr.Entry) error {
	e.list = append(e.list, entry)
	return nil
}

// guardedWith is guarded with marks in everything that the client is given.
func guardedWith(t *testing.T, address string, marks *zdrtest.Sentinels) (*Client, ExtractJob) {
	t.Helper()
	schema := schemaOf(t, around(`{"type":"string","description":"`+marks.Mark("schema")+`"}`))
	policy := zdr.Policy{Development: true, Hosts: []string{"http://" + address}}
	policy.Approve(schema, "test")
	guard, err := zdr.NewGuard(policy, &zdr.Tally{})
	if err != nil {
		t.Fatal(err)
	}
	signer, err := presign.New(presign.Config{
		Bucket: "exchange", Region: "us-east-1", Endpoint: "http://127.0.0.1:9", PathStyle: true,
		Reader: credentials("READER"), Writer: credentials("WRITER"), Depository: guard,
	})
	if err != nil {
		t.Fatal(err)
	}
	staged, outbox := "s/"+marks.Mark("staging key")+".md", "o/"+marks.Mark("outbox key")+".json"
	pair, err := signer.Sign(t.Context(), presign.Ask{StagingKey: staged, OutboxKey: outbox, Ref: testRef, Attempt: 1})
	if err != nil {
		t.Fatal(err)
	}
	marks.Known("signature", pair.Get.Reveal()[len(pair.Get.Reveal())-64:])
	return New(guard, zdr.NewAPIKey(marks.Mark("key"))), ExtractJob{
		Ref: testRef, Attempt: 1, Schema: schema, Markdown: pair.Get, OutputSave: pair.Put,
	}
}
