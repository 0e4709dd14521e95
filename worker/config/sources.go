package config

import (
	"net"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// The kinds of feed: of sources in the file.
const (
	FeedSQS      = "sqs"
	FeedNATS     = "nats"
	FeedWebhook  = "webhook"
	FeedScan     = "scan"
	FeedSchedule = "schedule"
)

// Feed is where `serve` takes nudges from: one entry of sources.
type Feed struct {
	SQS      string // URL of a queue
	NATS     NATSFeed
	Webhook  WebhookFeed
	Scan     ScanFeed
	Schedule ScheduleFeed

	line, column int
}

// NATSFeed is a JetStream stream.
type NATSFeed struct {
	URL, Stream, Durable, Subject string
	Events                        []string // subjects
	CredentialsFile               string
}

// WebhookFeed is an address to listen on.
type WebhookFeed struct {
	Address    string
	TokenFile  string // bearer tokens, one a line
	TakePoison bool
}

// ScanFeed is a prefix that is listed again and again.
type ScanFeed struct {
	Prefix string
	Every  time.Duration
}

// ScheduleFeed says how often the fleet is swept.
type ScheduleFeed struct{ Every time.Duration }

// Kind says which of the kinds the entry is, "" when it is none.
func (s Feed) Kind() string {
	switch {
	case s.SQS != "":
		return FeedSQS
	case !reflect.DeepEqual(s.NATS, NATSFeed{}):
		return FeedNATS
	case s.Webhook != WebhookFeed{}:
		return FeedWebhook
	case s.Scan != ScanFeed{}:
		return FeedScan
	case s.Schedule != ScheduleFeed{}:
		return FeedSchedule
	}
	return ""
}

func ofFeed(f func(*Feed) any) func(any) any { return func(v any) any { return f(v.(*Feed)) } }

// feedKeys is every key of one entry of sources.
var feedKeys = []Key{
	{
		Path: "sources[].sqs", Doc: "URL of a standard SQS queue with the buckets' events.", check: checkURL,
		field: ofFeed(func(s *Feed) any { return &s.SQS }),
	},
	{
		Path: "sources[].nats.url", Doc: "NATS servers, nats://host:port or tls://host:port, several with commas.", check: checkNATS,
		field: ofFeed(func(s *Feed) any { return &s.NATS.URL }),
	},
	{
		Path: "sources[].nats.stream", Doc: "JetStream stream with the buckets' events.",
		field: ofFeed(func(s *Feed) any { return &s.NATS.Stream }),
	},
	{
		Path: "sources[].nats.durable", Doc: "Consumer that all workers share; zdrworker when empty.",
		field: ofFeed(func(s *Feed) any { return &s.NATS.Durable }),
	},
	{
		Path: "sources[].nats.subject", Doc: "Subject of the stream that what a sweep finds is published to, so that the fleet shares it.",
		field: ofFeed(func(s *Feed) any { return &s.NATS.Subject }),
	},
	{
		Path: "sources[].nats.events", Doc: "Subjects of the buckets' events, where subject is set; else all of the stream is taken.",
		field: ofFeed(func(s *Feed) any { return &s.NATS.Events }),
	},
	{
		Path: "sources[].nats.credentials_file", Doc: "File with the credentials of a NATS user.",
		field: ofFeed(func(s *Feed) any { return &s.NATS.CredentialsFile }),
	},
	{
		Path: "sources[].webhook.address", Doc: "Address to listen on for posted events, such as :8080.", check: checkListen,
		field: ofFeed(func(s *Feed) any { return &s.Webhook.Address }),
	},
	{
		Path: "sources[].webhook.token_file", Doc: "File with the bearer tokens that are let in, one a line, each of at least 16 bytes.",
		field: ofFeed(func(s *Feed) any { return &s.Webhook.TokenFile }),
	},
	{
		Path: "sources[].webhook.take_poison", Doc: "Answer 200 to a message that is refused, for a sender that would repeat it for ever.", Default: "false",
		field: ofFeed(func(s *Feed) any { return &s.Webhook.TakePoison }),
	},
	{
		Path: "sources[].scan.prefix", Doc: "Prefix of the store bucket to list.",
		field: ofFeed(func(s *Feed) any { return &s.Scan.Prefix }),
	},
	{
		Path: "sources[].scan.every", Doc: "How often; 6h when empty.", check: checkPositive,
		field: ofFeed(func(s *Feed) any { return &s.Scan.Every }),
	},
	{
		Path: "sources[].schedule.every", Doc: "How often the fleet is swept for what nobody noticed; 1m without this source.", check: checkPositive,
		field: ofFeed(func(s *Feed) any { return &s.Schedule.Every }),
	},
}

func checkNATS(s string) string {
	for one := range strings.SplitSeq(s, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		switch {
		case err != nil, u.Scheme != "nats" && u.Scheme != "tls", u.Host == "":
			return "nats://host:port or tls://host:port is wanted"
		case u.User != nil:
			return "a URL with a user name or password is refused"
		}
	}
	return ""
}

func checkListen(s string) string {
	_, port, err := net.SplitHostPort(s)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n > 65535 {
		return "host:port or :port is wanted"
	}
	return ""
}

// sources reads the list of sources.
func (r *reader) sources(n ast.Node) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if n.Type() != ast.NullType {
			r.wrong(n, "sources", "a list is wanted, each entry one source", "")
		}
		return
	}
	for _, entry := range seq.Values {
		s := Feed{}
		pos := entry.GetToken().Position
		s.line, s.column = pos.Line, pos.Column
		before := len(r.errs)
		r.mapping(entry, "sources[].", feedKeys, &s)
		if len(r.errs) == before {
			r.source(entry, s)
		}
		r.config.Sources = append(r.config.Sources, s)
	}
}

// source checks one entry.
func (r *reader) source(entry ast.Node, s Feed) {
	kinds := map[string]bool{}
	for _, k := range feedKeys {
		if text := strings.Join(k.text(&s), ""); text != "" && text != "0s" && text != "false" {
			kind, _, _ := strings.Cut(strings.TrimPrefix(k.Path, "sources[]."), ".")
			kinds[kind] = true
		}
	}
	switch {
	case len(kinds) != 1:
		r.wrong(entry, "sources", "one source an entry is wanted: sqs, nats, webhook, scan or schedule", "")
	case s.Kind() == FeedNATS && (s.NATS.URL == "" || s.NATS.Stream == ""):
		r.wrong(entry, "sources.nats", "url and stream are wanted", "")
	case s.Kind() == FeedNATS && (s.NATS.Subject == "") != (len(s.NATS.Events) == 0):
		r.wrong(entry, "sources.nats", "subject and events go together", "subject is where nudges of sweeps go, events are the subjects of the buckets")
	case s.Kind() == FeedWebhook && (s.Webhook.Address == "" || s.Webhook.TokenFile == ""):
		r.wrong(entry, "sources.webhook", "address and token_file are wanted", "")
	}
}

// checkSources finds what the sources say of each other.
func (c *Config) checkSources(wrong func(s Feed, key, text, hint string)) {
	schedules := 0
	for _, s := range c.Sources {
		switch s.Kind() {
		case FeedSchedule:
			if schedules++; schedules > 1 {
				wrong(s, "sources.schedule", "stands twice", "one schedule is enough")
			}
		case FeedScan:
			for _, own := range []string{"results/", "failures/", "zdr/"} {
				if strings.HasPrefix(s.Scan.Prefix, own) {
					wrong(s, "sources.scan.prefix", "belongs to the worker: results/, failures/ and zdr/ are no sources", "")
				}
			}
		}
	}
}
