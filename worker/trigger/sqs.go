package trigger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// SQSClient is what is asked of SQS. *sqs.Client is one.
type SQSClient interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibility(context.Context, *sqs.ChangeMessageVisibilityInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error)
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// SQSOptions is the settings of an SQS source.
type SQSOptions struct {
	Options
	// Wait is how long one request waits for a message; at most 20 seconds, in
	// whole seconds. Default: 20 seconds.
	Wait time.Duration
	// Visibility is how long a message stays hidden from others without a sign
	// of life; while its handler works it is renewed at half of it. Whole
	// seconds, at most 12 hours. Default: 1 minute.
	Visibility time.Duration
	// DeadLetter is the URL of a queue that poison is sent to at once, as it
	// came. Default: none; poison stays, and the queue's redrive policy takes it
	// away after its tries.
	DeadLetter string
}

// What SQS allows (AWS SQS developer guide, "Amazon SQS quotas").
const (
	sqsBatch         = 10
	maxSQSWait       = 20 * time.Second
	maxSQSVisibility = 12 * time.Hour
)

// SQS brings messages of one standard queue: S3's events, by whatever way they
// get there, and nudges of ours. The queue needs a redrive policy, or poison
// comes again for ever.
type SQS struct {
	client SQSClient
	queue  string
	o      SQSOptions
}

// NewSQS makes a source of the queue with this URL.
func NewSQS(client SQSClient, queueURL string, o SQSOptions) (*SQS, error) {
	if client == nil || queueURL == "" {
		return nil, errors.New("trigger: sqs: a client and a queue URL are required")
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.Options = o.withDefaults()
	if o.Wait == 0 {
		o.Wait = maxSQSWait
	}
	if o.Visibility == 0 {
		o.Visibility = time.Minute
	}
	if o.Wait < time.Second || o.Wait > maxSQSWait || o.Visibility < time.Second || o.Visibility > maxSQSVisibility {
		return nil, errors.New("trigger: sqs: Wait is 1 to 20 seconds, Visibility 1 second to 12 hours")
	}
	return &SQS{client, queueURL, o}, nil
}

// ErrSource says that a source does not exist, so that waiting would not help.
var ErrSource = errors.New("no such queue, stream or address")

// Run takes messages until ctx ends, and then returns nil. ErrSource: the queue
// does not exist. Other failures are logged and tried again, ever slower.
func (q *SQS) Run(ctx context.Context, h Handler) error {
	work, end := outlive(ctx, q.o.Grace)
	defer end()
	acks := q.acknowledge(work)
	defer acks.close()
	crew := newCrew(q.o.Parallel)
	defer crew.wait()
	var tries pauses
	for ctx.Err() == nil {
		crew.breathe(ctx)
		n := crew.reserve(ctx, sqsBatch)
		messages, err := q.receive(ctx, n)
		crew.release(n - len(messages))
		if err != nil && ctx.Err() == nil {
			q.o.broken(ctx, SourceSQS, err)
			if isGone(err) {
				return fmt.Errorf("trigger: sqs: receive: %w", ErrSource)
			}
			sleep(ctx, tries.next())
			continue
		}
		tries.reset()
		for _, m := range messages {
			crew.work(func() Outcome { return q.take(work, ctx, h, m, acks) })
		}
	}
	return nil
}

func (q *SQS) receive(ctx context.Context, most int) ([]types.Message, error) {
	if most == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, q.o.Wait+30*time.Second)
	defer cancel()
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.queue, MaxNumberOfMessages: int32(most), WaitTimeSeconds: seconds(q.o.Wait), VisibilityTimeout: seconds(q.o.Visibility),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount},
	})
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// take handles one message and says what became of it. running ends when the
// source is to end; work outlives it.
func (q *SQS) take(work, running context.Context, h Handler, m types.Message, acks *acks) Outcome {
	stop := every(work, q.o.Visibility/2, func(ctx context.Context) { q.hide(ctx, m, q.o.Visibility) })
	defer stop() // after a panic too, or the message would never come again
	err := Deliver(work, []byte(aws.ToString(m.Body)), h, q.o.Options)
	stop()
	became := q.o.tell(work, SourceSQS, aws.ToString(m.MessageId), err)
	switch {
	case became == Handled, became == Poison && q.bury(work, m):
		acks.in <- aws.ToString(m.ReceiptHandle)
	case became == Retry:
		q.giveBack(running, m)
	}
	return became
}

// hide keeps a message from others for d from now on. Where that fails, the
// message comes again when its time is over, which does no harm.
func (q *SQS) hide(ctx context.Context, m types.Message, d time.Duration) {
	_, _ = q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.queue, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds(d),
	})
}

// giveBack lets a message come again: later, or at once when this worker leaves.
func (q *SQS) giveBack(running context.Context, m types.Message) {
	d := q.o.rest(deliveries(m))
	if running.Err() != nil {
		d = 0
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(running), 5*time.Second)
	defer cancel()
	q.hide(ctx, m, d)
}

// bury sends poison to the dead-letter queue, where one is set.
func (q *SQS) bury(ctx context.Context, m types.Message) bool {
	if q.o.DeadLetter == "" {
		return false
	}
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.o.DeadLetter, MessageBody: m.Body})
	if err != nil {
		q.o.broken(ctx, SourceSQS, err)
	}
	return err == nil
}

// deliveries is how often a message has been delivered, at least 1.
func deliveries(m types.Message) int {
	n, err := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	if err != nil {
		return 1
	}
	return max(n, 1)
}

func isGone(err error) bool {
	if _, ok := errors.AsType[*types.QueueDoesNotExist](err); ok {
		return true
	}
	_, ok := errors.AsType[*types.InvalidAddress](err)
	return ok
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }
