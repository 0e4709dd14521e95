package trigger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Admiral-Piett/goaws/app/gosqs"
	"github.com/Admiral-Piett/goaws/app/models"
	"github.com/Admiral-Piett/goaws/app/router"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/sirupsen/logrus"

	"github.com/zdrworker/zdrworker/worker/trigger"
)

// queueServer is one goaws for all tests: its state belongs to the process.
// Its queues are all made before the first request, because it looks them up
// without a lock.
var queueServer = sync.OnceValue(func() *sqs.Client {
	logrus.SetOutput(io.Discard) // it logs the bodies of messages
	server := httptest.NewServer(router.New())
	address, _ := url.Parse(server.URL)
	models.CurrentEnvironment.Host, models.CurrentEnvironment.Port = address.Hostname(), address.Port()
	models.CurrentEnvironment.Region = ""
	client := queueClient(server.URL)
	for _, test := range queueTests {
		for _, name := range []string{test + "-dlq", test} {
			in := &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{}}
			if name == test {
				in.Attributes["RedrivePolicy"] = `{"maxReceiveCount":"2","deadLetterTargetArn":"arn:aws:sqs::accountID:` + test + `-dlq"}`
			}
			if _, err := client.CreateQueue(context.Background(), in); err != nil {
				panic(err)
			}
		}
	}
	go gosqs.PeriodicTasks(10*time.Millisecond, make(chan bool))
	return client
})

var queueTests = []string{
	"TestSQSShapes", "TestSQSRedelivers", "TestSQSRedrive", "TestSQSBuries", "TestSQSRenews", "TestSQSLongPoll",
	"TestSQSFinishes", "TestSQSSend", "TestSQSManyWorkers",
}

// queue is a test's own queue.
type queue struct {
	client       *sqs.Client
	name, url    string
	receives     atomic.Int32
	renewals     chan struct{}
	longestBatch atomic.Int32
	given        atomic.Int32 // receives that were given up
}

func newQueue(t *testing.T) *queue {
	q := &queue{client: queueServer(), name: t.Name(), renewals: make(chan struct{}, 1000)}
	out, err := q.client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &q.name})
	if err != nil {
		t.Fatal(err)
	}
	q.url = *out.QueueUrl
	// The test may run for the second time in this process.
	for _, url := range []string{q.url, q.url + "-dlq"} {
		if _, err := q.client.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: &url}); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

func (q *queue) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, o ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	q.receives.Add(1)
	out, err := q.client.ReceiveMessage(ctx, in, o...)
	if ctx.Err() != nil {
		q.given.Add(1)
	}
	return out, err
}

func (q *queue) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, o ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	q.longestBatch.Store(max(q.longestBatch.Load(), int32(len(in.Entries))))
	return q.client.DeleteMessageBatch(ctx, in, o...)
}

func (q *queue) ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, o ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	q.renewals <- struct{}{}
	return q.client.ChangeMessageVisibility(ctx, in, o...)
}

func (q *queue) SendMessage(ctx context.Context, in *sqs.SendMessageInput, o ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	return q.client.SendMessage(ctx, in, o...)
}

func (q *queue) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, o ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	return q.client.SendMessageBatch(ctx, in, o...)
}

// put sends messages as they are.
func (q *queue) put(t *testing.T, bodies ...[]byte) {
	t.Helper()
	for _, b := range bodies {
		_, err := q.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String(string(b))})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// left gives the bodies in a queue, hidden ones too.
func (q *queue) left(suffix string) []string {
	models.SyncQueues.Lock()
	defer models.SyncQueues.Unlock()
	var bodies []string
	for _, m := range models.SyncQueues.Queues[q.name+suffix].Messages {
		bodies = append(bodies, m.MessageBody)
	}
	return bodies
}

