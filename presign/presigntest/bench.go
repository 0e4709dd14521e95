package presigntest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

const (
	life        = 15 * time.Minute // of URLs that are to work
	early       = 25 * time.Minute // beyond the 15 that S3 tolerates, within a session of an hour
	contentType = "text/markdown; charset=utf-8"
	maxReply    = 1 << 20 // bytes; no reply of a trial is larger
)

// bench is what one trial works with. Its own failures end the test.
type bench struct {
	t      *testing.T
	target Target
	http   *http.Client
}

func newBench(t *testing.T, target Target) *bench {
	t.Helper()
	client := target.HTTP
	if client == nil {
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(true)
		t.Cleanup(transport.CloseIdleConnections)
		client = &http.Client{
			Transport:     transport,
			Timeout:       time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &bench{t: t, target: target, http: client}
}

// taken is a depository that takes everything: no guard is asked in a trial.
type taken struct{}

func (taken) Deposit(context.Context, zdr.Grant) error { return nil }

// signer signs as the target does, from a clock that is off by shift.
func (b *bench) signer(shift time.Duration, change ...func(*presign.Config)) *presign.Signer {
	b.t.Helper()
	c := b.target.Config
	c.Lifetime = presign.Limits{Asked: life, Policy: life}
	c.Depository = taken{}
	measured := c.Skew
	c.Skew = func() time.Duration {
		if measured == nil {
			return shift
		}
		return measured() + shift
	}
	for _, f := range change {
		f(&c)
	}
	s, err := presign.New(c)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bench) signGet(s *presign.Signer, key string) string {
	b.t.Helper()
	u, err := s.SignGet(b.t.Context(), presign.Single{Key: key, Ref: "trial"})
	if err != nil {
		b.t.Fatal(err)
	}
	return u.Reveal()
}

func (b *bench) signPut(s *presign.Signer, key string) string {
	b.t.Helper()
	u, err := s.SignPut(b.t.Context(), presign.Single{Key: key, Ref: "trial"})
	if err != nil {
		b.t.Fatal(err)
	}
	return u.Reveal()
}

func (b *bench) stagingKey() string {
	return b.removedLater(orElse(b.target.Config.ReaderPrefix, presign.DefaultReaderPrefix) + rand.Text() + ".md")
}

func (b *bench) outboxKey() string {
	return b.removedLater(orElse(b.target.Config.WriterPrefix, presign.DefaultWriterPrefix) + rand.Text() + ".json")
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (b *bench) removedLater(key string) string {
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := b.target.Owner.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.target.Config.Bucket, Key: &key})
		if err != nil {
			b.t.Error("the owner cannot remove an object of a trial")
		}
	})
	return key
}

// write puts an object as the owner and gives its content, which nothing else
// has in it.
func (b *bench) write(key string) string {
	b.t.Helper()
	content := "# Content of a trial\n\n" + rand.Text() + "\n"
	mime := contentType
	_, err := b.target.Owner.PutObject(b.t.Context(), &s3.PutObjectInput{
		Bucket: &b.target.Config.Bucket, Key: &key, Body: strings.NewReader(content), ContentType: &mime,
	})
	if err != nil {
		b.t.Fatalf("the owner cannot write an object: %v", err)
	}
	return content
}

// read gets an object as the owner; false when there is none.
func (b *bench) read(key string) (string, *s3.GetObjectOutput, bool) {
	b.t.Helper()
	out, err := b.target.Owner.GetObject(b.t.Context(), &s3.GetObjectInput{Bucket: &b.target.Config.Bucket, Key: &key})
	if _, missing := errors.AsType[*types.NoSuchKey](err); missing {
		return "", nil, false
	}
	if err != nil {
		b.t.Fatalf("the owner cannot read an object: %v", err)
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		b.t.Fatalf("the owner cannot read an object to its end: %v", err)
	}
	return string(body), out, true
}

// reply is what the bare client got.
type reply struct {
	status int
	header http.Header
	body   string
}

// send is the bare client: a method, a URL, maybe a body and headers.
func (b *bench) send(method, rawURL string, body io.Reader, headers ...string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, rawURL, body)
	if err != nil {
		b.t.Fatal("the URL does not make a request")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatalf("%s was not answered: %v", method, withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		b.t.Fatalf("%s was not answered to the end: %v", method, withoutURL(err))
	}
	return reply{resp.StatusCode, resp.Header, string(text)}
}

func (b *bench) put(rawURL, content string, headers ...string) reply {
	b.t.Helper()
	return b.send(http.MethodPut, rawURL, strings.NewReader(content), headers...)
}

func (b *bench) get(rawURL string, headers ...string) reply {
	b.t.Helper()
	return b.send(http.MethodGet, rawURL, nil, headers...)
}

// withoutURL takes the URL off an error of net/http.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// refused gives nil for a definite refusal that hands out none of secrets.
func (r reply) refused(secrets ...string) error {
	for _, s := range secrets {
		if strings.Contains(r.body, strings.TrimSpace(s)) {
			return fmt.Errorf("the content was handed out with status %d", r.status)
		}
	}
	if r.status < 400 || r.status > 499 {
		return fmt.Errorf("not refused: status %d", r.status)
	}
	return nil
}

// chunked hides the length of a body, so that it goes out in chunks.
func chunked(content string) io.Reader {
	return struct{ io.Reader }{bytes.NewReader([]byte(content))}
}
