package trigger

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// acks deletes handled messages: at once, and as many in one request as have
// come together while the request before was under way.
type acks struct {
	in   chan string // receipt handles
	gone chan struct{}
}

// acknowledge starts deleting until close.
func (q *SQS) acknowledge(ctx context.Context) *acks {
	a := &acks{in: make(chan string, sqsBatch), gone: make(chan struct{})}
	go func() {
		defer close(a.gone)
		for first := range a.in {
			q.delete(ctx, a.gather(first))
		}
	}()
	return a
}

// close deletes what is left and waits for it.
func (a *acks) close() { close(a.in); <-a.gone }

// gather takes what is there, without waiting.
func (a *acks) gather(first string) []string {
	handles := []string{first}
	for len(handles) < sqsBatch {
		select {
		case h, ok := <-a.in:
			if !ok {
				return handles
			}
			handles = append(handles, h)
		default:
			return handles
		}
	}
	return handles
}

// delete tries three times. A message that stays comes again, and finds its
// job.
func (q *SQS) delete(ctx context.Context, handles []string) {
	var tries pauses
	for range 3 {
		handles = q.deleteOnce(ctx, handles)
		if len(handles) == 0 || !sleep(ctx, tries.next()/10) {
			return
		}
	}
}

// deleteOnce gives back the handles that are worth another try.
func (q *SQS) deleteOnce(ctx context.Context, handles []string) (left []string) {
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &q.queue}
	for i, h := range handles {
		id := strconv.Itoa(i)
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: &h})
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := q.client.DeleteMessageBatch(ctx, in)
	if err != nil {
		q.o.broken(ctx, SourceSQS, err)
		return handles
	}
	for _, f := range out.Failed {
		i, err := strconv.Atoi(aws.ToString(f.Id))
		if err == nil && i >= 0 && i < len(handles) && !f.SenderFault {
			left = append(left, handles[i])
		}
	}
	return left
}
