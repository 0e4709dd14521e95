package trigger

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

// WebhookOptions is the settings of a webhook.
type WebhookOptions struct {
	Options
	// Address is where Run listens, as in ":8080". Plain http: what is not on
	// the same machine or in a closed network belongs behind TLS. Default: Run is
	// refused; Handler and Serve need no address.
	Address string
	// TakePoison answers 200 to a message that is refused, once that is logged.
	// A sender that keeps its events in order, such as MinIO with a queue folder,
	// repeats a refused one for ever and sends nothing after it. Default: false.
	TakePoison bool
}

// minSecret is the shortest bearer token, in bytes.
const minSecret = 16

// Webhook takes messages by POST. It answers 2xx only when what the message
// calls for is durable, 4xx to what must not come again, 503 to what must.
type Webhook struct {
	secrets [][sha256.Size]byte
	o       WebhookOptions
}

// NewWebhook makes a webhook that lets in whoever knows one of the bearer
// tokens, each of at least 16 bytes: two while one is being replaced. Only
// their digests are kept.
func NewWebhook(tokens []string, o WebhookOptions) (*Webhook, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	w := &Webhook{o: o}
	w.o.Options = o.withDefaults()
	for _, t := range tokens {
		if len(t) < minSecret {
			return nil, fmt.Errorf("trigger: webhook: a bearer token has less than %d bytes", minSecret)
		}
		w.secrets = append(w.secrets, sha256.Sum256([]byte(t)))
	}
	if len(w.secrets) == 0 {
		return nil, errors.New("trigger: webhook: a bearer token is required")
	}
	return w, nil
}

// Run listens at Address until ctx ends, and then returns nil. ErrSource: it
// cannot listen there.
func (w *Webhook) Run(ctx context.Context, h Handler) error {
	if w.o.Address == "" {
		return errors.New("trigger: webhook: Address is required")
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", w.o.Address)
	if err != nil {
		return fmt.Errorf("trigger: webhook: listen: %w", ErrSource)
	}
	return w.Serve(ctx, l, h)
}

// Serve takes connections of l, which it closes, until ctx ends, and then
// returns nil. A TLS listener makes it https.
func (w *Webhook) Serve(ctx context.Context, l net.Listener, h Handler) error {
	work, end := outlive(ctx, w.o.Grace)
	defer end()
	e := &endpoint{w, h, newCrew(w.o.Parallel)}
	server := &http.Server{
		Handler: e, BaseContext: func(net.Listener) context.Context { return context.WithValue(work, workKey{}, work) },
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		// net/http would print bytes that a client sent.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case <-failed:
		return fmt.Errorf("trigger: webhook: serve: %w", ErrSource)
	case <-ctx.Done():
	}
	// work ends after the grace, and with it what is still in hand.
	if server.Shutdown(work) != nil {
		_ = server.Close()
	}
	<-failed
	e.crew.all()
	return nil
}

// workKey finds, in a request's context, the one that ends with the server.
type workKey struct{}

// Handler gives the webhook as a part of another server. The path does not
// matter.
func (w *Webhook) Handler(h Handler) http.Handler {
	return &endpoint{w, h, newCrew(w.o.Parallel)}
}

type endpoint struct {
	*Webhook
	handler Handler
	crew    *crew
}

// ServeHTTP takes one message.
func (e *endpoint) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !e.knows(r.Header.Get("Authorization")) {
		rw.Header().Set("WWW-Authenticate", "Bearer")
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodPost {
		rw.Header().Set("Allow", http.MethodPost)
		rw.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if e.crew.reserve(r.Context(), 1) == 0 {
		// The sender has left, or the server has: nothing was taken.
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer e.crew.release(1)
	status := e.take(rw, r)
	if status == http.StatusServiceUnavailable {
		rw.Header().Set("Retry-After", fmt.Sprint(max(1, int(e.o.Retry/time.Second))))
	}
	rw.WriteHeader(status)
}

// take reads and handles one message, and gives the status to answer.
func (e *endpoint) take(rw http.ResponseWriter, r *http.Request) int {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, int64(e.o.MaxBytes)))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		e.o.tell(r.Context(), SourceWebhook, "", &Refusal{ShapeUnknown, ReasonTooLarge})
		return e.refused(http.StatusRequestEntityTooLarge)
	}
	if err != nil {
		// Cut short, or too slow while it waited here for its turn: nothing is
		// known against the message, so it may come again.
		return http.StatusServiceUnavailable
	}
	// What was begun is finished even when the sender does not wait for it.
	ctx, stop := stay(r)
	defer stop()
	switch e.o.tell(ctx, SourceWebhook, "", Deliver(ctx, body, e.handler, e.o.Options)) {
	case Handled:
		return http.StatusNoContent
	case Poison:
		return e.refused(http.StatusBadRequest)
	}
	return http.StatusServiceUnavailable
}

// refused is the status for poison.
func (e *endpoint) refused(status int) int {
	if e.o.TakePoison {
		return http.StatusOK
	}
	return status
}

// stay gives a context that does not end with the request; under Serve it ends
// with the server.
func stay(r *http.Request) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	work, ok := r.Context().Value(workKey{}).(context.Context)
	if !ok {
		return ctx, cancel
	}
	forget := context.AfterFunc(work, cancel)
	return ctx, func() { forget(); cancel() }
}

// knows compares digests, in constant time and with every token.
func (w *Webhook) knows(authorization string) bool {
	scheme, said, _ := strings.Cut(authorization, " ")
	digest := sha256.Sum256([]byte(strings.TrimSpace(said)))
	known := 0
	for _, s := range w.secrets {
		known |= subtle.ConstantTimeCompare(digest[:], s[:])
	}
	return known == 1 && strings.EqualFold(scheme, "Bearer")
}
