package trigger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/worker/trigger"
)

// keys are what encodings go wrong on. MinIO takes no more exotic ones on every
// file system.
var keys = []string{
	"inbox/plain.md", "inbox/a b.md", "inbox/a+b.md", "inbox/100%.md", "inbox/%41.md", "inbox/a%2Fb.md", "inbox/ü/日本 🧾.md",
	"inbox/&=;#?.md", "inbox/\"'<>.md", "inbox/~*!(),$@:.md", "inbox/[x]{y}^`|.md",
}

// desk is a handler that writes down what it is given.
type desk struct {
	mu     sync.Mutex
	got    []string
	refuse int // so many events are to come again later
}

func said(kind trigger.Kind, bucket, key, version, etag string, size int64, token string) string {
	return fmt.Sprintf("%s %q %q %q %q %d %q", kind, bucket, key, version, etag, size, token)
}

func (d *desk) Handle(_ context.Context, e trigger.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse > 0 {
		d.refuse--
		return errors.New("the store is away")
	}
	if e.Sequencer == "" {
		return errors.New("no sequencer")
	}
	d.got = append(d.got, said(e.Kind, e.Bucket.Reveal(), e.Key.Reveal(), e.Version, e.ETag.Reveal(), e.Size, e.Token))
	return nil
}

// seen gives what came, sorted and each once: order and number mean nothing.
func (d *desk) seen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(d.got)))
}

// place is the three buckets of a test, whose events go to one target.
type place struct {
	client                    *s3.Client
	store, exchange, stranger string
}

func newPlace(t *testing.T, server *miniotest.Server, target string) *place {
	t.Helper()
	p := &place{client: server.Client()}
	p.store = server.NewBucket(t, miniotest.Bucket{Versioned: true})
	p.exchange = server.NewBucket(t, miniotest.Bucket{})
	p.stranger = server.NewBucket(t, miniotest.Bucket{})
	for _, name := range []string{p.store, p.exchange, p.stranger} {
		_, err := p.client.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
			Bucket: &name, NotificationConfiguration: &types.NotificationConfiguration{QueueConfigurations: []types.QueueConfiguration{
				{QueueArn: aws.String("arn:minio:sqs::" + target), Events: []types.Event{"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *place) options() trigger.Options {
	return trigger.Options{Buckets: []string{p.store}, Exchange: p.exchange, Retry: time.Nanosecond}
}

func (p *place) put(t *testing.T, bucket, key string) (version, etag string) {
	t.Helper()
	out, err := p.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte(key))})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.VersionId), strings.Trim(aws.ToString(out.ETag), `"`)
}

// fill does everything that makes events, and gives the events that must come.
func (p *place) fill(t *testing.T) (want []string) {
	t.Helper()
	for _, key := range keys {
		version, etag := p.put(t, p.store, key)
		if version == "" {
			t.Fatal("the bucket has no versions")
		}
		want = append(want, said(trigger.Created, p.store, key, version, etag, int64(len(key)), ""))
	}
	out, err := p.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &p.store, Key: &keys[0]})
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, said(trigger.Removed, p.store, keys[0], *out.VersionId, "", 0, ""))
	p.put(t, p.stranger, "inbox/1.md")
	p.put(t, p.exchange, "s/dG9rZW4.md")
	_, etag := p.put(t, p.exchange, "o/dG9rZW4.json")
	want = append(want, said(trigger.Result, p.exchange, "o/dG9rZW4.json", "", etag, int64(len("o/dG9rZW4.json")), "dG9rZW4"))
	slices.Sort(want)
	return want
}

// outcomes counts, and tells when a number is reached.
type outcomes struct {
	mu sync.Mutex
	n  map[trigger.Outcome]int
}

func (o *outcomes) observe(_ trigger.Source, became trigger.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.n == nil {
		o.n = map[trigger.Outcome]int{}
	}
	o.n[became]++
}

func (o *outcomes) of(became trigger.Outcome) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.n[became]
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not so in two minutes: %s", what)
		}
	}
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// testStream: MinIO publishes to a stream by itself. Beside its events the
// stream has one of them twice more, malformed messages, and those of a bucket
// that is not ours.
func (g *targets) testStream(t *testing.T) {
	p := newPlace(t, g.minio, "BUS:nats")
	want := p.fill(t)
	for _, body := range []string{"", "hello", `{"Records":[]}`, g.first(t), g.first(t)} {
		if _, err := g.js.Publish(t.Context(), subject, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	handled, count := &desk{refuse: 3}, &outcomes{}
	o := trigger.NATSOptions{Options: p.options()}
	o.Observe = count.observe
	source, err := trigger.NewNATS(g.js, streamName, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- source.Run(ctx, handled) }()
	await(t, "all events handled", func() bool { return len(handled.seen()) >= len(want) })
	await(t, "what is not ours refused", func() bool { return count.of(trigger.Poison) >= 4 })
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	compare(t, handled.seen(), want)
	if n := count.of(trigger.Retry); n != 3 {
		t.Errorf("%d messages came again, want 3", n)
	}
}

// first waits for the first message of the stream, which is MinIO's: it says what
// happened a moment after it has answered.
func (g *targets) first(t *testing.T) string {
	t.Helper()
	s, err := g.js.Stream(t.Context(), streamName)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "MinIO has told the stream", func() bool {
		_, err := s.GetMsg(t.Context(), 1)
		return err == nil
	})
	m, err := s.GetMsg(t.Context(), 1)
	if err != nil || !bytes.Contains(m.Data, []byte("minio:s3")) {
		t.Fatalf("no message of MinIO's (%v)", err)
	}
	return string(m.Data)
}

// testWebhook: MinIO keeps what is not taken in its queue folder, and
// sends it again.
func (g *targets) testWebhook(t *testing.T) {
	p := newPlace(t, g.minio, "HOOK:webhook")
	handled, count := &desk{refuse: 1}, &outcomes{}
	o := trigger.WebhookOptions{Options: p.options(), TakePoison: true}
	o.Observe = count.observe
	webhook, err := trigger.NewWebhook([]string{g.bearer}, o)
	if err != nil {
		t.Fatal(err)
	}
	handler := webhook.Handler(handled)
	g.hook.Store(&handler)
	defer g.hook.Store(nil)
	want := p.fill(t)
	await(t, "all events handled", func() bool { return len(handled.seen()) >= len(want) })
	await(t, "what is not ours refused", func() bool { return count.of(trigger.Poison) >= 1 })
	compare(t, handled.seen(), want)
	if n := count.of(trigger.Retry); n != 1 {
		t.Errorf("%d messages came again, want 1", n)
	}
}

// testStrangers: nothing without the token, which MinIO has.
func (g *targets) testStrangers(t *testing.T) {
	handled := &desk{}
	webhook, err := trigger.NewWebhook([]string{g.bearer}, trigger.WebhookOptions{})
	if err != nil {
		t.Fatal(err)
	}
	handler := webhook.Handler(handled)
	g.hook.Store(&handler)
	defer g.hook.Store(nil)
	resp, err := http.Post(g.url, "application/json", strings.NewReader(`{"zdr":1,"token":"t"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || len(handled.seen()) != 0 {
		t.Errorf("status %d, %d events", resp.StatusCode, len(handled.seen()))
	}
}
