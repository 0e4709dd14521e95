package trigger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// NATSOptions is the settings of a NATS source.
type NATSOptions struct {
	Options
	// Durable is the consumer that all workers share. It is used as it is, or
	// made: explicit acknowledgement, AckWait, any number of deliveries. One that
	// acknowledges otherwise is refused. Default: "zdrworker".
	Durable string
	// Subject is where Send publishes; the stream must take it in. It also
	// filters a consumer that is made here, together with Also. Default: none;
	// everything in the stream is taken and Send is refused.
	Subject string
	// Also are further subjects that a consumer made here takes, such as the one
	// that MinIO publishes to. Default: none.
	Also []string
	// AckWait is how long a message stays hidden from others without a sign of
	// life; while its handler works it is renewed at half of it. For a consumer
	// that was there before, its own AckWait counts. Default: 1 minute.
	AckWait time.Duration
	// Wait is how long one request waits for messages. Default: 20 seconds.
	Wait time.Duration
}

// NATS brings messages of one JetStream stream. MinIO publishes to one natively
// (notify_nats with jetstream=on).
type NATS struct {
	js     jetstream.JetStream
	stream string
	o      NATSOptions
}

// NewNATS makes a source of a stream. The connection beneath js is the caller's
// and stays open.
func NewNATS(js jetstream.JetStream, stream string, o NATSOptions) (*NATS, error) {
	if js == nil || stream == "" {
		return nil, errors.New("trigger: nats: a JetStream and a stream are required")
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.Options = o.withDefaults()
	if o.Durable == "" {
		o.Durable = "zdrworker"
	}
	if o.AckWait == 0 {
		o.AckWait = time.Minute
	}
	if o.Wait == 0 {
		o.Wait = 20 * time.Second
	}
	if o.AckWait < time.Second || o.Wait < time.Second {
		return nil, errors.New("trigger: nats: AckWait and Wait must be at least 1 second")
	}
	return &NATS{js, stream, o}, nil
}

// Run takes messages until ctx ends, and then returns nil. ErrSource: the
// stream does not exist, its consumer cannot be used, or the connection was
// closed for good. Other failures are logged and tried again, ever slower.
func (n *NATS) Run(ctx context.Context, h Handler) error {
	work, end := outlive(ctx, n.o.Grace)
	defer end()
	defer n.flush()
	crew := newCrew(n.o.Parallel)
	defer crew.wait()
	var tries pauses
	for ctx.Err() == nil {
		err := n.consume(ctx, work, h, crew, &tries)
		if err == nil || ctx.Err() != nil {
			continue
		}
		n.o.broken(ctx, SourceNATS, err)
		if errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, errAcks) {
			return fmt.Errorf("trigger: nats: consume: %w", ErrSource)
		}
		sleep(ctx, tries.next())
	}
	return nil
}

// consume looks the consumer up and fetches from it until something fails.
func (n *NATS) consume(ctx, work context.Context, h Handler, crew *crew, tries *pauses) error {
	c, err := n.consumer(ctx)
	if err != nil {
		return err
	}
	config := c.CachedInfo().Config
	if config.AckPolicy != jetstream.AckExplicitPolicy {
		return errAcks
	}
	renew := config.AckWait / 2
	for ctx.Err() == nil {
		crew.breathe(ctx)
		free := crew.reserve(ctx, n.o.Parallel)
		if free == 0 {
			return nil
		}
		taken, err := n.fetch(ctx, c, free, func(m jetstream.Msg) {
			crew.work(func() Outcome { return n.take(work, ctx, h, m, renew) })
		})
		crew.release(free - taken)
		if err != nil {
			return err
		}
		tries.reset()
	}
	return nil
}

// errAcks: of such a consumer a message is gone before its job is durable, or
// with a later one that was quicker.
var errAcks = errors.New("the consumer's acknowledgements are not explicit")

// consumer finds the durable consumer, or makes it.
func (n *NATS) consumer(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := n.js.Consumer(ctx, n.stream, n.o.Durable)
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return c, err
	}
	made := jetstream.ConsumerConfig{Durable: n.o.Durable, AckPolicy: jetstream.AckExplicitPolicy, AckWait: n.o.AckWait, MaxDeliver: -1}
	if n.o.Subject != "" {
		made.FilterSubjects = append([]string{n.o.Subject}, n.o.Also...)
	}
	return n.js.CreateOrUpdateConsumer(ctx, n.stream, made)
}

// fetch asks for as many messages as can be handled now, and passes each on as
// it comes.
func (n *NATS) fetch(ctx context.Context, c jetstream.Consumer, most int, each func(jetstream.Msg)) (taken int, err error) {
	within, cancel := context.WithTimeout(ctx, n.o.Wait)
	defer cancel()
	batch, err := c.Fetch(most, jetstream.FetchContext(within))
	if err != nil {
		return 0, err
	}
	for m := range batch.Messages() {
		taken++
		each(m)
	}
	if err := batch.Error(); err != nil && within.Err() == nil {
		return taken, err
	}
	return taken, nil
}

// take handles one message and says what became of it.
func (n *NATS) take(work, running context.Context, h Handler, m jetstream.Msg, renew time.Duration) Outcome {
	stop := every(work, renew, func(context.Context) { _ = m.InProgress() })
	defer stop() // after a panic too, or the message would never come again
	err := Deliver(work, m.Data(), h, n.o.Options)
	stop()
	id, tries := "", 1
	if meta, err := m.Metadata(); err == nil {
		id, tries = strconv.FormatUint(meta.Sequence.Stream, 10), int(meta.NumDelivered)
	}
	became := n.o.tell(work, SourceNATS, id, err)
	// What cannot be said now needs not be: the message comes again by itself.
	switch {
	case became == Handled:
		_ = m.Ack()
	case became == Poison:
		_ = m.TermWithReason(string(refusalOf(err).Reason))
	case running.Err() != nil:
		_ = m.Nak()
	default:
		_ = m.NakWithDelay(n.o.rest(tries).Truncate(time.Second))
	}
	return became
}

// flush sends what was said last before the caller may close the connection.
func (n *NATS) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = n.js.Conn().FlushWithContext(ctx)
}

// errNoSubject says that a source was made without a subject to publish to.
var errNoSubject = errors.New("no subject to publish to")

// Send publishes nudges of ours to the subject. The stream has them when it
// returns nil.
func (n *NATS) Send(ctx context.Context, tokens ...string) error {
	bodies, err := nudges(tokens)
	if err != nil {
		return err
	}
	if n.o.Subject == "" {
		return fmt.Errorf("trigger: nats: send: %w", errNoSubject)
	}
	for _, b := range bodies {
		if _, err := n.js.Publish(ctx, n.o.Subject, b); err != nil {
			n.o.broken(ctx, SourceNATS, err)
			return fmt.Errorf("trigger: nats: send: %w", plain(err))
		}
	}
	return nil
}
