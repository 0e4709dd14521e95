package worker

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// ID names a job's record: an HMAC of the document version and route revision
// under the fleet's secret. A doubled event finds the same ID; without the
// secret nobody can find an ID from a name.
type ID [16]byte

// String gives 32 hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether this is no ID.
func (id ID) IsZero() bool { return id == ID{} }

func (id ID) shard() string { return id.String()[:2] }

// MarshalText gives the digits.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads them.
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = parseID(string(b))
	return err
}

func parseID(s string) (ID, error) {
	var id ID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, errors.New("not a job id")
	}
	copy(id[:], b)
	return id, nil
}

// fleetSecret is what a deployment's names are derived from. It lies in the
// store bucket, made once with If-None-Match.
type fleetSecret struct {
	key    [32]byte
	sealer cipher.AEAD
}

func newFleetSecret(key []byte) (*fleetSecret, error) {
	f := &fleetSecret{}
	if len(key) != len(f.key) {
		return nil, fmt.Errorf("fleet secret has %d bytes, wants %d", len(key), len(f.key))
	}
	copy(f.key[:], key)
	// Keys for two purposes must not be one key.
	block, err := aes.NewCipher(f.derive("token"))
	if err != nil {
		return nil, err
	}
	f.sealer, err = cipher.NewGCM(block)
	return f, err
}

func (f *fleetSecret) derive(purpose string) []byte {
	m := hmac.New(sha256.New, f.key[:])
	m.Write([]byte("zdrworker/1/" + purpose))
	return m.Sum(nil)
}

// id is the identity of a job. Each part is length-prefixed, so that no two
// different identities hash the same bytes.
func (f *fleetSecret) id(bucket, key, version, route string, revision int) ID {
	m := hmac.New(sha256.New, f.derive("id"))
	for _, part := range []string{bucket, key, version, route} {
		writePart(m, part)
	}
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(revision))
	m.Write(n[:])
	return ID(m.Sum(nil)[:16])
}

// parseID is the identity of a parse job: a document version and the options
// that its result depends on. Routes and revisions have no part in it.
func (f *fleetSecret) parseID(bucket, key, version, options string) ID {
	m := hmac.New(sha256.New, f.derive("parse-id"))
	for _, part := range []string{bucket, key, version, options} {
		writePart(m, part)
	}
	return ID(m.Sum(nil)[:16])
}

// token names one attempt's staging and outbox objects. It is authenticated
// encryption of job and attempt with a random nonce: outside it says nothing,
// inside it leads back to the record without an index.
func (f *fleetSecret) token(id ID, attempt int) string {
	nonce := make([]byte, f.sealer.NonceSize())
	rand.Read(nonce)
	plain := append([]byte{1}, id[:]...)
	plain = binary.BigEndian.AppendUint32(plain, uint32(attempt))
	return base64.RawURLEncoding.EncodeToString(f.sealer.Seal(nonce, nonce, plain, nil))
}

var errForeignToken = errors.New("not a token of this fleet")

// open is the inverse of token. A name that this fleet did not make is
// errForeignToken.
func (f *fleetSecret) open(token string) (ID, int, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	n := f.sealer.NonceSize()
	if err != nil || len(b) < n {
		return ID{}, 0, errForeignToken
	}
	plain, err := f.sealer.Open(nil, b[:n], b[n:], nil)
	if err != nil || len(plain) != 21 || plain[0] != 1 {
		return ID{}, 0, errForeignToken
	}
	return ID(plain[1:17]), int(binary.BigEndian.Uint32(plain[17:])), nil
}

// newRef makes a job's public name: 128 random bits. The two bytes of the ID in
// front let a person's `jobs show REF` look in one 65,536th of the records
// instead of all of them; they are as random as the HMAC to anyone outside.
func newRef(id ID) string {
	b := make([]byte, 18)
	copy(b, id[:2])
	rand.Read(b[2:])
	return hex.EncodeToString(b)
}

// newNonce marks one write of a record, so that its writer can tell its own
// write from another's, and so that no two bodies are ever equal: equal bytes
// can have equal ETags.
func newNonce() string {
	b := make([]byte, 12)
	rand.Read(b)
	return hex.EncodeToString(b)
}
