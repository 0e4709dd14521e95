package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// canary is a pair of objects in the exchange bucket, staged and delivered as a
// document and its result are, with nothing in them.
type canary struct {
	x               *checkup
	staging, outbox string
	other           string // beside staging: what the URLs are not for
	get, put        presign.URL
	http            *bare
}

const (
	canaryText = "zdrworker canary. No document.\n"
	canaryJSON = `{"canary": "no document"}`
	// canaryCleaning bounds the removal.
	canaryCleaning = 15 * time.Second
)

// lookAtCanary does what the worker and the provider do with a document: stage,
// sign, fetch, deliver, read, remove; and what nobody may do with the URLs or
// as one of their signers.
func lookAtCanary(ctx context.Context, x *checkup) {
	name := rand.Text()
	c := &canary{
		x: x, http: newBare(x),
		staging: worker.StagingPrefix + name + ".md", other: worker.StagingPrefix + name + ".other.md", outbox: worker.OutboxPrefix + name + ".json",
	}
	defer c.remove(ctx)
	if !c.stage(ctx) || !c.sign(ctx) {
		return
	}
	c.fetch(ctx)
	c.deliver(ctx)
	c.misuse(ctx)
	c.rights(ctx)
}

func (c *canary) stage(ctx context.Context) bool {
	for _, key := range []string{c.staging, c.other} {
		_, err := c.x.exchange.Put(ctx, key, strings.NewReader(canaryText), bucket.PutOptions{ContentType: "text/markdown; charset=utf-8"})
		if err != nil {
			c.x.broken("worker", "cannot stage", err, "let the worker s3:PutObject in the exchange bucket, and use its key if it has one")
			return false
		}
	}
	return true
}

func (c *canary) sign(ctx context.Context) bool {
	const ref = "doctor"
	var err error
	if c.get, err = c.x.signer.SignGet(ctx, presign.Single{Key: c.staging, Ref: ref, Attempt: 1}); err == nil {
		c.put, err = c.x.signer.SignPut(ctx, presign.Single{Key: c.outbox, Ref: ref, Attempt: 1})
	}
	if err != nil {
		c.x.fail("", err.Error(), "see credentials above")
	}
	return err == nil
}

// fetch is what the provider does first.
func (c *canary) fetch(ctx context.Context) {
	r, why := c.http.send(ctx, http.MethodGet, c.get.Reveal(), "")
	switch {
	case why != "":
		c.unreachable("reader", why)
	case redirects(r.status):
		c.x.fail("reader", "the GET URL is answered with a redirect, which the provider does not follow", "set s3.region to the bucket's own, and signing.endpoint to where it is")
	case r.status != http.StatusOK || r.body != canaryText:
		c.x.fail("reader", fmt.Sprintf("the GET URL does not give the staged object: HTTP %d", r.status),
			"let the reader s3:GetObject on s/* of the exchange bucket, and decrypt with its key if it has one")
	case r.named != "":
		c.x.fail("reader", "the answer to the GET URL has header "+r.named+", which nobody set", "find who writes metadata or tags into the exchange bucket")
	default:
		c.x.ok("reader", "a bare client fetched the staged object by its URL")
	}
}

// deliver is what it does last, and what the worker does then.
func (c *canary) deliver(ctx context.Context) {
	r, why := c.http.send(ctx, http.MethodPut, c.put.Reveal(), canaryJSON)
	switch {
	case why != "":
		c.unreachable("writer", why)
		return
	case redirects(r.status):
		c.x.fail("writer", "the PUT URL is answered with a redirect, which the provider does not follow", "set s3.region to the bucket's own, and signing.endpoint to where it is")
		return
	case r.status != http.StatusOK:
		c.x.fail("writer", fmt.Sprintf("the PUT URL does not take a result: HTTP %d", r.status),
			"let the writer s3:PutObject on o/* of the exchange bucket, and encrypt with its key if it has one")
		return
	}
	obj, err := c.x.exchange.Get(ctx, c.outbox, bucket.GetOptions{})
	if err != nil {
		c.x.broken("worker", "cannot read what was delivered", err, "let the worker s3:GetObject in the exchange bucket, and decrypt with its key if it has one")
		return
	}
	defer obj.Body.Close()
	if b, err := io.ReadAll(io.LimitReader(obj.Body, maxReply)); err != nil || string(b) != canaryJSON {
		c.x.fail("worker", "what was delivered cannot be read as it was sent", "look at the exchange bucket's settings")
		return
	}
	c.x.ok("writer", "a bare client delivered a result by its URL, and the worker read it")
}

func (c *canary) unreachable(who, why string) {
	c.x.add(Finding{
		Of: who, Status: Fail, Saw: "the URL cannot be used from here: " + why, Cause: Unreachable,
		Do: "check signing.endpoint: it must be where the provider reaches the exchange bucket",
	})
}

// misuse is what a holder of the URLs may try.
func (c *canary) misuse(ctx context.Context) {
	get, put := c.get.Reveal(), c.put.Reveal()
	for _, m := range []struct{ what, method, url, body string }{
		{"PUT by the GET URL", http.MethodPut, get, canaryText},
		{"DELETE by the GET URL", http.MethodDelete, get, ""},
		{"GET by the PUT URL", http.MethodGet, put, ""},
		{"DELETE by the PUT URL", http.MethodDelete, put, ""},
		{"another key by the GET URL", http.MethodGet, strings.Replace(get, c.staging, c.other, 1), ""},
		{"another key by the PUT URL", http.MethodPut, strings.Replace(put, c.outbox, c.other, 1), canaryText},
		{"a listing by the GET URL", http.MethodGet, strings.Replace(get, c.staging, "", 1), ""},
		{"a URL without its signature", http.MethodGet, bareAddress(get), ""},
	} {
		r, why := c.http.send(ctx, m.method, m.url, m.body)
		if why != "" {
			continue // fetch and deliver have said so
		}
		if r.status < 400 {
			c.x.fail("exchange", fmt.Sprintf("%s is not refused: HTTP %d", m.what, r.status), "this store or its policy is not safe for documents: let nobody but worker, reader and writer in")
			return
		}
	}
	c.x.ok("exchange", "another method, another key, a listing and no signature are refused")
}

func bareAddress(raw string) string {
	address, _, _ := strings.Cut(raw, "?")
	return address
}

// remove takes the canary away and looks that it is gone.
func (c *canary) remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), canaryCleaning)
	defer cancel()
	keys := []string{c.staging, c.other, c.outbox}
	if err := c.x.exchange.Remove(ctx, keys...); err != nil {
		c.x.broken("worker", "cannot remove the canary", err, "let the worker list, delete and abort in the exchange bucket: s3:ListBucket, s3:ListBucketVersions, s3:ListBucketMultipartUploads, s3:DeleteObject, s3:DeleteObjectVersion, s3:AbortMultipartUpload")
		return
	}
	for _, key := range keys {
		for _, err := range c.x.exchange.Remnants(ctx, key) {
			if err != nil {
				c.x.broken("worker", "cannot see whether the canary is gone", err, "let the worker s3:ListBucketVersions and s3:ListBucketMultipartUploads in the exchange bucket")
			} else {
				c.x.fail("exchange", "the canary was removed, and something of it is left", "look for object lock, legal holds and replication")
			}
			return
		}
	}
	c.x.ok("worker", "the canary is gone: no version, marker or upload of it is left")
}

func redirects(status int) bool { return status >= 300 && status < 400 }
