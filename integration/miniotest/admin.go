package miniotest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// User is somebody with keys that do not end.
type User struct{ AccessKey, SecretKey string }

// Credentials are the user's.
func (u User) Credentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(u.AccessKey, u.SecretKey, "")
}

// NewUser makes a user who may do what a policy says and nothing else. Unlike a
// session's, the policy may be longer than 2,048 characters.
func (s *Server) NewUser(tb testing.TB, policy string) User {
	tb.Helper()
	u := User{AccessKey: "user" + strings.ToLower(rand.Text()[:14]), SecretKey: rand.Text()}
	account, err := json.Marshal(map[string]string{"secretKey": u.SecretKey, "status": "enabled"})
	if err != nil {
		tb.Fatal(err)
	}
	sealed, err := seal(s.SecretKey, account)
	if err != nil {
		tb.Fatal(err)
	}
	for _, call := range []struct {
		path string
		q    url.Values
		body []byte
	}{
		{"add-canned-policy", url.Values{"name": {u.AccessKey}}, []byte(policy)},
		{"add-user", url.Values{"accessKey": {u.AccessKey}}, sealed},
		{"set-user-or-group-policy", url.Values{"policyName": {u.AccessKey}, "userOrGroup": {u.AccessKey}, "isGroup": {"false"}}, nil},
	} {
		if err := s.admin(tb, call.path, call.q, call.body); err != nil {
			tb.Fatalf("miniotest: %s: %v", call.path, err)
		}
	}
	return u
}

// admin asks MinIO's admin interface as root.
func (s *Server) admin(tb testing.TB, path string, q url.Values, body []byte) error {
	address := s.Endpoint + "/minio/admin/v3/" + path + "?" + q.Encode()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", digest)
	root := aws.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey}
	if err := v4.NewSigner().SignHTTP(tb.Context(), root, req, digest, "s3", Region, time.Now()); err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d: %s", resp.StatusCode, text)
	}
	return nil
}

// seal encrypts the body of an admin request as MinIO's admin interface wants
// it: salt, kind of key, nonce, and one last fragment of authenticated
// encryption under a key that is made from the caller's secret.
func seal(secret string, body []byte) ([]byte, error) {
	const (
		byPBKDF2 = 0x02 // PBKDF2 with SHA-256, then AES-GCM
		rounds   = 8192
		last     = 0x80 // this fragment is the last one
	)
	salt, nonce := make([]byte, 32), make([]byte, 12)
	rand.Read(salt)
	rand.Read(nonce[:8]) // its last four bytes count fragments, little end first
	key, err := pbkdf2.Key(sha256.New, secret, salt, rounds, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	about := append([]byte{last}, gcm.Seal(nil, nonce, nil, nil)...)
	out := append(append(append([]byte{}, salt...), byPBKDF2), nonce[:8]...)
	nonce[8] = 1
	return gcm.Seal(out, nonce, body, about), nil
}
