package trigger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/zdrworker/zdrworker/worker/trigger"
	"github.com/zdrworker/zdrworker/worker/trigger/natstest"
)

// stream is an embedded NATS server with one stream on the subjects events and
// nudges.
type stream struct {
	js   jetstream.JetStream
	conn *nats.Conn
}

func newStream(t *testing.T) *stream {
	t.Helper()
	s := natstest.Start(t, "ZDR", "events", "nudges", "other")
	return &stream{s.JS, s.Conn}
}

func (s *stream) publish(t *testing.T, bodies ...[]byte) {
	t.Helper()
	for _, b := range bodies {
		if _, err := s.js.Publish(t.Context(), "events", b); err != nil {
			t.Fatal(err)
		}
	}
}

// owed is how many messages a consumer has not been rid of yet. A new consumer
// says none until the server has counted: nothing follows from that alone.
func (s *stream) owed(durable string) int {
	c, err := s.js.Consumer(context.Background(), "ZDR", durable)
	if err != nil {
		return -1
	}
	info, err := c.Info(context.Background())
	if err != nil {
		return -1
	}
	return int(info.NumPending) + info.NumAckPending
}

func (s *stream) source(t *testing.T, o trigger.NATSOptions) *trigger.NATS {
	t.Helper()
	o.Buckets, o.Exchange = names.Buckets, names.Exchange
	o.Subject, o.Also = "nudges", []string{"events"}
	source, err := trigger.NewNATS(s.js, "ZDR", o)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// TestNATSShapes: every shape, doubled and out of order. Poison is terminated.
func TestNATSShapes(t *testing.T) {
	t.Parallel()
	s, log := newStream(t), newBook(t)
	log.marks.Known("key", "inbox/1.md")
	log.marks.Known("bucket", "somebody-elses")
	var want []string
	for name, c := range decoded {
		s.publish(t, message(t, name), message(t, name))
		want = append(want, append(slices.Clone(c.want), c.want...)...)
	}
	s.publish(t, nil, []byte(`{"inbox/1.md":`))
	slices.Sort(want)
	var handled desk
	var counts tally
	start(t, s.source(t, trigger.NATSOptions{Options: trigger.Options{Observe: counts.observe, Logger: log.logger()}}).Run, &handled)
	await(t, "all handled, and nothing owed", func() bool {
		return handled.count() >= len(want) && counts.of(trigger.Poison) >= 4 && s.owed("zdrworker") == 0
	})
	if got := handled.seen(); !slices.Equal(got, want) {
		t.Errorf("handled\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := counts.of(trigger.Poison); n != 4 {
		t.Errorf("%d messages refused, want 4", n)
	}
	lines := log.check(t)
	if has(lines, "message refused", "nats.s3", "bucket_not_allowed") != 2 || has(lines, "message refused", "nats.unknown", "message_not_json") != 2 {
		t.Errorf("log: %v", lines)
	}
	for _, l := range lines {
		if id, _ := l["trace_id"].(string); id == "" {
			t.Errorf("no message id in the log: %v", l)
		}
	}
}

func TestNATSRedelivers(t *testing.T) {
	t.Parallel()
	s := newStream(t)
	handled := desk{answer: func(n int, _ trigger.Event) error {
		if n < 3 {
			return errAway
		}
		return nil
	}}
	s.publish(t, message(t, "minio_created"))
	start(t, s.source(t, trigger.NATSOptions{Options: trigger.Options{Retry: time.Nanosecond}}).Run, &handled)
	await(t, "handled at the third try", func() bool { return handled.count() == 3 && s.owed("zdrworker") == 0 })
}

// TestNATSRenews: a slow handler keeps its message beyond AckWait. The consumer
// was made by somebody else, and its own AckWait counts.
func TestNATSRenews(t *testing.T) {
	t.Parallel()
	s := newStream(t)
	_, err := s.js.CreateConsumer(t.Context(), "ZDR", jetstream.ConsumerConfig{Durable: "theirs", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 12 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	renewed := make(chan struct{}, 100)
	if _, err := s.conn.Subscribe("$JS.ACK.ZDR.theirs.>", func(m *nats.Msg) {
		if string(m.Data) == "+WPI" {
			renewed <- struct{}{}
		}
	}); err != nil {
		t.Fatal(err)
	}
	s.publish(t, message(t, "nudge"))
	handled := desk{answer: func(int, trigger.Event) error {
		for range 3 {
			<-renewed
		}
		return nil
	}}
	start(t, s.source(t, trigger.NATSOptions{Durable: "theirs"}).Run, &handled)
	await(t, "handled", func() bool { return handled.count() > 0 && s.owed("theirs") == 0 })
	if n := handled.count(); n != 1 {
		t.Errorf("delivered %d times, want once", n)
	}
}

// TestNATSGivesBack: what a worker that leaves has not done, another gets at
// once and not after AckWait.
func TestNATSGivesBack(t *testing.T) {
	t.Parallel()
	s := newStream(t)
	s.publish(t, message(t, "nudge"))
	begun := make(chan struct{})
	stop := start(t, s.source(t, trigger.NATSOptions{AckWait: time.Hour, Options: trigger.Options{Grace: time.Millisecond}}).Run,
		trigger.HandlerFunc(func(ctx context.Context, _ trigger.Event) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		}))
	<-begun
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	var second desk
	start(t, s.source(t, trigger.NATSOptions{}).Run, &second)
	await(t, "the second worker has it", func() bool { return second.count() == 1 && s.owed("zdrworker") == 0 })
}

func TestNATSSend(t *testing.T) {
	t.Parallel()
	s := newStream(t)
	var counts tally
	source := s.source(t, trigger.NATSOptions{Options: trigger.Options{Parallel: 3, Observe: counts.observe}})
	var tokens []string
	for i := range 50 {
		tokens = append(tokens, strings.Repeat("n", i+1))
	}
	if err := source.Send(t.Context(), tokens...); err != nil {
		t.Fatal(err)
	}
	if err := source.Send(t.Context(), "fine", "inbox/1.md"); err == nil {
		t.Error("a name went into the stream")
	}
	if _, err := s.js.Publish(t.Context(), "other", []byte("not for us")); err != nil {
		t.Fatal(err)
	}
	var handled desk
	other := s.source(t, trigger.NATSOptions{Options: trigger.Options{Observe: counts.observe}})
	start(t, source.Run, &handled)
	start(t, other.Run, &handled)
	await(t, "all handled", func() bool { return handled.count() == 50 && s.owed("zdrworker") == 0 })
	if n := counts.of(trigger.Poison); n != 0 {
		t.Errorf("%d messages of another subject were taken", n)
	}
}

func TestNATSWithoutItsStream(t *testing.T) {
	t.Parallel()
	s, log := newStream(t), newBook(t)
	log.marks.Known("stream", "SECRET-STREAM")
	o := trigger.NATSOptions{Options: trigger.Options{Logger: log.logger()}}
	source, err := trigger.NewNATS(s.js, "SECRET-STREAM", o)
	if err != nil {
		t.Fatal(err)
	}
	gone := source.Run(t.Context(), &desk{})
	if !errors.Is(gone, trigger.ErrSource) {
		t.Errorf("no stream: %v, want ErrSource", gone)
	}
	if err := source.Send(t.Context(), "token"); err == nil {
		t.Error("Send without a subject went well")
	}
	s.conn.Close()
	closed := s.source(t, o).Run(t.Context(), &desk{})
	if !errors.Is(closed, trigger.ErrSource) {
		t.Errorf("closed connection: %v, want ErrSource", closed)
	}
	sent := s.source(t, o).Send(t.Context(), "token")
	if sent == nil {
		t.Error("Send over a closed connection went well")
	}
	log.marks.Assert(t, "errors", fmt.Appendf(nil, "%v %v %v", gone, closed, sent))
	if lines := log.check(t); has(lines, "source does not answer", "nats", "nats_10059") != 1 {
		t.Errorf("log: %v", lines)
	}
}

// TestNATSRefusesOtherAcks: of a consumer that needs no acknowledgement, or
// takes one for all before it, messages would be lost with the worker.
func TestNATSRefusesOtherAcks(t *testing.T) {
	t.Parallel()
	for durable, policy := range map[string]jetstream.AckPolicy{"none": jetstream.AckNonePolicy, "all": jetstream.AckAllPolicy} {
		s := newStream(t)
		if _, err := s.js.CreateConsumer(t.Context(), "ZDR", jetstream.ConsumerConfig{Durable: durable, AckPolicy: policy}); err != nil {
			t.Fatal(err)
		}
		s.publish(t, message(t, "s3_created"))
		var handled desk
		log := newBook(t)
		log.marks.Known("key", "inbox/1.md")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := s.source(t, trigger.NATSOptions{Options: trigger.Options{Logger: log.logger()}, Durable: durable}).Run(ctx, &handled)
		cancel()
		if !errors.Is(err, trigger.ErrSource) || handled.count() != 0 {
			t.Errorf("%s: %v, %d handled", durable, err, handled.count())
		}
		// The consumer counts a message a moment after the stream has it.
		await(t, durable+": the message is still owed", func() bool { return s.owed(durable) == 1 })
		if lines := log.check(t); has(lines, "source does not answer", "nats", "acks_not_explicit") != 1 {
			t.Errorf("%s: the log does not say why: %v", durable, lines)
		}
	}
}
