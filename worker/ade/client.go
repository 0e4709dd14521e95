package ade

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// The operations, as errors, ledger entries and metrics name them.
const (
	OpCreate = zdr.ExtractCreate
	OpGet    = zdr.ExtractGet
	OpList   = zdr.ExtractList

	OpParseCreate = zdr.ParseCreate
	OpParseGet    = zdr.ParseGet
	OpParseList   = zdr.ParseList
	OpParseSync   = zdr.ParseSync
)

// The routes below the base URL, for US and EU.
const (
	jobsPath      = "/v1/ade/extract/jobs"
	parseJobsPath = "/v1/ade/parse/jobs"
	parsePath     = "/v1/ade/parse"
)

// DefaultTimeout bounds a request whose context has no deadline. The
// provider's own clients wait 480 s by default; a create answers when the job
// is queued, long before it is done, and an answer that is not waited for
// leaves an unknown outcome that costs more than the wait.
const DefaultTimeout = 2 * time.Minute

// Boundary is what a [Client] needs of the guard. *zdr.Guard is the only one
// that the constructors accept, so that nothing can stand between.
type Boundary interface {
	// Do sends req at most once. It returns a reply of whatever status, or a
	// *zdr.Refusal, *zdr.RecordError, *zdr.Violation or *zdr.TransportError.
	Do(ctx context.Context, req *http.Request, about zdr.Call) (*zdr.Reply, error)
	// Stream is Do for a call that is answered with content, which goes to w.
	Stream(ctx context.Context, req *http.Request, about zdr.Call, w io.Writer) (*zdr.Reply, error)
	// BaseURL is the provider's address that the policy has settled on.
	BaseURL() string
}

// Client speaks Parse and Extract. It is safe for concurrent use.
type Client struct {
	boundary Boundary
	keys     *keyring
}

// New makes a client with a key that stays. Without a guard or a key every
// request ends with ErrNotSent.
func New(guard *zdr.Guard, key zdr.APIKey) *Client {
	return &Client{boundary: boundaryOf(guard), keys: fixedKey(key)}
}

// boundaryOf tells no guard from one: an interface would hold its nil.
func boundaryOf(guard *zdr.Guard) Boundary {
	if guard == nil {
		return nil
	}
	return guard
}

// NewWithKey makes a client whose key is read when it is first needed and
// again after a 401. A get or list is then sent once more with the new key; a
// create is not: its error says KeyRenewed.
func NewWithKey(guard *zdr.Guard, key KeySource) *Client {
	return &Client{boundary: boundaryOf(guard), keys: &keyring{read: key}}
}

// builder makes a new request each time: a request is used once.
type builder func(ctx context.Context, authorization string) (*http.Request, error)

// answer is a reply and the key that it was asked with.
type answer struct {
	*zdr.Reply
	key zdr.APIKey
}

// send sends one request, once.
func (c *Client) send(ctx context.Context, about zdr.Call, build builder) (answer, error) {
	return c.sendBy(ctx, about, build, func(ctx context.Context, req *http.Request, about zdr.Call) (*zdr.Reply, error) {
		return c.boundary.Do(ctx, req, about)
	})
}

// doer is the guard's Do, or its Stream with a place for the content.
type doer func(ctx context.Context, req *http.Request, about zdr.Call) (*zdr.Reply, error)

func (c *Client) sendBy(ctx context.Context, about zdr.Call, build builder, do doer) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, notSent(about, "the context had ended", err)
	}
	if c.boundary == nil {
		return answer{}, notSent(about, "there is no guard", nil)
	}
	key, err := c.keys.current(ctx)
	if err != nil || key.IsZero() {
		return answer{}, notSent(about, "there is no API key", err)
	}
	req, err := build(ctx, "Bearer "+key.Reveal())
	if err != nil {
		return answer{}, notSent(about, "the request could not be built", nil) // the cause quotes the URL
	}
	reply, err := do(ctx, req, about)
	if err != nil {
		return answer{}, boundaryError(about, err)
	}
	return answer{Reply: reply, key: key}, nil
}

// ask sends a request that changes nothing at the provider, and once more when
// its key was refused and there is another. The reply has one of the statuses
// that are wanted.
func (c *Client) ask(ctx context.Context, about zdr.Call, build builder, want ...int) (*zdr.Reply, error) {
	ctx, cancel := bounded(ctx, DefaultTimeout)
	defer cancel()
	got, err := c.send(ctx, about, build)
	if err == nil && got.Status == http.StatusUnauthorized && c.keys.renew(ctx, got.key) {
		got, err = c.send(ctx, about, build)
	}
	if err != nil {
		return nil, err
	}
	return got.Reply, wanted(about, got.Reply, want)
}

func wanted(about zdr.Call, r *zdr.Reply, want []int) error {
	if slices.Contains(want, r.Status) {
		return nil
	}
	return replyError(about, r)
}

// bounded gives a context without a deadline one.
func bounded(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, most)
}

// url joins the base URL and a path below it.
func (c *Client) url(path string) string {
	return strings.TrimRight(c.boundary.BaseURL(), "/") + path
}
