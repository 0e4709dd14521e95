package presign_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/presign"
)

// The golden list: every parameter of a URL, by name and value, in the order in
// which it is sent. A new version of the SDK that adds, drops or changes one
// fails here. The signature itself is computed a second time, by hand, below.
func TestGoldenURLs(t *testing.T) {
	const (
		v4     = "X-Amz-Algorithm=AWS4-HMAC-SHA256"
		expiry = "X-Amz-Expires=21600"
		host   = "X-Amz-SignedHeaders=host"
		date   = "X-Amz-Date=20261123T120000Z"
		token  = "X-Amz-Security-Token=IQoJb3JpZ2luX2VjE%2F%2F%2B%3D"
	)
	credential := func(id, region string) string {
		return "X-Amz-Credential=" + id + "%2F20261123%2F" + region + "%2Fs3%2Faws4_request"
	}
	tests := []struct {
		name    string
		change  func(*presign.Config)
		session string
		base    string // up to and with the slash before the key
		region  string
	}{
		{"virtual-hosted", func(*presign.Config) {}, "", "https://x7k2-9fq4.s3.us-east-2.amazonaws.com/", "us-east-2"},
		{"first region, not the global host", func(c *presign.Config) { c.Region = "us-east-1" }, "", "https://x7k2-9fq4.s3.us-east-1.amazonaws.com/", "us-east-1"},
		{"EU region", func(c *presign.Config) { c.Region = "eu-west-1" }, "", "https://x7k2-9fq4.s3.eu-west-1.amazonaws.com/", "eu-west-1"},
		{"path style", func(c *presign.Config) { c.PathStyle = true }, "", "https://s3.us-east-2.amazonaws.com/x7k2-9fq4/", "us-east-2"},
		{"dotted bucket falls to path style", func(c *presign.Config) { c.Bucket = "x7k2.9fq4" }, "", "https://s3.us-east-2.amazonaws.com/x7k2.9fq4/", "us-east-2"},
		{"session token", func(*presign.Config) {}, "IQoJb3JpZ2luX2VjE//+=", "https://x7k2-9fq4.s3.us-east-2.amazonaws.com/", "us-east-2"},
		{"public endpoint with a port", func(c *presign.Config) { c.Endpoint = "https://files.example.com:9443" }, "", "https://x7k2-9fq4.files.example.com:9443/", "us-east-2"},
		{"public endpoint in path style", func(c *presign.Config) { c.Endpoint, c.PathStyle = "https://files.example.com:9443/s3/", true }, "", "https://files.example.com:9443/s3/x7k2-9fq4/", "us-east-2"},
		{"public endpoint, dotted bucket", func(c *presign.Config) { c.Endpoint, c.Bucket = "https://files.example.com", "x7k2.9fq4" }, "", "https://files.example.com/x7k2.9fq4/", "us-east-2"},
		{"loopback", func(c *presign.Config) { c.Endpoint, c.Region = "http://127.0.0.1:9000", "us-east-1" }, "", "http://127.0.0.1:9000/x7k2-9fq4/", "us-east-1"},
		{"loopback of IPv6", func(c *presign.Config) { c.Endpoint, c.PathStyle = "http://[::1]:9000", true }, "", "http://[::1]:9000/x7k2-9fq4/", "us-east-2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reader := credentials.NewStaticCredentialsProvider("AKIDREADER", "reader/secret+key", tt.session)
				writer := credentials.NewStaticCredentialsProvider("AKIDWRITER", "writer/secret+key", tt.session)
				c := config(&depository{}, reader, writer)
				c.Skew = func() time.Duration { return time.Until(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)) }
				tt.change(&c)
				s := newSigner(t, c)
				p, err := s.Sign(t.Context(), ask)
				if err != nil {
					t.Fatal(err)
				}
				for _, u := range []struct {
					url           presign.URL
					method        string
					id, key, path string
				}{
					{p.Get, "GET", "AKIDREADER", "reader/secret+key", "s/ab12.md"},
					{p.Put, "PUT", "AKIDWRITER", "writer/secret+key", "o/ab12.json"},
				} {
					want := []string{v4, credential(u.id, tt.region), date, expiry}
					if tt.session != "" {
						want = append(want, token)
					}
					want = append(want, host)
					golden := tt.base + u.path + "?" + strings.Join(want, "&")
					unsigned, signature, _ := strings.Cut(u.url.Reveal(), "&X-Amz-Signature=")
					if unsigned != golden {
						t.Errorf("%s is\n%s, want\n%s", u.method, unsigned, golden)
					}
					if want := signByHand(t, u.method, golden, tt.region, u.key); signature != want {
						t.Errorf("%s has signature %s, want %s", u.method, signature, want)
					}
				}
				if s.OutboxBase() != tt.base+"o/" || s.StagingBase() != tt.base+"s/" {
					t.Errorf("bases are %q and %q, want those of %q", s.StagingBase(), s.OutboxBase(), tt.base)
				}
			})
		})
	}
}

// signByHand is Signature Version 4 as Amazon's documentation writes it down,
// for a query without signature, with host alone signed and no payload hash.
func signByHand(t *testing.T, method, address, region, secret string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	params := strings.Split(u.RawQuery, "&")
	slices.Sort(params)
	date := u.Query().Get("X-Amz-Date")
	scope := date[:8] + "/" + region + "/s3/aws4_request"
	canonical := strings.Join([]string{method, u.EscapedPath(), strings.Join(params, "&"), "host:" + u.Host, "", "host", "UNSIGNED-PAYLOAD"}, "\n")
	digest := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + secret)
	for _, part := range []string{date[:8], region, "s3", "aws4_request"} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, strings.Join([]string{"AWS4-HMAC-SHA256", date, scope, hex.EncodeToString(digest[:])}, "\n")))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// The longest life is exactly what S3 takes, and parts of a second are gone.
func TestGoldenExpiry(t *testing.T) {
	for life, want := range map[time.Duration]string{
		time.Second:                      "1",
		90*time.Second + time.Second/2:   "90",
		7 * 24 * time.Hour:               "604800",
		8 * 24 * time.Hour:               "604800",
		100*24*time.Hour - time.Second/2: "604800",
	} {
		c := config(&depository{}, &vault{id: "R"}, &vault{id: "W"})
		c.Lifetime = presign.Limits{Asked: life, Policy: life}
		p, err := newSigner(t, c).Sign(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(p.Put.Reveal())
		if err != nil || u.Query().Get("X-Amz-Expires") != want {
			t.Errorf("a life of %v gives X-Amz-Expires=%s, want %s", life, u.Query().Get("X-Amz-Expires"), want)
		}
	}
}
