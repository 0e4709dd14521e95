package trigger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/trigger"
)

const secret = "a-bearer-token-of-tests"

// served is a webhook on a loopback port.
type served struct {
	url  string
	stop func() error
}

func serve(t *testing.T, h trigger.Handler, o trigger.WebhookOptions) *served {
	t.Helper()
	o.Buckets, o.Exchange = names.Buckets, names.Exchange
	w, err := trigger.NewWebhook([]string{"the-token-before-this-one", secret}, o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := start(t, func(ctx context.Context, h trigger.Handler) error { return w.Serve(ctx, l, h) }, h)
	return &served{"http://" + l.Addr().String(), stop}
}

// post sends a body and gives the answer, whose body is read.
func (s *served) post(t *testing.T, method, authorization string, body []byte) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || len(text) != 0 {
		t.Errorf("the answer has a body %q (%v)", text, err)
	}
	return resp
}

func TestWebhookShapes(t *testing.T) {
	var handled desk
	log := newBook(t)
	log.marks.Known("key", "inbox/1.md")
	log.marks.Known("secret", secret)
	s := serve(t, &handled, trigger.WebhookOptions{Options: trigger.Options{Logger: log.logger()}})
	var want []string
	for name, c := range decoded {
		status := http.StatusNoContent
		if c.reason != "" {
			status = http.StatusBadRequest
		}
		for range 2 {
			if got := s.post(t, http.MethodPost, "Bearer "+secret, message(t, name)).StatusCode; got != status {
				t.Errorf("%s: status %d, want %d", name, got, status)
			}
			want = append(want, c.want...)
		}
	}
	slices.Sort(want)
	if got := handled.seen(); !slices.Equal(got, want) {
		t.Errorf("handled\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if lines := log.check(t); has(lines, "message refused", "webhook.s3", "bucket_not_allowed") != 2 {
		t.Errorf("log: %v", lines)
	}
}

func TestWebhookAnswers(t *testing.T) {
	handled := desk{answer: func(_ int, e trigger.Event) error {
		return map[string]error{"later": errAway, "never": trigger.ErrPoison}[e.Token]
	}}
	s := serve(t, &handled, trigger.WebhookOptions{Options: trigger.Options{MaxBytes: 1000}})
	for name, c := range map[string]struct {
		method, authorization, body string
		status                      int
		header, value               string
	}{
		"durable":           {"POST", "Bearer " + secret, `{"zdr":1,"token":"now"}`, 204, "", ""},
		"older token":       {"POST", "Bearer the-token-before-this-one", `{"zdr":1,"token":"now"}`, 204, "", ""},
		"scheme in lower":   {"POST", "bearer " + secret, `{"zdr":1,"token":"now"}`, 204, "", ""},
		"later":             {"POST", "Bearer " + secret, `{"zdr":1,"token":"later"}`, 503, "Retry-After", "30"},
		"never":             {"POST", "Bearer " + secret, `{"zdr":1,"token":"never"}`, 400, "", ""},
		"malformed":         {"POST", "Bearer " + secret, `{`, 400, "", ""},
		"empty":             {"POST", "Bearer " + secret, ``, 400, "", ""},
		"largest":           {"POST", "Bearer " + secret, `{"zdr":1,"token":"now"}` + strings.Repeat(" ", 977), 204, "", ""},
		"too large":         {"POST", "Bearer " + secret, `{"zdr":1,"token":"now"}` + strings.Repeat(" ", 978), 413, "", ""},
		"another method":    {"GET", "Bearer " + secret, ``, 405, "Allow", "POST"},
		"no token":          {"POST", "", `{"zdr":1,"token":"unknown"}`, 401, "WWW-Authenticate", "Bearer"},
		"empty token":       {"POST", "Bearer ", `{"zdr":1,"token":"unknown"}`, 401, "", ""},
		"another token":     {"POST", "Bearer " + secret + "x", `{"zdr":1,"token":"unknown"}`, 401, "", ""},
		"part of a token":   {"POST", "Bearer " + secret[:16], `{"zdr":1,"token":"unknown"}`, 401, "", ""},
		"another scheme":    {"POST", "Basic " + secret, `{"zdr":1,"token":"unknown"}`, 401, "", ""},
		"token and no word": {"POST", secret, `{"zdr":1,"token":"unknown"}`, 401, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp := s.post(t, c.method, c.authorization, []byte(c.body))
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			if c.header != "" && resp.Header.Get(c.header) != c.value {
				t.Errorf("%s: %q, want %q", c.header, resp.Header.Get(c.header), c.value)
			}
		})
	}
	for _, e := range handled.seen() {
		if strings.Contains(e, "unknown") {
			t.Errorf("a message of a stranger was handled: %s", e)
		}
	}
}

