package trigger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/trigger"
)

// sqsBatch is a batch of ids and bodies by turns.
func sqsBatch(t *testing.T, idsAndBodies ...string) []byte {
	t.Helper()
	var records []map[string]string
	for i := 0; i < len(idsAndBodies); i += 2 {
		records = append(records, map[string]string{"messageId": idsAndBodies[i], "body": idsAndBodies[i+1], "eventSource": "aws:sqs"})
	}
	b, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func lambda(t *testing.T, o trigger.Options) *trigger.Lambda {
	t.Helper()
	o.Buckets, o.Exchange = names.Buckets, names.Exchange
	l, err := trigger.NewLambda(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const goodBody = `{"zdr":1,"token":"dG9rZW4"}`

// TestLambdaShapes: every shape, alone and in a batch, doubled.
func TestLambdaShapes(t *testing.T) {
	log := newBook(t)
	log.marks.Known("key", "inbox/1.md")
	log.marks.Known("bucket", "somebody-elses")
	var one, many desk
	var counts tally
	l := lambda(t, trigger.Options{Logger: log.logger(), Observe: counts.observe})
	var want, batch, bad []string
	poison := 0
	for name, c := range decoded {
		_, err := l.Invoke(t.Context(), t.Context(), "call", message(t, name), &one)
		if errors.Is(err, trigger.ErrPoison) != (c.reason != "") {
			t.Errorf("%s: %v", name, err)
		}
		batch = append(batch, name, string(message(t, name)), name+"-again", string(message(t, name)))
		want = append(want, c.want...)
		if c.reason != "" {
			poison++
			bad = append(bad, name, name+"-again")
		}
	}
	slices.Sort(want)
	if got := one.seen(); !slices.Equal(got, want) {
		t.Errorf("handled\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	rep, err := l.Invoke(t.Context(), t.Context(), "call", sqsBatch(t, batch...), &many)
	if err != nil {
		t.Fatal(err)
	}
	var again []string
	for _, f := range rep.Failures {
		again = append(again, f.ID)
	}
	slices.Sort(again)
	slices.Sort(bad)
	if !slices.Equal(again, bad) || counts.of(trigger.Poison) != 3*poison {
		t.Errorf("%q come again, want %q; %d refused", again, bad, counts.of(trigger.Poison))
	}
	if got := many.seen(); len(got) != 2*len(want) {
		t.Errorf("%d events of the batch, want %d", len(got), 2*len(want))
	}
	log.check(t)
}

// TestLambdaOutOfTime: what was begun is finished, the rest comes again.
func TestLambdaOutOfTime(t *testing.T) {
	running, stop := context.WithCancel(t.Context())
	begun := 0
	l := lambda(t, trigger.Options{Parallel: 1})
	var batch []string
	for i := range 10 {
		batch = append(batch, fmt.Sprint("m", i), goodBody)
	}
	rep, err := l.Invoke(running, t.Context(), "call", sqsBatch(t, batch...), trigger.HandlerFunc(func(ctx context.Context, _ trigger.Event) error {
		if begun++; begun == 4 {
			stop()
		}
		return ctx.Err() // the work's own time is not over
	}))
	if err != nil || begun != 4 || len(rep.Failures) != 6 || rep.Failures[0].ID != "m4" {
		t.Errorf("%d begun, %v, %v", begun, rep, err)
	}
	if _, err := l.Invoke(running, t.Context(), "call", []byte(goodBody), &desk{}); !errors.Is(err, context.Canceled) {
		t.Errorf("an event after the time: %v", err)
	}
}

// TestLambdaReply: each message once, none by an empty id, an array even when
// there is none.
func TestLambdaReply(t *testing.T) {
	l := lambda(t, trigger.Options{})
	for _, tt := range []struct {
		name  string
		batch []string
		want  string
		err   error
	}{
		{"all is well", []string{"a", goodBody}, `{"batchItemFailures":[]}`, nil},
		{"twice the same", []string{"a", "x", "a", "x", "b", goodBody}, `{"batchItemFailures":[{"itemIdentifier":"a"}]}`, nil},
		{"no id and good", []string{"", goodBody}, `{"batchItemFailures":[]}`, nil},
		{"no id and bad", []string{"a", goodBody, "", "x"}, `null`, trigger.ErrNoIdentifier},
		{"a panic", []string{"a", string(message(t, "s3_created"))}, `{"batchItemFailures":[{"itemIdentifier":"a"}]}`, nil},
	} {
		rep, err := l.Invoke(t.Context(), t.Context(), "call", sqsBatch(t, tt.batch...), trigger.HandlerFunc(func(_ context.Context, e trigger.Event) error {
			if e.Kind == trigger.Created {
				panic("of the handler")
			}
			return nil
		}))
		said, _ := json.Marshal(rep)
		if string(said) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %s, %v", tt.name, said, err)
		}
	}
}

// TestLambdaPanicBesideTheHandler: a panic that is not the handler's ends no
// process, and the message that it came of comes again.
func TestLambdaPanicBesideTheHandler(t *testing.T) {
	l, err := trigger.NewLambda(trigger.Options{Buckets: names.Buckets, Exchange: names.Exchange, Observe: func(trigger.Source, trigger.Outcome) { panic("inbox/secret.md") }})
	if err != nil {
		t.Fatal(err)
	}
	var handled desk
	reply, err := l.Invoke(t.Context(), t.Context(), "", sqsBatch(t, "a", string(message(t, "s3_created"))), &handled)
	if err != nil || len(reply.Failures) != 1 || reply.Failures[0].ID != "a" || handled.count() != 1 {
		t.Errorf("got %+v, %v, %d handled", reply, err, handled.count())
	}
}

// TestOnlySchedulesTick: of EventBridge's own events a schedule's alone is one.
func TestOnlySchedulesTick(t *testing.T) {
	_, err := trigger.Decode([]byte(`{"detail-type":"Something Else","source":"aws.events","detail":{}}`), names)
	if r, ok := errors.AsType[*trigger.Refusal](err); !ok || r.Shape != trigger.ShapeSchedule || r.Reason != trigger.ReasonShape {
		t.Errorf("refused with %v", err)
	}
}
