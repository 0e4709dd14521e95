package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
)

// Lambda takes what a function of AWS Lambda is called with: a batch of an SQS
// queue, or one message of any shape that Decode knows.
type Lambda struct{ o Options }

// NewLambda makes one.
func NewLambda(o Options) (*Lambda, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	return &Lambda{o.withDefaults()}, nil
}

// BatchReply tells an event source mapping with ReportBatchItemFailures which
// messages of a batch are to come again.
type BatchReply struct {
	Failures []BatchFailure `json:"batchItemFailures"`
}

// BatchFailure is one message of them.
type BatchFailure struct {
	ID string `json:"itemIdentifier"`
}

// ErrNoIdentifier says that a message has to come again which has no id: an
// empty one in the reply would mean all, so the call itself has to fail.
var ErrNoIdentifier = errors.New("trigger: lambda: a message without an id has to come again")

// sqsRecord is a message of a batch (AWS Lambda developer guide, "Using Lambda
// with Amazon SQS").
type sqsRecord struct {
	ID     string `json:"messageId"`
	Body   string `json:"body"`
	Source string `json:"eventSource"`
}

// Invoke handles one call. Of a batch it gives the messages that have to come
// again: those that failed, poison for the queue's redrive policy, and, when
// running has ended, those that were not begun; work outlives it. The error of
// any other event is its handler's, or wraps ErrPoison. id names the call in
// logs.
func (l *Lambda) Invoke(running, work context.Context, id string, event []byte, h Handler) (*BatchReply, error) {
	if records, ok := batch(event); ok {
		return l.batch(running, work, records, h)
	}
	err := running.Err()
	if err == nil {
		err = Deliver(work, event, h, l.o)
	}
	l.o.tell(work, SourceLambda, id, err)
	return nil, err
}

// batch gives the messages of a batch; ok is false for any other event.
func batch(event []byte) (records []sqsRecord, ok bool) {
	var e struct{ Records []sqsRecord }
	if json.Unmarshal(event, &e) != nil {
		return nil, false
	}
	return e.Records, slices.ContainsFunc(e.Records, func(r sqsRecord) bool { return r.Source == "aws:sqs" })
}

func (l *Lambda) batch(running, work context.Context, records []sqsRecord, h Handler) (*BatchReply, error) {
	failed := make([]bool, len(records))
	crew := newCrew(l.o.Parallel)
	for i, r := range records {
		if crew.reserve(running, 1) == 0 || running.Err() != nil {
			failed[i] = l.o.tell(work, SourceSQS, r.ID, context.DeadlineExceeded) != Handled
			continue
		}
		failed[i] = true // until it is known, whatever happens
		crew.work(func() Outcome {
			became := l.o.tell(work, SourceSQS, r.ID, Deliver(work, []byte(r.Body), h, l.o))
			failed[i] = became != Handled
			return became
		})
	}
	crew.wait()
	return reply(records, failed)
}

// reply names each message once and none by an empty id.
func reply(records []sqsRecord, failed []bool) (*BatchReply, error) {
	rep := &BatchReply{Failures: []BatchFailure{}}
	for i, r := range records {
		f := BatchFailure{r.ID}
		switch {
		case !failed[i] || slices.Contains(rep.Failures, f):
		case r.ID == "":
			return nil, ErrNoIdentifier
		default:
			rep.Failures = append(rep.Failures, f)
		}
	}
	return rep, nil
}
