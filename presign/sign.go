package presign

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/zdr"
)

// Ask is one attempt of one job that needs its two URLs.
type Ask struct {
	StagingKey string // where the provider GETs from
	OutboxKey  string // where it PUTs to
	Ref        string // the job's name outside the bucket
	Attempt    int
	// Need is the least life that this attempt can use; it counts where it is
	// longer than Limits.JobTime. Default 0.
	Need time.Duration
}

// Pair is the two URLs of one attempt, signed in the same second for the same
// time.
type Pair struct {
	Get, Put        URL
	SignedAt, Until time.Time // on S3's clock, in whole seconds
	Limit           Limit     // which limit set Until
}

// Single asks for one URL alone.
type Single struct {
	Key     string
	Ref     string
	Attempt int
	Need    time.Duration // as in Ask
}

// Sign makes both URLs of an attempt with one window for the two: credentials
// that end too early are renewed first, then the window is computed from those
// that are used. Both grants are deposited before anything is returned.
//
// Its error is an *Error of class ErrKey, ErrCredentials, ErrDeposit or ErrSDK,
// a *TooShort, or the context's.
func (s *Signer) Sign(ctx context.Context, a Ask) (Pair, error) {
	get := order{keys: s.reader, role: zdr.Reader, method: http.MethodGet, key: a.StagingKey, prefix: s.config.ReaderPrefix}
	put := order{keys: s.writer, role: zdr.Writer, method: http.MethodPut, key: a.OutboxKey, prefix: s.config.WriterPrefix}
	urls, w, err := s.sign(ctx, a.Ref, a.Attempt, a.Need, get, put)
	if err != nil {
		return Pair{}, failed("sign", a.Ref, err)
	}
	return Pair{Get: urls[0], Put: urls[1], SignedAt: w.at, Until: w.until, Limit: w.limit}, nil
}

// SignGet makes the GET URL of a staging key alone. Errors as Sign.
func (s *Signer) SignGet(ctx context.Context, a Single) (URL, error) {
	o := order{keys: s.reader, role: zdr.Reader, method: http.MethodGet, key: a.Key, prefix: s.config.ReaderPrefix}
	return s.single(ctx, "sign get", a, o)
}

// SignPut makes the PUT URL of an outbox key alone. Errors as Sign.
func (s *Signer) SignPut(ctx context.Context, a Single) (URL, error) {
	o := order{keys: s.writer, role: zdr.Writer, method: http.MethodPut, key: a.Key, prefix: s.config.WriterPrefix}
	return s.single(ctx, "sign put", a, o)
}

func (s *Signer) single(ctx context.Context, op string, a Single, o order) (URL, error) {
	urls, _, err := s.sign(ctx, a.Ref, a.Attempt, a.Need, o)
	if err != nil {
		return URL{}, failed(op, a.Ref, err)
	}
	return urls[0], nil
}

// order is one URL to be made.
type order struct {
	keys        *keyring
	role        zdr.Role
	method, key string
	prefix      string
	creds       aws.Credentials
}

// window is the time that all URLs of one call share.
type window struct {
	at, until time.Time
	limit     Limit
}

func (s *Signer) sign(ctx context.Context, ref string, attempt int, need time.Duration, orders ...order) ([]URL, window, error) {
	for _, o := range orders {
		if !signs(o.prefix, o.key) {
			return nil, window{}, ErrKey
		}
	}
	w, err := s.window(ctx, need, orders)
	if err != nil {
		return nil, window{}, err
	}
	urls := make([]URL, len(orders))
	for i, o := range orders {
		raw, err := s.where().sign(ctx, signature{method: o.method, key: o.key, at: w.at, life: w.until.Sub(w.at), creds: o.creds})
		if err != nil {
			return nil, window{}, err
		}
		urls[i] = newURL(signed{raw: raw, method: o.method, key: o.key, signedAt: w.at, until: w.until})
	}
	if err := s.deposit(ctx, ref, attempt, orders, urls); err != nil {
		return nil, window{}, err
	}
	return urls, w, nil
}

// window retrieves the credentials of all orders, renewed where they end before
// the wanted time, and computes the time that all of them can keep.
func (s *Signer) window(ctx context.Context, need time.Duration, orders []order) (window, error) {
	limits := s.config.Lifetime.withDefaults()
	limits.JobTime = max(limits.JobTime, need)
	at := s.now()
	want, _, err := limits.Until(at)
	if err != nil {
		return window{}, err // no credentials could help
	}
	who := ""
	least, _ := limits.least()
	for i := range orders {
		o := &orders[i]
		o.creds, err = o.keys.lasting(ctx, want.Add(limits.Safety), at.Add(least+limits.Safety))
		if err != nil {
			return window{}, err
		}
		if end := o.creds.Expires; o.creds.CanExpire && (limits.CredentialsEnd.IsZero() || end.Before(limits.CredentialsEnd)) {
			limits.CredentialsEnd, who = end, o.keys.who
		}
	}
	// Retrieving may have taken a while: the clock is read anew.
	at = s.now()
	until, limit, err := limits.Until(at)
	if short, ok := errors.AsType[*TooShort](err); ok && short.Limit == LimitCredentials {
		short.Who = who
	}
	return window{at: at, until: until, limit: limit}, err
}

// now is S3's clock, in the whole seconds that X-Amz-Date has.
func (s *Signer) now() time.Time {
	return time.Now().Add(s.config.Skew()).UTC().Truncate(time.Second)
}

// deposit hands in a grant for each URL.
func (s *Signer) deposit(ctx context.Context, ref string, attempt int, orders []order, urls []URL) error {
	for i, o := range orders {
		grant := zdr.GrantFor(urls[i].Reveal(), zdr.Grant{
			Role: o.role, Method: o.method, Key: o.key, Ref: ref, Attempt: attempt,
			AccessKeyID: o.creds.AccessKeyID, SignedAt: urls[i].SignedAt(), Until: urls[i].Until(),
		})
		if err := s.config.Depository.Deposit(ctx, grant); err != nil {
			return &Error{Class: stopped(ctx, ErrDeposit), cause: err}
		}
	}
	return nil
}

// failed puts operation and ref to an error that has its class only.
func failed(op, ref string, err error) error {
	e := &Error{Op: op, Ref: ref, Class: err}
	if inner, ok := err.(*Error); ok {
		e.Class, e.cause = inner.Class, inner.cause
	}
	return e
}
