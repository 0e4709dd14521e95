package ade

import (
	"bytes"
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
