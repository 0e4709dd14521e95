package zdr_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

// A create goes out with two deposited URLs and an approved schema; the same
// document inline does not.
func ExampleGuard_Do() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"job_id":"job-1"}`)
	}))
	defer provider.Close()

	schema, err := zdr.ParseSchema([]byte(`{"type":"object","properties":{"total":{"type":"number"}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := zdr.Policy{Development: true, Hosts: []string{provider.URL}}
	policy.Approve(schema, "command-line")
	var tally zdr.Tally
	guard, err := zdr.NewGuard(policy, &tally)
	if err != nil {
		fmt.Println(err)
		return
	}

	// The signer deposits what it has signed: the guard is its Depository.
	ctx := context.Background()
	signer, err := presign.New(presign.Config{
		Bucket: "x7k2", Region: "us-east-1", Endpoint: "http://127.0.0.1:9000",
		Reader:     presign.Identity{Credentials: credentials.NewStaticCredentialsProvider("READER", "reader-secret", "")},
		Writer:     presign.Identity{Credentials: credentials.NewStaticCredentialsProvider("WRITER", "writer-secret", "")},
		Depository: guard,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	pair, err := signer.Sign(ctx, presign.Ask{StagingKey: "s/4f1d.md", OutboxKey: "o/9c0e.json", Ref: "1b77", Attempt: 1})
	if err != nil {
		fmt.Println(err)
		return
	}

	create := func(document string) {
		form := zdr.NewForm()
		form.Add("schema", string(schema.Canonical()))
		form.Add("markdown_url", pair.Get.Reveal())
		form.Add("output_save_url", pair.Put.Reveal())
		if document != "" {
			form.Add("markdown", document)
		}
		contentType, body := form.Encode()
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, guard.BaseURL()+"/v1/ade/extract/jobs", bytes.NewReader(body))
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Authorization", "Bearer "+zdr.NewAPIKey("land_example").Reveal())
		reply, err := guard.Do(ctx, req, zdr.Call{Operation: zdr.ExtractCreate, Ref: "1b77", Attempt: 1})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("accepted:", reply.Created)
	}
	create("# Invoice 17")
	create("")

	totals := tally.Snapshot()
	fmt.Println("requests:", totals.RequestCount(), "refused:", totals.Refusals["field"], "content bytes:", totals.ContentBytes())
	// Output:
	// zdr: extract.create: refused by the guard, nothing was sent: rule field, ref 1b77, attempt 1
	// accepted: job-1
	// requests: 1 refused: 1 content bytes: 0
}

// Content is held by a type that does not print.
func ExampleDocument() {
	d := zdr.NewDocument([]byte("Invoice 17"))
	fmt.Println(d)
	fmt.Printf("%#v\n", struct{ D zdr.Document }{d})
	fmt.Println(len(d.Reveal()), "bytes")
	// Output:
	// [zdr.Document redacted]
	// struct { D zdr.Document }{D:[zdr.Document redacted]}
	// 10 bytes
}
