package presigntest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// hostileHeaders are headers that nobody signed on a PUT that is right
// otherwise. AWS is known to refuse them. A store may as well ignore them; it
// must not follow them.
func hostileHeaders() []trial {
	until := time.Now().UTC().Add(24 * time.Hour).Format(time.RFC3339)
	return []trial{
		{"put-copy-source", "a PUT URL copies no other object", (*bench).tryCopySource},
		{"put-acl", "a PUT URL makes no object public", (*bench).tryACL},
		hostile("put-tagging", "a PUT URL sets no tags", (*bench).tagged, "x-amz-tagging", "hostile=1"),
		hostile("put-website-redirect", "a PUT URL sets no redirect", func(b *bench, key string) error {
			return set(b.head(key).WebsiteRedirectLocation != nil, "redirect")
		}, "x-amz-website-redirect-location", "https://example.com/"),
		hostile("put-lock-retention", "a PUT URL sets no retention", func(b *bench, key string) error {
			h := b.head(key)
			return set(h.ObjectLockMode != "" || h.ObjectLockRetainUntilDate != nil, "retention")
		}, "x-amz-object-lock-mode", "GOVERNANCE", "x-amz-object-lock-retain-until-date", until),
		hostile("put-lock-hold", "a PUT URL sets no legal hold", func(b *bench, key string) error {
			return set(b.head(key).ObjectLockLegalHoldStatus != "", "legal hold")
		}, "x-amz-object-lock-legal-hold", "ON"),
		hostile("put-metadata", "a PUT URL sets no metadata", func(b *bench, key string) error {
			return set(len(b.head(key).Metadata) > 0, "metadata")
		}, "x-amz-meta-hostile", "1"),
	}
}

// hostile PUTs with headers; then it must be refused and store nothing, or
// followed must find nothing.
func hostile(name, promise string, followed func(b *bench, key string) error, headers ...string) trial {
	return trial{name, promise, func(b *bench) error {
		key := b.outboxKey()
		stored, err := b.putHostile(key, headers...)
		if err != nil || !stored {
			return err
		}
		return followed(b, key)
	}}
}

// putHostile tells whether the object was stored in spite of the headers.
func (b *bench) putHostile(key string, headers ...string) (stored bool, err error) {
	r := b.put(b.signPut(b.signer(0), key), `{"extraction":{}}`, headers...)
	_, _, stored = b.read(key)
	b.t.Logf("answered with %d, stored: %t", r.status, stored)
	if r.status == http.StatusOK {
		return stored, nil
	}
	if err := r.refused(); err != nil {
		return stored, err
	}
	if stored {
		return true, errors.New("refused, and stored all the same")
	}
	return false, nil
}

// tryCopySource is stricter than the rest: a copy must be refused, not ignored.
func (b *bench) tryCopySource() error {
	source, key := b.stagingKey(), b.outboxKey()
	content := b.write(source)
	from := "/" + b.target.Config.Bucket + "/" + (&url.URL{Path: source}).EscapedPath()
	r := b.put(b.signPut(b.signer(0), key), "", "x-amz-copy-source", from)
	got, _, stored := b.read(key)
	b.t.Logf("answered with %d, stored: %t", r.status, stored)
	switch {
	case stored && got == content:
		return errors.New("the staged object was copied")
	case r.status == http.StatusOK:
		return errors.New("not refused")
	}
	return r.refused(content)
}

func (b *bench) tryACL() error {
	for _, acl := range []string{"public-read", "public-read-write", "authenticated-read"} {
		key := b.outboxKey()
		u := b.signPut(b.signer(0), key)
		stored, err := b.putHostile(key, "x-amz-acl", acl)
		if err != nil {
			return fmt.Errorf("%s: %w", acl, err)
		}
		if !stored {
			continue
		}
		if r := b.get(bare(u)); r.refused() != nil {
			return fmt.Errorf("%s: everybody may read the object: status %d", acl, r.status)
		}
	}
	return nil
}

func (b *bench) tagged(key string) error {
	out, err := b.target.Owner.GetObjectTagging(b.t.Context(), &s3.GetObjectTaggingInput{Bucket: &b.target.Config.Bucket, Key: &key})
	if err != nil {
		b.t.Fatalf("the owner cannot read tags: %v", err)
	}
	return set(len(out.TagSet) > 0, "tags")
}

func (b *bench) head(key string) *s3.HeadObjectOutput {
	b.t.Helper()
	out, err := b.target.Owner.HeadObject(b.t.Context(), &s3.HeadObjectInput{Bucket: &b.target.Config.Bucket, Key: &key})
	if err != nil {
		b.t.Fatalf("the owner cannot describe an object: %v", err)
	}
	return out
}

func set(is bool, what string) error {
	if is {
		return errors.New("the object has the " + what)
	}
	return nil
}

// bare is a URL without its query.
func bare(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	u.RawQuery = ""
	return u.String()
}
