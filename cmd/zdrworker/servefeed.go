package main

import (
	"context"
	"os"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/trigger"
)

// feed makes one source of the configuration.
func (s *service) feed(ctx context.Context, c config.Feed) (feed, error) {
	switch c.Kind() {
	case config.FeedSQS:
		return s.sqs(ctx, c.SQS)
	case config.FeedNATS:
		return s.nats(c.NATS)
	case config.FeedWebhook:
		return s.webhook(c.Webhook)
	}
	return s.scan(c.Scan)
}

// sqs takes messages of a queue.
func (s *service) sqs(ctx context.Context, queue string) (feed, error) {
	client, err := s.config.SQS(ctx, queue)
	if err != nil {
		return feed{}, err
	}
	source, err := trigger.NewSQS(client, queue, trigger.SQSOptions{Options: s.options()})
	if err != nil {
		return feed{}, err
	}
	s.share(source)
	return feed{kind: config.FeedSQS, run: source.Run}, nil
}

// share lets sweeps put what they found into the first queue that can take it.
func (s *service) share(to trigger.Sender) {
	if s.nudges == nil {
		s.nudges = to
	}
}

func (s *service) nats(c config.NATSFeed) (feed, error) {
	connection, err := s.config.NATS(c)
	if err != nil {
		return feed{}, &failure{code: codeSource, text: "the NATS client cannot be set up", hint: "check sources.nats and its files"}
	}
	s.closers = append(s.closers, connection.Close)
	js, err := jetstream.New(connection)
	if err != nil {
		return feed{}, err
	}
	source, err := trigger.NewNATS(js, c.Stream, trigger.NATSOptions{Options: s.options(), Durable: c.Durable, Subject: c.Subject, Also: c.Events})
	if err != nil {
		return feed{}, err
	}
	if c.Subject != "" {
		s.share(source)
	}
	return feed{kind: config.FeedNATS, run: source.Run}, nil
}

func (s *service) webhook(c config.WebhookFeed) (feed, error) {
	data, err := os.ReadFile(s.config.Beside(c.TokenFile))
	if err != nil {
		return feed{}, err
	}
	source, err := trigger.NewWebhook(strings.Fields(string(data)), trigger.WebhookOptions{Options: s.options(), TakePoison: c.TakePoison})
	if err != nil {
		return feed{}, &failure{code: codeConfigInvalid, text: "sources.webhook.token_file has no bearer token that can be used", hint: "one a line, each of at least 16 bytes: `openssl rand -hex 32`"}
	}
	l, err := listen("sources.webhook.address", c.Address)
	if err != nil {
		return feed{}, err
	}
	s.closers = append(s.closers, func() { _ = l.Close() })
	return feed{kind: config.FeedWebhook, address: l.Addr().String(), run: func(ctx context.Context, h trigger.Handler) error {
		return source.Serve(ctx, l, h)
	}}, nil
}

func (s *service) scan(c config.ScanFeed) (feed, error) {
	source, err := trigger.NewScan(s.Store, trigger.ScanOptions{Options: s.options(), Prefix: c.Prefix, Every: c.Every})
	if err != nil {
		return feed{}, err
	}
	return feed{kind: config.FeedScan, run: source.Run}, nil
}
