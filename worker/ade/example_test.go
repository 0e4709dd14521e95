package ade_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/zdr"
)

// standIn answers like the provider for one job that is done at once.
func standIn() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Header.Get("Authorization") != "Bearer example-key":
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprint(w, `{"error":"Invalid API Key Format"}`)
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusAccepted)
			_, _ = fmt.Fprint(w, `{"job_id":"job-1"}`)
		default:
			_, _ = fmt.Fprint(w, `{"job_id":"job-1","status":"completed","received_at":1767225600,"progress":1.0,
				"metadata":{"filename":"a.md","org_id":"o","duration_ms":900,"credit_usage":4.6,"job_id":"job-1","version":"extract-20260314"}}`)
		}
	}))
}

func identity(id string) presign.Identity {
	return presign.Identity{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: "example"}, nil
	})}
}

func Example() {
	server := standIn()
	defer server.Close()
	ctx := context.Background()

	schema, _, err := ade.CheckSchema([]byte(`{"type":"object","properties":{"total":{"type":"number","description":"The sum"}}}`))
	if err != nil {
		log.Fatal(err)
	}
	policy := zdr.Policy{Development: true, Hosts: []string{server.URL}}
	policy.Approve(schema, "example")
	seen := &zdr.Tally{}
	guard, err := zdr.NewGuard(policy, seen)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := presign.New(presign.Config{
		Bucket: "exchange", Region: "us-east-1", Endpoint: "http://127.0.0.1:9000", PathStyle: true,
		Reader: identity("READER"), Writer: identity("WRITER"), Depository: guard,
	})
	if err != nil {
		log.Fatal(err)
	}
	urls, err := signer.Sign(ctx, presign.Ask{StagingKey: "s/k3.md", OutboxKey: "o/k3.json", Ref: "7f3c9a1e", Attempt: 1, Need: time.Hour})
	if err != nil {
		log.Fatal(err)
	}

	client := ade.New(guard, zdr.NewAPIKey("example-key"))
	id, err := client.CreateExtractJob(ctx, ade.ExtractJob{
		Ref: "7f3c9a1e", Attempt: 1, Schema: schema, Markdown: urls.Get, OutputSave: urls.Put,
	})
	if err != nil {
		log.Fatal(err)
	}
	job, err := client.ExtractJob(ctx, id, "7f3c9a1e")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Status, job.Receipt.Credits, "credits")
	fmt.Println(seen.Snapshot().RequestCount(), "requests with", seen.Snapshot().ContentBytes(), "bytes of content")
	// Output:
	// completed 4.6 credits
	// 2 requests with 0 bytes of content
}

// An error has a class to act on. What the provider said is there too, and
// prints as redacted.
func ExampleError() {
	server := standIn()
	defer server.Close()
	guard, err := zdr.NewGuard(zdr.Policy{Development: true, Hosts: []string{server.URL}}, &zdr.Tally{})
	if err != nil {
		log.Fatal(err)
	}
	client := ade.New(guard, zdr.NewAPIKey("mistyped"))

	_, err = client.ExtractJobs(context.Background(), ade.ListOptions{Status: ade.StatusFailed})
	if errors.Is(err, ade.ErrUnauthorized) {
		fmt.Println(err)
	}
	if e, ok := errors.AsType[*ade.Error](err); ok {
		fmt.Println(e.Text)
		fmt.Println(strings.ToLower(e.Text.Reveal()))
	}
	// Output:
	// ade: extract.list: status 401: the provider refused the API key
	// [zdr.Text redacted]
	// invalid api key format
}

func ExampleCheckSchema() {
	schema, findings, err := ade.CheckSchema([]byte(`{
		"type": "object",
		"title": "Invoice",
		"required": ["total"],
		"properties": {"total": {"type": "number", "minimum": 0, "description": "The sum of all lines"}}
	}`))
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		if f.Effect != ade.EffectHonoured {
			fmt.Println(f)
		}
	}
	fmt.Println(string(schema.Canonical()))
	// Output:
	// refused  /properties/total/minimum: say it in the description: the provider does not enforce it
	// dropped  /required
	// dropped  /title
	// {"properties":{"total":{"description":"The sum of all lines","minimum":0,"type":"number"}},"type":"object"}
}
