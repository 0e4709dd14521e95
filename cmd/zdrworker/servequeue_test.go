//go:build !nosandbox

package main

import (
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Admiral-Piett/goaws/app/gosqs"
	"github.com/Admiral-Piett/goaws/app/models"
	"github.com/Admiral-Piett/goaws/app/router"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/sirupsen/logrus"

	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/worker/trigger/natstest"
)

// queueConfig serves from one queue; a sweep shares what it found through it.
const queueConfig = `version: 1
policy:
  schemas: [%s]
routes:
  - {name: invoices, match: {prefix: inbox/}, schema: s.json}
sources:
  - %s
  - schedule: {every: 500ms}
serve: {admin: "127.0.0.1:0"}
`

// fromQueue has events of documents come by a queue while all is paused, and
// their worker end. The next one has heard of none of them: its sweep finds
// them, and its nudges come by the queue.
func fromQueue(t *testing.T, source string, publish func(body string)) {
	b := newBench(t)
	digest, _ := b.run(exitOK, "schema", "check", "s.json")
	found := regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindString(digest)
	write(b.t, filepath.Join(b.dir, "z.yaml"), fmt.Sprintf(queueConfig, found, source))
	b.run(exitOK, "pause", "--config", "z.yaml")
	s := b.serve()
	for i := range 3 {
		s.put(fmt.Sprintf("inbox/%d.md", i), fmt.Sprintf("Invoice number: %d\n", i))
		publish(createdEvent(sandbox.StoreBucket, fmt.Sprintf("inbox/%d.md", i)))
	}
	publish(createdEvent("another-bucket", "inbox/0.md"))
	s.until("three jobs in the bucket", func() bool {
		_, metrics := s.page("/metrics")
		return strings.Contains(metrics, "\nzdrworker_jobs_open{route=\"\",waiting_for=\"\"} 3\n")
	})
	s.end()
	b.run(exitOK, "resume", "--config", "z.yaml")
	s = b.serve()
	for i := range 3 {
		s.until("result", s.sealed(fmt.Sprintf("inbox/%d.md", i)))
	}
	kind, _, _ := strings.Cut(source, ":")
	handled := regexp.MustCompile(`zdrworker_trigger_messages_total\{outcome="handled",source="` + kind + `"\} ([0-9]+)`)
	s.until("the sweep's nudges came by the queue", func() bool {
		_, metrics := s.page("/metrics")
		count := handled.FindStringSubmatch(metrics)
		if count == nil {
			return false
		}
		n, err := strconv.Atoi(count[1])
		return err == nil && n >= 3
	})
	s.end()
	if b.billed() != 3 {
		t.Errorf("%d jobs billed, want 3", b.billed())
	}
}

func createdEvent(bucketName, key string) string {
	return fmt.Sprintf(`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":%q},"object":{"key":%q,"size":3}}}]}`, bucketName, key)
}

func TestServeFromSQS(t *testing.T) {
	logrus.SetOutput(io.Discard) // it logs the bodies of messages
	host := httptest.NewServer(router.New())
	t.Cleanup(host.Close)
	address, err := url.Parse(host.URL)
	if err != nil {
		t.Fatal(err)
	}
	models.CurrentEnvironment.Host, models.CurrentEnvironment.Port = address.Hostname(), address.Port()
	models.CurrentEnvironment.Region = ""
	client := sqs.New(sqs.Options{
		Region: "us-east-2", BaseEndpoint: &host.URL, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	made, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("nudges")})
	if err != nil {
		t.Fatal(err)
	}
	quit := make(chan bool)
	go gosqs.PeriodicTasks(10*time.Millisecond, quit)
	t.Cleanup(func() { close(quit) })
	fromQueue(t, "sqs: "+*made.QueueUrl, func(body string) {
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: made.QueueUrl, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestServeFromNATS(t *testing.T) {
	host := natstest.Start(t, "ZDR", "zdr.>")
	fromQueue(t, fmt.Sprintf(`nats: {url: %q, stream: ZDR, subject: zdr.nudges, events: [zdr.events]}`, host.URL), func(body string) {
		if _, err := host.JS.Publish(t.Context(), "zdr.events", []byte(body)); err != nil {
			t.Fatal(err)
		}
	})
}
