//go:build !nosandbox

package s3serve

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/rclone/gofakes3/signature"
)

// Key is an access key, and what it may do.
type Key struct {
	ID     string // at least three characters
	Secret string
	Scope  Scope
}

// Scope holds a key to one kind of request on objects. The zero value lets
// everything through.
type Scope struct {
	Method string // http.MethodGet or http.MethodPut; "" is any
	Bucket string // "" is any
	Prefix string // the object key must begin with it
}

// Reader is the scope of the identity that signs GETs of staged objects: it can
// read objects under s/ and nothing else.
func Reader(bucketName string) Scope {
	return Scope{Method: http.MethodGet, Bucket: bucketName, Prefix: "s/"}
}

// Writer is the scope of the identity that signs PUTs of results: it can write
// objects under o/, whole and plain, and nothing else.
func Writer(bucketName string) Scope {
	return Scope{Method: http.MethodPut, Bucket: bucketName, Prefix: "o/"}
}

// RandomKey makes a key that nobody can guess, named by its first letters.
func RandomKey(name string, s Scope) Key {
	return Key{ID: name + rand.Text()[:12], Secret: rand.Text() + rand.Text(), Scope: s}
}

func (o Options) keys() ([]Key, error) {
	if len(o.Keys) == 0 {
		return []Key{RandomKey("SANDBOX", Scope{})}, nil
	}
	for _, k := range o.Keys {
		if len(k.ID) < 3 || k.Secret == "" || strings.ContainsAny(k.ID, "/, =") {
			return nil, errors.New("s3serve: an access key needs an id of three characters or more and a secret")
		}
	}
	return o.Keys, nil
}

// admits says whether a key of this scope may make the request r, which is for
// an object of a bucket. Subresources (uploads, tagging, acl, …) and copies are
// beyond a narrow scope: a copy reads what the key may not.
func (s Scope) admits(r *http.Request, bucketName, key string) bool {
	if s == (Scope{}) {
		return true
	}
	return (s.Method == "" || r.Method == s.Method) &&
		(s.Bucket == "" || bucketName == s.Bucket) &&
		key != "" && strings.HasPrefix(key, s.Prefix) &&
		r.Header.Get("X-Amz-Copy-Source") == "" && plainQuery(r)
}

// plainQuery says whether a query has nothing but a signature in it, and the
// name that SDKs give to the operation.
func plainQuery(r *http.Request) bool {
	for name := range r.URL.Query() {
		if name != "x-id" && !strings.HasPrefix(name, "X-Amz-") {
			return false
		}
	}
	return true
}

// signer finds the key that signed r. The code is signature.ErrNone when the
// signature holds.
func (s *Server) signer(r *http.Request) (Key, signature.ErrorCode) {
	var found Key
	code := signature.V4SignVerifyWithLookup(r, func(id string) (string, bool) {
		for _, k := range s.keys {
			if k.ID == id {
				found = k
				return k.Secret, true
			}
		}
		return "", false
	})
	return found, code
}
