//go:build !nosandbox

package s3serve

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"

	"github.com/rclone/gofakes3"
)

// verifyPayload holds a body to the SHA-256 that its signature covers:
// gofakes3 verifies that the digest was signed, not that it is the body's.
// Unsigned and streaming payloads pass.
func verifyPayload(r *http.Request) io.ReadCloser {
	want := r.Header.Get("X-Amz-Content-Sha256")
	if len(want) != sha256.Size*2 || r.ContentLength < 0 {
		return r.Body
	}
	return &payload{ReadCloser: r.Body, sum: sha256.New(), want: want, left: r.ContentLength}
}

// payload is a body that fails at its last byte when it is another.
type payload struct {
	io.ReadCloser
	sum  hash.Hash
	want string
	left int64
}

func (p *payload) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.sum.Write(b[:n])
	p.left -= int64(n)
	if p.left <= 0 && hex.EncodeToString(p.sum.Sum(nil)) != p.want {
		return 0, gofakes3.ErrorMessage(gofakes3.ErrBadDigest, "")
	}
	return n, err
}