func TestWebhookTakesPoison(t *testing.T) {
	var handled desk
	var counts tally
	s := serve(t, &handled, trigger.WebhookOptions{TakePoison: true, Options: trigger.Options{Observe: counts.observe, MaxBytes: 2000}})
	for _, body := range [][]byte{message(t, "s3_foreign"), []byte("{"), bytes.Repeat([]byte(" "), 2001)} {
		if got := s.post(t, http.MethodPost, "Bearer "+secret, body).StatusCode; got != http.StatusOK {
			t.Errorf("status %d, want 200", got)
		}
	}
	if n := counts.of(trigger.Poison); n != 3 || handled.count() != 1 {
		t.Errorf("%d messages refused, %d events handled, want 3 and 1", n, handled.count())
	}
	if got := s.post(t, http.MethodPost, "Bearer wrong", []byte("{}")).StatusCode; got != http.StatusUnauthorized {
		t.Errorf("a stranger is answered %d", got)
	}
}

// TestWebhookFinishes: a sender that leaves does not stop what was begun, and
// Serve returns when it is done.
func TestWebhookFinishes(t *testing.T) {
	begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	s := serve(t, trigger.HandlerFunc(func(ctx context.Context, _ trigger.Event) error {
		close(begun)
		<-goOn
		done <- ctx.Err()
		return nil
	}), trigger.WebhookOptions{})
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(`{"zdr":1,"token":"t"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	left := make(chan struct{})
	go func() {
		defer close(left)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	<-begun
	leave()
	<-left
	close(goOn)
	if err := <-done; err != nil {
		t.Errorf("the handler's context ended with its sender: %v", err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// TestWebhookOutlivesItsSender: the same where it is certain that the sender is
// gone before the handler goes on.
func TestWebhookOutlivesItsSender(t *testing.T) {
	w, err := trigger.NewWebhook([]string{secret}, trigger.WebhookOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(`{"zdr":1,"token":"t"}`))
	r.Header.Set("Authorization", "Bearer "+secret)
	w.Handler(trigger.HandlerFunc(func(ctx context.Context, _ trigger.Event) error {
		leave()
		if ctx.Err() != nil {
			t.Error("the handler's context ended with its sender")
		}
		return nil
	})).ServeHTTP(httptest.NewRecorder(), r)
}

// TestWebhookGrace: Serve returns only when its handlers are gone, and ends
// their context when the grace is over.
func TestWebhookGrace(t *testing.T) {
	begun := make(chan struct{})
	gone := false
	s := serve(t, trigger.HandlerFunc(func(ctx context.Context, _ trigger.Event) error {
		close(begun)
		<-ctx.Done()
		gone = true
		return ctx.Err()
	}), trigger.WebhookOptions{Options: trigger.Options{Grace: time.Millisecond}})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(`{"zdr":1,"token":"t"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode < 400 {
				t.Errorf("status %d for what was not done", resp.StatusCode)
			}
		}
	}()
	<-begun
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if !gone {
		t.Error("Serve returned with a handler at work")
	}
	<-answered
}

