package trigger_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/zdrworker/zdrworker/worker/trigger"
)

// still is a queue without a network, for tests of time. Each receive is
// answered by the function.
type still struct {
	trigger.SQSClient
	receive func(ctx context.Context, n int) ([]types.Message, error)

	mu      sync.Mutex
	times   []time.Time
	hidden  []int32
	deleted int
}

func (s *still) ReceiveMessage(ctx context.Context, _ *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	s.mu.Lock()
	s.times = append(s.times, time.Now())
	n := len(s.times)
	s.mu.Unlock()
	m, err := s.receive(ctx, n)
	return &sqs.ReceiveMessageOutput{Messages: m}, err
}

func (s *still) ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = append(s.hidden, in.VisibilityTimeout)
	return &sqs.ChangeMessageVisibilityOutput{}, ctx.Err()
}

func (s *still) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleted += len(in.Entries)
	return &sqs.DeleteMessageBatchOutput{}, ctx.Err()
}

// idle waits as a long poll does.
func idle(ctx context.Context) ([]types.Message, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(20 * time.Second):
		return nil, nil
	}
}

func ours(receives string) types.Message {
	return types.Message{
		MessageId: aws.String("id"), ReceiptHandle: aws.String("handle"), Body: aws.String(`{"zdr":1,"token":"t"}`),
		Attributes: map[string]string{"ApproximateReceiveCount": receives},
	}
}

func (s *still) source(t *testing.T, o trigger.SQSOptions) *trigger.SQS {
	t.Helper()
	source, err := trigger.NewSQS(s, "queue", o)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// TestSQSOutage: a queue that does not answer is asked ever more seldom, at
// least once a minute, and quickly again once it has answered.
func TestSQSOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &still{receive: func(ctx context.Context, n int) ([]types.Message, error) {
			if n == 12 {
				return idle(ctx)
			}
			return nil, errors.New("connection refused")
		}}
		stop := start(t, q.source(t, trigger.SQSOptions{}).Run, &desk{})
		time.Sleep(time.Hour)
		if err := stop(); err != nil {
			t.Error(err)
		}
		gap := func(i int) time.Duration { return q.times[i].Sub(q.times[i-1]) }
		if g := gap(1); g > time.Second {
			t.Errorf("first pause %v", g)
		}
		if g := gap(11); g < 30*time.Second || g > time.Minute {
			t.Errorf("eleventh pause %v, want half a minute to one", g)
		}
		if g := gap(13); g > time.Second {
			t.Errorf("pause after an answer %v", g)
		}
	})
}

// TestSQSHandlerOutage: while the handler fails for everything, messages are
// not worn out: few are taken, and each rests longer than before.
func TestSQSHandlerOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &still{receive: func(_ context.Context, n int) ([]types.Message, error) {
			return []types.Message{ours([]string{"1", "2", "3", "9"}[min(n, 4)-1])}, nil
		}}
		away := desk{answer: func(int, trigger.Event) error { return errAway }}
		stop := start(t, q.source(t, trigger.SQSOptions{Options: trigger.Options{Parallel: 1}}).Run, &away)
		time.Sleep(time.Hour)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n := away.count(); n > 140 {
			t.Errorf("%d messages taken in an hour without a store", n)
		}
		for i, want := range []int32{30, 60, 120, 900} {
			if q.hidden[i] != want {
				t.Errorf("message %d rests %d s, want %d", i, q.hidden[i], want)
			}
		}
		if q.deleted != 0 {
			t.Errorf("%d messages deleted", q.deleted)
		}
	})
}

// TestSQSGrace: a handler that does not end in time loses its context, and its
// message goes back at once. The bubble would not end with a goroutine left.
func TestSQSGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &still{receive: func(ctx context.Context, n int) ([]types.Message, error) {
			if n == 1 {
				return []types.Message{ours("1")}, nil
			}
			return idle(ctx)
		}}
		stop := start(t, q.source(t, trigger.SQSOptions{Options: trigger.Options{Grace: 7 * time.Second}}).Run,
			trigger.HandlerFunc(func(ctx context.Context, _ trigger.Event) error {
				<-ctx.Done()
				return ctx.Err()
			}))
		synctest.Wait()
		told := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(told); took != 7*time.Second {
			t.Errorf("left after %v, want the grace of 7s", took)
		}
		if len(q.hidden) != 1 || q.hidden[0] != 0 || q.deleted != 0 {
			t.Errorf("visibility set to %v, %d deleted; want the message back at once", q.hidden, q.deleted)
		}
	})
}

// TestSQSLimit: a handler that hangs ends with Limit; until then its message is
// renewed.
func TestSQSLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &still{receive: func(ctx context.Context, n int) ([]types.Message, error) {
			if n == 1 {
				return []types.Message{ours("1")}, nil
			}
			return idle(ctx)
		}}
		stop := start(t, q.source(t, trigger.SQSOptions{Options: trigger.Options{Limit: 2*time.Minute + time.Second}}).Run,
			trigger.HandlerFunc(func(ctx context.Context, _ trigger.Event) error {
				<-ctx.Done()
				return ctx.Err()
			}))
		time.Sleep(time.Hour)
		if err := stop(); err != nil {
			t.Error(err)
		}
		want := []int32{60, 60, 60, 60, 30} // every half minute, then its rest
		if len(q.hidden) != len(want) || q.hidden[0] != 60 || q.hidden[4] != 30 {
			t.Errorf("visibility set to %v, want %v", q.hidden, want)
		}
	})
}

// TestPanic: a handler that panics costs its message a delivery and nobody
// anything else.
func TestPanic(t *testing.T) {
	var counts tally
	err := trigger.Deliver(t.Context(), []byte(`{"zdr":1,"token":"t"}`), trigger.HandlerFunc(func(context.Context, trigger.Event) error {
		panic("inbox/secret.md")
	}), trigger.Options{Observe: counts.observe})
	if err == nil || errors.Is(err, trigger.ErrPoison) {
		t.Errorf("got %v, want an error that is tried again", err)
	}
}

// TestDeliver: all events are tried; what may work later goes before what never
// will.
func TestDeliver(t *testing.T) {
	handled := desk{answer: func(n int, _ trigger.Event) error {
		return []error{trigger.ErrPoison, errAway, nil}[n-1]
	}}
	err := trigger.Deliver(t.Context(), message(t, "s3_many"), &handled, names)
	if !errors.Is(err, errAway) || handled.count() != 3 {
		t.Errorf("got %v after %d events, want the error that can be tried again after 3", err, handled.count())
	}
	handled = desk{}
	err = trigger.Deliver(t.Context(), message(t, "s3_foreign"), &handled, names)
	if !errors.Is(err, trigger.ErrPoison) || handled.count() != 1 {
		t.Errorf("got %v after %d events, want poison after the one that is good", err, handled.count())
	}
}