func (q *queue) source(t *testing.T, o trigger.SQSOptions) *trigger.SQS {
	t.Helper()
	o.Buckets, o.Exchange = names.Buckets, names.Exchange
	s, err := trigger.NewSQS(q, q.url, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSQSShapes: every shape through a queue, doubled and out of order. What
// is good is handled and gone; what is not stays for the redrive policy.
func TestSQSShapes(t *testing.T) {
	t.Parallel()
	q, log := newQueue(t), newBook(t)
	log.marks.Known("key", "inbox/1.md")
	log.marks.Known("bucket", "somebody-elses")
	var want []string
	good := 0
	for name, c := range decoded {
		q.put(t, message(t, name), message(t, name))
		want = append(want, append(slices.Clone(c.want), c.want...)...)
		if c.reason == "" {
			good += 2
		}
	}
	q.put(t, []byte(`{"inbox/1.md":`))
	slices.Sort(want)
	var handled desk
	var counts tally
	start(t, q.source(t, trigger.SQSOptions{Options: trigger.Options{Observe: counts.observe, Logger: log.logger()}}).Run, &handled)
	await(t, "three poisonous messages are left", func() bool { return len(q.left("")) == 3 && counts.of(trigger.Poison) == 3 })
	if got := handled.seen(); !slices.Equal(got, want) {
		t.Errorf("handled\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := counts.of(trigger.Handled); n != good {
		t.Errorf("%d messages handled, want %d", n, good)
	}
	if n := q.longestBatch.Load(); n > 10 {
		t.Errorf("a delete of %d messages", n)
	}
	lines := log.check(t)
	if has(lines, "message refused", "sqs.s3", "bucket_not_allowed") != 2 || has(lines, "message refused", "sqs.unknown", "message_not_json") != 1 {
		t.Errorf("log: %v", lines)
	}
	for _, l := range lines {
		if id, _ := l["trace_id"].(string); len(id) != 36 {
			t.Errorf("no message id in the log: %v", l)
		}
	}
}

func TestSQSRedelivers(t *testing.T) {
	t.Parallel()
	q, log := newQueue(t), newBook(t)
	log.marks.Known("error text", "inbox/secret.md")
	handled := desk{answer: func(n int, _ trigger.Event) error {
		if n == 1 {
			return errAway
		}
		return nil
	}}
	q.put(t, message(t, "s3_created"))
	start(t, q.source(t, trigger.SQSOptions{Options: trigger.Options{Retry: time.Nanosecond, Logger: log.logger()}}).Run, &handled)
	await(t, "handled at the second try", func() bool { return handled.count() == 2 && len(q.left("")) == 0 })
	if n := len(q.left("-dlq")); n != 0 {
		t.Errorf("%d messages in the dead-letter queue", n)
	}
	if lines := log.check(t); has(lines, "message comes again later", "sqs", "unavailable") != 1 {
		t.Errorf("log: %v", lines)
	}
}

// TestSQSRedrive: poison that is left alone goes where the redrive policy says.
func TestSQSRedrive(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	poison := `{"not":"ours"}`
	q.put(t, []byte(poison))
	var handled desk
	var counts tally
	start(t, q.source(t, trigger.SQSOptions{Visibility: time.Second, Options: trigger.Options{Observe: counts.observe}}).Run, &handled)
	// The queue takes it away when its time is over, whether or not the worker has
	// looked at it by then.
	await(t, "poison is in the dead-letter queue", func() bool {
		return slices.Equal(q.left("-dlq"), []string{poison}) && len(q.left("")) == 0 && counts.of(trigger.Poison) >= 2
	})
	if n := counts.of(trigger.Poison); n != 2 || handled.count() != 0 {
		t.Errorf("%d deliveries, want the two that the policy allows; %d events handled", n, handled.count())
	}
}

// TestSQSBuries: with a dead-letter queue of ours, poison goes there at once,
// a handler's word as well as the decoder's.
func TestSQSBuries(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	bodies := []string{`{"not":"ours"}`, string(message(t, "nudge"))}
	q.put(t, []byte(bodies[0]), []byte(bodies[1]))
	handled := desk{answer: func(int, trigger.Event) error { return trigger.ErrPoison }}
	start(t, q.source(t, trigger.SQSOptions{DeadLetter: q.url + "-dlq"}).Run, &handled)
	await(t, "both are buried", func() bool { return len(q.left("-dlq")) == 2 && len(q.left("")) == 0 })
	got := q.left("-dlq")
	slices.Sort(got)
	if slices.Sort(bodies); !slices.Equal(got, bodies) {
		t.Errorf("buried %q, want %q", got, bodies)
	}
}

// TestSQSRenews: a slow handler keeps its message.
func TestSQSRenews(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	q.put(t, message(t, "nudge"))
	handled := desk{answer: func(int, trigger.Event) error {
		for range 3 { // three times half of it: longer than it was hidden at first
			<-q.renewals
		}
		return nil
	}}
	start(t, q.source(t, trigger.SQSOptions{Visibility: 12 * time.Second}).Run, &handled)
	await(t, "handled", func() bool { return len(q.left("")) == 0 })
	if n := handled.count(); n != 1 || len(q.left("-dlq")) != 0 {
		t.Errorf("delivered %d times, want once", n)
	}
}

// TestSQSLongPoll: an idle worker waits in one request, and leaves it at once.
func TestSQSLongPoll(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	var handled desk
	stop := start(t, q.source(t, trigger.SQSOptions{}).Run, &handled)
	await(t, "the first request waits", func() bool { return q.receives.Load() == 1 })
	q.put(t, message(t, "nudge"))
	await(t, "handled", func() bool { return handled.count() == 1 && len(q.left("")) == 0 })
	await(t, "the second request waits", func() bool { return q.receives.Load() == 2 })
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if n := q.receives.Load(); n != 2 {
		t.Errorf("%d requests for one message, want 2", n)
	}
}

// TestSQSFinishes: what is in hand when the worker is told to go is finished
// and deleted.
func TestSQSFinishes(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	q.put(t, message(t, "nudge"))
	begun, goOn := make(chan struct{}), make(chan struct{})
	stop := start(t, q.source(t, trigger.SQSOptions{}).Run, trigger.HandlerFunc(func(ctx context.Context, _ trigger.Event) error {
		close(begun)
		<-goOn
		return ctx.Err()
	}))
	<-begun
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	await(t, "the worker knows that it is to go", func() bool { return q.given.Load() > 0 })
	select {
	case <-ended:
		t.Fatal("Run returned with a handler at work")
	default:
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if n := len(q.left("")); n != 0 {
		t.Errorf("%d messages are left", n)
	}
}

func TestSQSSend(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	source := q.source(t, trigger.SQSOptions{})
	var tokens []string
	for i := range 23 {
		tokens = append(tokens, strings.Repeat("t", i+1))
	}
	if err := source.Send(t.Context(), tokens...); err != nil {
		t.Fatal(err)
	}
	if err := source.Send(t.Context(), "fine", "inbox/1.md"); err == nil {
		t.Error("a name went into the queue")
	}
	if n := len(q.left("")); n != 23 {
		t.Errorf("%d messages, want 23", n)
	}
	var handled desk
	start(t, source.Run, &handled)
	await(t, "all handled", func() bool { return handled.count() == 23 && len(q.left("")) == 0 })
	for _, e := range handled.seen() {
		if !strings.HasPrefix(e, "nudge ") {
			t.Errorf("got %s", e)
		}
	}
}

// TestSQSManyWorkers: workers share a queue, and nothing of it is lost.
func TestSQSManyWorkers(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	source := q.source(t, trigger.SQSOptions{Options: trigger.Options{Parallel: 4}})
	var tokens []string
	for i := range 100 {
		tokens = append(tokens, strings.Repeat("w", i+1))
	}
	if err := source.Send(t.Context(), tokens...); err != nil {
		t.Fatal(err)
	}
	var handled desk
	for range 3 {
		start(t, source.Run, &handled)
	}
	await(t, "all handled", func() bool { return len(q.left("")) == 0 })
	if n := handled.count(); n != 100 {
		t.Errorf("%d deliveries, want 100", n)
	}
}

// TestSQSWithoutItsQueue answers as SQS does when there is no such queue
// (goaws says it in a way of its own that the SDK does not understand).
func TestSQSWithoutItsQueue(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The queue none does not exist."}`)
	}))
	defer server.Close()
	log := newBook(t)
	log.marks.Known("queue", "zdr-nudges-none")
	source, err := trigger.NewSQS(queueClient(server.URL), server.URL+"/1/zdr-nudges-none", trigger.SQSOptions{Options: trigger.Options{Logger: log.logger()}})
	if err != nil {
		t.Fatal(err)
	}
	err = source.Run(t.Context(), &desk{})
	if !errors.Is(err, trigger.ErrSource) {
		t.Errorf("Run: %v, want ErrSource", err)
	}
	sent := source.Send(t.Context(), "token")
	if sent == nil {
		t.Error("Send went well")
	}
	log.marks.Assert(t, "errors", fmt.Appendf(nil, "%v %v", err, sent))
	lines := log.check(t)
	if has(lines, "source does not answer", "sqs", "AWS.SimpleQueueService.NonExistentQueue") != 2 {
		t.Errorf("log: %v", lines)
	}
}

func queueClient(endpoint string) *sqs.Client {
	return sqs.New(sqs.Options{
		Region: "us-east-2", BaseEndpoint: &endpoint, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
}
