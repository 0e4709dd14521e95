package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
)

// rights tries what the two signers must not be able to do: what one may do,
// the holder of its URL can make some stores do. It is tried by presigned URLs,
// as a policy may let nothing else of theirs through.
func (c *canary) rights(ctx context.Context) {
	if c.x.c.SharedIdentity() {
		c.x.warn("writer", "has the rights of the reader: one identity signs both", "give signing.reader and signing.writer identities of their own")
		return
	}
	reader, writer := c.x.signing.Reader, c.x.signing.Writer
	c.may(ctx, "reader", reader, "GET s/* and nothing else", []act{
		{"read what was delivered", http.MethodGet, c.outbox}, {"write a result", http.MethodPut, c.outbox}, {"write a document", http.MethodPut, c.other},
	})
	c.may(ctx, "writer", writer, "PUT o/* and nothing else", []act{
		{"read a document", http.MethodGet, c.staging}, {"read what was delivered", http.MethodGet, c.outbox}, {"write a document", http.MethodPut, c.other},
	})
}

// act is something that an identity must be refused.
type act struct{ what, method, key string }

func (c *canary) may(ctx context.Context, who string, id presign.Identity, want string, acts []act) {
	do := "let the " + who + " " + want
	for _, a := range acts {
		status, err := c.try(ctx, id, a)
		switch {
		case err != nil:
			c.x.unknown(who, "whether it may "+a.what+" cannot be told: "+err.Error(), do)
			return
		case status < 400:
			c.x.fail(who, "may "+a.what, do)
			return
		case status != http.StatusForbidden:
			c.x.unknown(who, fmt.Sprintf("whether it may %s cannot be told: HTTP %d", a.what, status), do)
			return
		}
	}
	if c.lists(ctx, who, id, do) {
		c.x.ok(who, "may do nothing else that was tried: list, read or write elsewhere")
	}
}

// try signs as an identity what it is not for, and uses it.
func (c *canary) try(ctx context.Context, id presign.Identity, a act) (int, error) {
	s, err := c.as(id, a)
	if err != nil {
		return 0, err
	}
	u, text := presign.URL{}, ""
	if one := (presign.Single{Key: a.key, Ref: "doctor", Attempt: 1}); a.method == http.MethodGet {
		u, err = s.SignGet(ctx, one)
	} else {
		u, err = s.SignPut(ctx, one)
		text = canaryText
	}
	if err != nil {
		return 0, err
	}
	r, why := c.http.send(ctx, a.method, u.Reveal(), text)
	if why != "" {
		return 0, errors.New(why)
	}
	return r.status, nil
}

// as is a signer that signs an act as an identity, whatever it is for.
func (c *canary) as(id presign.Identity, a act) (*presign.Signer, error) {
	p := c.x.signing
	p.Reader, p.Writer, p.Depository = id, id, c.x.guard
	p.ReaderPrefix, p.WriterPrefix = worker.StagingPrefix, worker.OutboxPrefix
	if (a.method == http.MethodGet) == strings.HasPrefix(a.key, worker.OutboxPrefix) {
		p.ReaderPrefix, p.WriterPrefix = p.WriterPrefix, p.ReaderPrefix
	}
	return presign.New(p)
}

// lists says whether the identity is refused listings; a finding is made if
// not.
func (c *canary) lists(ctx context.Context, who string, id presign.Identity, do string) bool {
	cfg := c.x.aws.Copy()
	cfg.Credentials = id.Credentials
	store, exchange, err := c.x.c.OpenStores(ctx, cfg)
	if err != nil {
		c.x.broken(who, "has no usable credentials", err, "see credentials above")
		return false
	}
	for _, at := range []struct {
		what, prefix string
		s            *s3store.Store
	}{{"exchange", worker.StagingPrefix, exchange}, {"store", worker.RacePrefix, store}} {
		switch err := first(ctx, at.s, at.prefix); {
		case err == nil:
			c.x.fail(who, "may list the "+at.what+" bucket", do)
			return false
		case !errors.Is(err, bucket.ErrDenied):
			c.x.unknown(who, "whether it may list the "+at.what+" bucket cannot be told: "+err.Error(), do)
			return false
		}
	}
	return true
}

// first asks for a listing of one object.
func first(ctx context.Context, s *s3store.Store, prefix string) error {
	for _, err := range s.List(ctx, bucket.Page{Prefix: prefix, Limit: 1}) {
		return err
	}
	return nil
}
