package trigger_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/trigger"
)

// putter is the part of a pipeline that a handler needs for documents.
// *worker.Pipeline is one.
type putter interface {
	Put(ctx context.Context, d worker.Document) (worker.Job, error)
}

// feed brings events to a pipeline. What cannot get better with time is
// settled; the rest comes again.
func feed(p putter) trigger.HandlerFunc {
	return func(ctx context.Context, e trigger.Event) error {
		if e.Kind != trigger.Created {
			return nil
		}
		_, err := p.Put(ctx, worker.Document{Key: e.Key.Reveal(), Version: e.Version})
		if f, ok := errors.AsType[*worker.Fault](err); ok {
			switch f.Code {
			case worker.CodeNoRoute, worker.CodeSourceGone, worker.CodeEmpty, worker.CodeBinary, worker.CodeKeyTooLong:
				return nil // not a document of ours, or there is nothing to extract
			}
		}
		return err
	}
}

// counter stands for a pipeline.
type counter struct{}

func (counter) Put(_ context.Context, d worker.Document) (worker.Job, error) {
	if !strings.HasPrefix(d.Key, "inbox/") {
		return worker.Job{}, &worker.Fault{Op: "put", Code: worker.CodeNoRoute}
	}
	fmt.Println("a job for", d.Key)
	return worker.Job{}, nil
}

// A webhook takes events from MinIO and answers when the job is durable.
func Example() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	webhook, err := trigger.NewWebhook([]string{"a-long-random-bearer-token"}, trigger.WebhookOptions{
		Options: trigger.Options{Buckets: []string{"acme-docs"}, Exchange: "x7k2-9fq4", Logger: log},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(webhook.Handler(feed(counter{})))
	defer server.Close()

	for _, record := range []string{
		`"acme-docs/inbox/a b.md","Records":[{"eventSource":"minio:s3","eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"acme-docs"},"object":{"key":"inbox%2Fa+b.md"}}}]}`,
		`"acme-docs/results/a.json","Records":[{"eventSource":"minio:s3","eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"acme-docs"},"object":{"key":"results%2Fa.json"}}}]}`,
		`"others/a.md","Records":[{"eventSource":"minio:s3","eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"others"},"object":{"key":"a.md"}}}]}`,
	} {
		req, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(`{"EventName":"s3:ObjectCreated:Put","Key":`+record))
		if err != nil {
			fmt.Println(err)
			return
		}
		req.Header.Set("Authorization", "Bearer a-long-random-bearer-token")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
	}
	// Output:
	// a job for inbox/a b.md
	// 204 No Content
	// 204 No Content
	// level=WARN msg="message refused" event=webhook.minio code=bucket_not_allowed
	// 400 Bad Request
}
