package zdr_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// presigned is a URL as a signer makes one, with an invented signature. An edit
// changes its parameters.
func presigned(address string, at time.Time, life time.Duration, edits ...func(url.Values)) string {
	q := url.Values{
		"X-Amz-Algorithm":     {"AWS4-HMAC-SHA256"},
		"X-Amz-Credential":    {"AKIDEXAMPLE/" + at.UTC().Format("20060102") + "/us-east-2/s3/aws4_request"},
		"X-Amz-Date":          {at.UTC().Format("20060102T150405Z")},
		"X-Amz-Expires":       {strconv.Itoa(int(life.Seconds()))},
		"X-Amz-SignedHeaders": {"host"},
		"X-Amz-Signature":     {strings.Repeat("0f", 32)},
	}
	for _, edit := range edits {
		edit(q)
	}
	return address + "?" + q.Encode()
}

// The guard takes no signer's word for what a URL is: it reads it.
func TestDepositHoldsTheURLToItsGrant(t *testing.T) {
	const address = "http://127.0.0.1:9000/x7k2/s/4f1d.md"
	at := time.Now().Truncate(time.Second)
	set := func(name, value string) func(url.Values) { return func(q url.Values) { q.Set(name, value) } }
	for name, raw := range map[string]string{
		"no signature":                address,
		"an empty query":              address + "?",
		"a signature alone":           address + "?X-Amz-Signature=" + strings.Repeat("0f", 32),
		"words as signature":          presigned(address, at, time.Hour, set("X-Amz-Signature", "the content of a document")),
		"longer than it says":         presigned(address, at, 7*24*time.Hour),
		"shorter than it says":        presigned(address, at, time.Minute),
		"signed before":               presigned(address, at.Add(-time.Hour), time.Hour),
		"another key":                 presigned("http://127.0.0.1:9000/x7k2/inbox/ann.md", at, time.Hour),
		"a key that ends alike":       presigned("http://127.0.0.1:9000/x7k2/inbox-s/4f1d.md", at, time.Hour),
		"no key":                      presigned("http://127.0.0.1:9000/x7k2/s/", at, time.Hour),
		"another access key":          presigned(address, at, time.Hour, set("X-Amz-Credential", "AKIDOTHER/20260314/us-east-2/s3/aws4_request")),
		"no access key":               presigned(address, at, time.Hour, set("X-Amz-Credential", "")),
		"a header that nobody sends":  presigned(address, at, time.Hour, set("X-Amz-SignedHeaders", "content-type;host")),
		"another algorithm":           presigned(address, at, time.Hour, set("X-Amz-Algorithm", "AWS4-HMAC-SHA1")),
		"a parameter of one's own":    presigned(address, at, time.Hour, set("note", "content")),
		"another version":             presigned(address, at, time.Hour, set("versionId", "1")),
		"a header by parameter":       presigned(address, at, time.Hour, set("response-content-disposition", "content")),
		"a parameter twice":           presigned(address, at, time.Hour, func(q url.Values) { q.Add("X-Amz-Expires", "3600") }),
		"a time with a sign":          presigned(address, at, time.Hour, set("X-Amz-Expires", "+3600")),
		"a token that is a text":      presigned(address, at, time.Hour, set("X-Amz-Security-Token", "the content of a document")),
		"a query that nobody encoded": presigned(address, at, time.Hour) + "&%zz",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			g := zdr.GrantFor(raw, zdr.Grant{
				Role: zdr.Reader, Method: "GET", Key: "s/4f1d.md", Ref: testRef, Attempt: 1,
				AccessKeyID: "AKIDEXAMPLE", SignedAt: at, Until: at.Add(time.Hour),
			})
			if err := b.guard.Deposit(t.Context(), g); refusedBy(err) != zdr.RuleGrant {
				t.Errorf("got %v, want a refusal by %q", err, zdr.RuleGrant)
			}
		})
	}
}

// Temporary credentials sign with their session's token, of whatever store.
func TestDepositTakesSessionTokens(t *testing.T) {
	for _, token := range []string{"IQoJb3JpZ2luX2VjEN//////////wEaCXVzLWVhc3QtMg==", "eyJhbGciOiJIUzUxMiJ9.eyJhIjoiYiJ9.x-y_z", "v1:a|b,c~d"} {
		b := newBench(t, nil)
		raw := presigned(b.wire.URL+"/x7k2/"+stagingKey, b.at, time.Hour, func(q url.Values) { q.Set("X-Amz-Security-Token", token) })
		if err := b.guard.Deposit(t.Context(), b.grant(raw, zdr.Reader, "GET")); err != nil {
			t.Errorf("%s: %v", token, err)
		}
	}
}
