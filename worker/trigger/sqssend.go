package trigger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// errNotSent says that SQS took the request and not all of its messages.
var errNotSent = errors.New("some nudges were not taken")

// Send queues nudges of ours, ten in one request.
func (q *SQS) Send(ctx context.Context, tokens ...string) error {
	return q.SendLater(ctx, 0, tokens...)
}

// maxDelay is the longest that SQS holds a message back.
const maxDelay = 15 * time.Minute

// SendLater queues nudges that come out after d at the earliest, or after 15
// minutes where d is longer.
func (q *SQS) SendLater(ctx context.Context, d time.Duration, tokens ...string) error {
	bodies, err := nudges(tokens)
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(bodies, sqsBatch) {
		if err := q.send(ctx, seconds(min(max(d, 0), maxDelay)), batch); err != nil {
			return fmt.Errorf("trigger: sqs: send: %w", err)
		}
	}
	return nil
}

func (q *SQS) send(ctx context.Context, delay int32, bodies [][]byte) error {
	in := &sqs.SendMessageBatchInput{QueueUrl: &q.queue}
	for i, b := range bodies {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(string(b)), DelaySeconds: delay,
		})
	}
	out, err := q.client.SendMessageBatch(ctx, in)
	if err != nil {
		q.o.broken(ctx, SourceSQS, err)
		return plain(err)
	}
	if len(out.Failed) > 0 {
		return errNotSent
	}
	return nil
}

// plain replaces an error of a client by its code: its text can quote URLs.
func plain(err error) error {
	for _, ours := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ours) {
			return ours
		}
	}
	return errors.New(codeOf(err))
}
