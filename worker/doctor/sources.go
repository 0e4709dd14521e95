package doctor

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/zdrworker/zdrworker/worker/config"
)

// lookAtSources asks each queue whether it is there. Nothing is taken from it.
func lookAtSources(ctx context.Context, x *checkup) {
	for _, f := range x.c.Sources {
		switch f.Kind() {
		case config.FeedSQS:
			x.sqs(ctx, f.SQS)
		case config.FeedNATS:
			x.nats(ctx, f.NATS)
		case config.FeedWebhook:
			x.webhook(f.Webhook)
		}
	}
	if len(x.c.Sources) == 0 {
		x.ok("", "none: this configuration is for commands that are given documents")
	}
}

func (x *checkup) sqs(ctx context.Context, queue string) {
	client, err := x.c.SQS(ctx, queue)
	if err != nil {
		x.fail(config.FeedSQS, "the queue's URL cannot be used", "check sources.sqs")
		return
	}
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		x.sqsFailed(err)
		return
	}
	x.queue(out.Attributes)
}

// queue looks at how a queue is set up.
func (x *checkup) queue(is map[string]string) {
	switch {
	case is[string(types.QueueAttributeNameRedrivePolicy)] == "":
		x.warn(config.FeedSQS, "the queue answers, and has no dead-letter queue: a message that is never understood comes back for ever", "give it a redrive policy")
	case is[string(types.QueueAttributeNameKmsMasterKeyId)] == "" && is[string(types.QueueAttributeNameSqsManagedSseEnabled)] != "true":
		x.warn(config.FeedSQS, "the queue answers, and is not encrypted: its messages hold names of documents", "encrypt it, with a key that S3 may use")
	default:
		x.ok(config.FeedSQS, "the queue answers, is encrypted, and has a dead-letter queue")
	}
}

// sqsFailed says what SQS answered, by its code: its texts quote the queue.
func (x *checkup) sqsFailed(err error) {
	var api smithy.APIError
	var re *http.ResponseError
	switch {
	case errors.As(err, &api) && strings.Contains(api.ErrorCode(), "AccessDenied"):
		x.unknown(config.FeedSQS, "whether the queue is there cannot be told: these credentials may not ask", "allow sqs:GetQueueAttributes, or look yourself")
	case errors.As(err, &re) && re.HTTPStatusCode() >= 400 && re.HTTPStatusCode() < 500:
		x.fail(config.FeedSQS, "the queue does not exist, or is not these credentials'", "check sources.sqs and what the worker may do there")
	default:
		x.add(Finding{Of: config.FeedSQS, Status: Fail, Saw: "the queue does not answer", Do: "try again; check network and sources.sqs", Cause: Unreachable})
	}
}

func (x *checkup) nats(ctx context.Context, f config.NATSFeed) {
	conn, err := x.c.NATS(f)
	if err != nil {
		x.fail(config.FeedNATS, "the NATS client cannot be set up", "check sources.nats and its files")
		return
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, x.o.Timeout/11) // 5 seconds, if nobody asked for more
	defer cancel()
	js, err := jetstream.New(conn)
	if err == nil {
		_, err = js.Stream(ctx, f.Stream)
	}
	switch {
	case err == nil:
		x.ok(config.FeedNATS, "the stream is there")
	case errors.Is(err, jetstream.ErrStreamNotFound):
		x.fail(config.FeedNATS, "the stream does not exist", "make it, with the subjects that the buckets publish to")
	default:
		x.add(Finding{Of: config.FeedNATS, Status: Fail, Saw: "NATS does not answer, or has no JetStream", Do: "check network, sources.nats and its credentials", Cause: Unreachable})
	}
}

func (x *checkup) webhook(f config.WebhookFeed) {
	data, err := os.ReadFile(x.c.Beside(f.TokenFile))
	if err != nil || len(strings.Fields(string(data))) == 0 {
		x.fail(config.FeedWebhook, "the file with bearer tokens cannot be read, or is empty", "write a token of at least 16 bytes on a line of it: `openssl rand -hex 32`")
		return
	}
	x.unknown(config.FeedWebhook, "whether the sender reaches the address and knows the token cannot be told from here", "have it send an event, and look at zdrworker_trigger_messages_total")
}
