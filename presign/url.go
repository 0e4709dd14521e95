package presign

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// redacted is all that any printer shows of a URL.
const redacted = "[presign.URL redacted]"

// URL is one presigned URL. It is a capability: whoever has its text can use
// it. So the text sits behind a func, which no verb of fmt, no slog handler, no
// JSON encoder and no reflecting printer looks into, also where a URL is the
// unexported field of something else. Only Reveal gives the text.
//
// The zero value is no URL; its methods give zero values.
type URL struct{ open func() signed }

// signed is what a URL knows of itself.
type signed struct {
	raw             string
	method, key     string
	signedAt, until time.Time
}

func newURL(s signed) URL { return URL{open: func() signed { return s }} }

func (u URL) see() signed {
	if u.open == nil {
		return signed{}
	}
	return u.open()
}

// Reveal gives the URL's text, signature included. It belongs into the request
// to the provider and nowhere else.
func (u URL) Reveal() string { return u.see().raw }

// IsZero tells whether there is no URL.
func (u URL) IsZero() bool { return u.open == nil }

// Method is the one HTTP method that the URL is good for, GET or PUT.
func (u URL) Method() string { return u.see().method }

// Key is the object's key in its bucket.
func (u URL) Key() string { return u.see().key }

// SignedAt is X-Amz-Date: the moment of signing on S3's clock, in whole
// seconds.
func (u URL) SignedAt() time.Time { return u.see().signedAt }

// Until is the moment from which S3 refuses the URL: X-Amz-Date plus
// X-Amz-Expires, on S3's clock. A request that began before may end after it.
func (u URL) Until() time.Time { return u.see().until }

// Digest is the SHA-256 of the whole text: the name under which a guard knows
// the URL. It is of no use to whoever wants to use the URL.
func (u URL) Digest() [sha256.Size]byte { return sha256.Sum256([]byte(u.see().raw)) }

// String gives a constant, as do Format, LogValue and MarshalText.
func (u URL) String() string { return redacted }

// Format writes the same constant for every verb and flag.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue gives the constant to slog.
func (u URL) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText gives the constant to encoding/json and other encoders. There is
// no way back: a URL is not stored.
func (u URL) MarshalText() ([]byte, error) { return []byte(redacted), nil }
