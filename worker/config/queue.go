package config

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/nats-io/nats.go"

	"github.com/zdrworker/zdrworker/worker/trigger"
)

// SQS is a client for a queue. The queue's URL says where it is: endpoint and
// region of the buckets may be others. Nothing is asked of it yet.
func (c *Config) SQS(ctx context.Context, queue string) (*sqs.Client, error) {
	cfg, err := c.AWS(ctx)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(queue)
	if err != nil {
		return nil, err
	}
	return sqs.NewFromConfig(cfg, func(o *sqs.Options) { trigger.AtQueue(o, u) }), nil
}

// NATS connects to the servers of a stream, and goes on trying where none
// answers. The caller closes the connection.
func (c *Config) NATS(f NATSFeed) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name("zdrworker"), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		// The client would print what the server says to standard error, beside the
		// log. What fails is seen, and logged, where it was asked for.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	if f.CredentialsFile != "" {
		options = append(options, nats.UserCredentials(c.Beside(f.CredentialsFile)))
	}
	if c.CABundle != "" && strings.Contains(f.URL, "tls://") {
		options = append(options, nats.RootCAs(c.Beside(c.CABundle)))
	}
	return nats.Connect(f.URL, options...)
}