// TestWebhookParallel: no more than Parallel handlers at a time; the others
// wait for their turn.
func TestWebhookParallel(t *testing.T) {
	turns := make(chan struct{}, 1)
	turns <- struct{}{}
	s := serve(t, trigger.HandlerFunc(func(context.Context, trigger.Event) error {
		select {
		case <-turns:
		default:
			return errors.New("two at a time")
		}
		defer func() { turns <- struct{}{} }()
		return nil
	}), trigger.WebhookOptions{Options: trigger.Options{Parallel: 1}})
	results := make(chan int, 20)
	for range cap(results) {
		go func() {
			results <- s.post(t, http.MethodPost, "Bearer "+secret, []byte(`{"zdr":1,"token":"t"}`)).StatusCode
		}()
	}
	for range cap(results) {
		if got := <-results; got != http.StatusNoContent {
			t.Errorf("status %d", got)
		}
	}
}

func TestWebhookAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w, err := trigger.NewWebhook([]string{secret}, trigger.WebhookOptions{Address: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(t.Context(), &desk{}); !errors.Is(err, trigger.ErrSource) {
		t.Errorf("an address in use: %v, want ErrSource", err)
	}
}

func TestNewRefuses(t *testing.T) {
	short := secret[:15]
	for name, err := range map[string]error{
		"webhook without token": second(trigger.NewWebhook(nil, trigger.WebhookOptions{})),
		"webhook, short token":  second(trigger.NewWebhook([]string{secret, short}, trigger.WebhookOptions{})),
		"webhook, parallel":     second(trigger.NewWebhook([]string{secret}, trigger.WebhookOptions{Options: trigger.Options{Parallel: -1}})),
		"sqs without client":    second(trigger.NewSQS(nil, "queue", trigger.SQSOptions{})),
		"sqs without queue":     second(trigger.NewSQS(&queue{}, "", trigger.SQSOptions{})),
		"sqs, long wait":        second(trigger.NewSQS(&queue{}, "queue", trigger.SQSOptions{Wait: time.Minute})),
		"sqs, short visibility": second(trigger.NewSQS(&queue{}, "queue", trigger.SQSOptions{Visibility: time.Millisecond})),
		"nats without anything": second(trigger.NewNATS(nil, "", trigger.NATSOptions{})),
		"scan without store":    second(trigger.NewScan(nil, trigger.ScanOptions{})),
		"schedule, no period":   second(trigger.NewSchedule(0, func(context.Context) error { return nil }, trigger.Options{})),
		"schedule, no function": second(trigger.NewSchedule(time.Second, nil, trigger.Options{})),
	} {
		if err == nil {
			t.Errorf("%s: made", name)
		} else if strings.Contains(fmt.Sprint(err), short) {
			t.Errorf("%s: %v quotes the token", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestWebhookWithoutATurn: a message whose turn never came, because the server
// ends for example, is not answered with net/http's 200.
func TestWebhookWithoutATurn(t *testing.T) {
	w, err := trigger.NewWebhook([]string{secret}, trigger.WebhookOptions{Options: trigger.Options{Parallel: 1}})
	if err != nil {
		t.Fatal(err)
	}
	begun, end := make(chan struct{}), make(chan struct{})
	defer close(end)
	h := w.Handler(trigger.HandlerFunc(func(context.Context, trigger.Event) error {
		close(begun)
		<-end
		return nil
	}))
	post := func(ctx context.Context) int {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(`{"zdr":1,"token":"now"}`))
		r.Header.Set("Authorization", "Bearer "+secret)
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		return answer.Code
	}
	go post(t.Context())
	<-begun
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if status := post(ended); status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
}

// late is a body whose reading took too long.
type late struct{}

func (late) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// TestWebhookSlowBody: a message that could not be read in time, because all
// hands were busy for example, is not refused for good.
func TestWebhookSlowBody(t *testing.T) {
	w, err := trigger.NewWebhook([]string{secret}, trigger.WebhookOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var handled desk
	r := httptest.NewRequest(http.MethodPost, "/", late{})
	r.Header.Set("Authorization", "Bearer "+secret)
	answer := httptest.NewRecorder()
	w.Handler(&handled).ServeHTTP(answer, r)
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" || handled.count() != 0 {
		t.Errorf("status %d, %d handled", answer.Code, handled.count())
	}
}
