package trigger

import (
	"errors"
	"log/slog"
	"time"
)

// Options is what all transports share. The zero value works, and refuses
// every event of a bucket.
type Options struct {
	// Buckets are the names of the buckets that documents may lie in. Default:
	// none, every event of a bucket is refused.
	Buckets []string
	// Exchange is the bucket that the provider writes to: an object under its
	// outbox prefix is a Result, everything else in it is passed over.
	// Default: none.
	Exchange string
	// MaxBytes is the largest message that is read. Default: 1 MiB, the largest
	// that SQS carries.
	MaxBytes int
	// Parallel is how many messages are handled at the same time. Default: 16.
	Parallel int
	// Limit is how long the handling of one message may take. Default: 15
	// minutes.
	Limit time.Duration
	// Grace is how long handlers at work may go on when Run is to end. Default:
	// 10 seconds.
	Grace time.Duration
	// Retry is how long a message rests after its handler failed for the first
	// time; it doubles up to 15 minutes. Whole seconds count, so that less than
	// one is at once. Default: 30 seconds.
	Retry time.Duration
	// Logger gets a line for what went wrong, with codes and no names. Default:
	// nothing is logged.
	Logger *slog.Logger
	// Observe is told the outcome of every message, for a counter. It must not
	// block. Default: nobody is told.
	Observe func(Source, Outcome)
}

// Source names a transport, as logs and metrics do.
type Source string

// The sources.
const (
	SourceSQS      Source = "sqs"    // a queue, also one whose messages a function is given
	SourceLambda   Source = "lambda" // an event that a function was called with
	SourceNATS     Source = "nats"
	SourceWebhook  Source = "webhook"
	SourceScan     Source = "scan"
	SourceSchedule Source = "schedule"
)

// Outcome is what became of a message.
type Outcome string

// The outcomes.
const (
	Handled Outcome = "handled" // durable, acknowledged
	Poison  Outcome = "poison"  // refused for good
	Retry   Outcome = "retry"   // comes again later
	Broken  Outcome = "error"   // no message: the source itself did not answer
)

const (
	defaultMaxBytes = 1 << 20
	maxRetry        = 15 * time.Minute
)

func (o Options) withDefaults() Options {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Parallel == 0 {
		o.Parallel = 16
	}
	if o.Limit == 0 {
		o.Limit = 15 * time.Minute
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.Retry == 0 {
		o.Retry = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(Source, Outcome) {}
	}
	return o
}

func (o Options) validate() error {
	if o.MaxBytes < 0 || o.Parallel < 0 || o.Limit < 0 || o.Grace < 0 || o.Retry < 0 {
		return errors.New("trigger: options: MaxBytes, Parallel, Limit, Grace and Retry must not be negative")
	}
	return nil
}

// LogValue logs the numbers; buckets have names.
func (o Options) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("buckets", len(o.Buckets)), slog.Int("max_bytes", o.MaxBytes),
		slog.Int("parallel", o.Parallel), slog.Duration("limit", o.Limit), slog.Duration("grace", o.Grace),
		slog.Duration("retry", o.Retry))
}

// rest is how long a message rests after its n-th delivery failed.
func (o Options) rest(n int) time.Duration {
	d := o.Retry
	for ; n > 1 && d < maxRetry; n-- {
		d *= 2
	}
	return min(d, maxRetry)
}
