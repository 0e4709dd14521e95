package s3store

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

const secretKey = "inbox/doe-contract.md"

// config points at a server, and does not wait between the SDK's tries.
func config(endpoint string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
}

// answering serves one canned answer and counts requests.
func answering(t *testing.T, status int, code string) (*Store, *atomic.Int32) {
	t.Helper()
	var n atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("x-amz-request-id", "REQ1")
		w.WriteHeader(status)
		if code != "" && r.Method != http.MethodHead && status != http.StatusNotModified {
			_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>about "+secretKey+"</Message><Key>"+secretKey+"</Key></Error>")
		}
	}))
	t.Cleanup(srv.Close)
	s, err := Open(t.Context(), config(srv.URL), "s3://acme-docs")
	if err != nil {
		t.Fatal(err)
	}
	return s, &n
}

func write(t *testing.T, s *Store) error {
	t.Helper()
	_, err := s.Put(t.Context(), secretKey, strings.NewReader("x"), bucket.PutOptions{})
	return err
}

func copyIt(t *testing.T, s *Store) error {
	t.Helper()
	_, err := s.Copy(t.Context(), secretKey, bucket.Source{Bucket: "acme-docs", Key: secretKey, ETag: "e"}, bucket.PutOptions{})
	return err
}

func readIt(t *testing.T, s *Store) error {
	t.Helper()
	_, err := s.Get(t.Context(), secretKey, bucket.GetOptions{})
	return err
}

// check holds an error against its class and looks for names in it.
func check(t *testing.T, what string, err, want error) {
	t.Helper()
	var be *bucket.Error
	if !errors.As(err, &be) || be.Class != want {
		t.Errorf("%s: got %v, want %v", what, err, want)
		return
	}
	for _, name := range []string{"doe", "acme", "127.0.0.1", "about"} {
		if strings.Contains(err.Error(), name) {
			t.Errorf("%s: the error quotes %q", what, name)
		}
	}
}

func TestClasses(t *testing.T) {
	for _, c := range []struct {
		status      int
		code        string
		write, read error
	}{
		{301, "PermanentRedirect", bucket.ErrNoBucket, bucket.ErrNoBucket},
		{304, "", bucket.ErrNotModified, bucket.ErrNotModified},
		{400, "AuthorizationHeaderMalformed", bucket.ErrNoBucket, bucket.ErrNoBucket},
		{400, "ExpiredToken", bucket.ErrCredentials, bucket.ErrCredentials},
		{400, "InvalidArgument", bucket.ErrInvalid, bucket.ErrInvalid},
		{400, "RequestTimeout", bucket.ErrUnavailable, bucket.ErrUnavailable},
		{403, "AccessDenied", bucket.ErrDenied, bucket.ErrDenied},
		{403, "SignatureDoesNotMatch", bucket.ErrDenied, bucket.ErrDenied},
		{404, "NoSuchKey", bucket.ErrNotFound, bucket.ErrNotFound},
		{404, "NoSuchVersion", bucket.ErrNotFound, bucket.ErrNotFound},
		{404, "NoSuchBucket", bucket.ErrNoBucket, bucket.ErrNoBucket},
		{405, "MethodNotAllowed", bucket.ErrInvalid, bucket.ErrNotFound}, // a GET of a delete marker
		{409, "ConditionalRequestConflict", bucket.ErrConflict, bucket.ErrConflict},
		{409, "OperationAborted", bucket.ErrConflict, bucket.ErrConflict},
		{412, "PreconditionFailed", bucket.ErrPrecondition, bucket.ErrPrecondition},
		{429, "TooManyRequests", bucket.ErrThrottled, bucket.ErrThrottled},
		{500, "InternalError", bucket.ErrUnknown, bucket.ErrUnavailable},
		{501, "NotImplemented", bucket.ErrInvalid, bucket.ErrInvalid},
		{502, "", bucket.ErrUnknown, bucket.ErrUnavailable},
		{503, "SlowDown", bucket.ErrThrottled, bucket.ErrThrottled},
		{503, "ServiceUnavailable", bucket.ErrUnknown, bucket.ErrUnavailable},
		{503, "", bucket.ErrUnknown, bucket.ErrUnavailable},
		{504, "", bucket.ErrUnknown, bucket.ErrUnavailable},
	} {
		s, n := answering(t, c.status, c.code)
		what := http.StatusText(c.status) + " " + c.code
		check(t, what+" put", write(t, s), c.write)
		if got := n.Load(); got != 1 {
			t.Errorf("%s: a put was sent %d times", what, got)
		}
		if c.status != http.StatusBadRequest { // a copy looks at the source's size after a 400
			check(t, what+" copy", copyIt(t, s), c.write)
			if got := n.Load(); got != 2 && c.write != bucket.ErrInvalid {
				t.Errorf("%s: a copy was sent %d times", what, got-1)
			}
		}
		check(t, what+" get", readIt(t, s), c.read)
	}
}

// A copy can fail after its header said 200.
func TestCopyThatFailsInItsBody(t *testing.T) {
	for code, want := range map[string]error{"InternalError": bucket.ErrUnknown, "SlowDown": bucket.ErrThrottled} {
		s, n := answering(t, http.StatusOK, code)
		check(t, code, copyIt(t, s), want)
		if n.Load() != 1 {
			t.Errorf("%s: sent %d times", code, n.Load())
		}
	}
}

func TestReadsAreTriedAgain(t *testing.T) {
	s, n := answering(t, http.StatusInternalServerError, "InternalError")
	check(t, "get", readIt(t, s), bucket.ErrUnavailable)
	if got := n.Load(); got != 3 {
		t.Errorf("sent %d times, want 3", got)
	}
}

// A connection that is cut after the request leaves a write's outcome open.
func TestCutConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				n.Add(1)
			}
			c.Close()
		}
	}()
	s, err := Open(t.Context(), config("http://"+l.Addr().String()), "s3://acme-docs")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "put", write(t, s), bucket.ErrUnknown)
	check(t, "copy", copyIt(t, s), bucket.ErrUnknown)
	if n.Load() != 2 {
		t.Errorf("two writes were sent %d times", n.Load())
	}
	check(t, "get", readIt(t, s), bucket.ErrUnavailable)
	check(t, "remove", s.Remove(t.Context(), secretKey), bucket.ErrUnavailable)

	l.Close()
	<-done
	check(t, "put, nobody listens", write(t, s), bucket.ErrUnavailable)
}

// A client that is no net/http transport does not say what it sent.
func TestSilentClientMayHaveSent(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	cfg.HTTPClient = doFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New("lost " + secretKey) })
	s, err := Open(t.Context(), cfg, "s3://acme-docs")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "put", write(t, s), bucket.ErrUnknown)
	check(t, "get", readIt(t, s), bucket.ErrUnavailable)
}

type doFunc func(*http.Request) (*http.Response, error)

func (f doFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestCancelledWrite(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer srv.Close()
	s, err := Open(t.Context(), config(srv.URL), "s3://acme-docs")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(ctx, secretKey, strings.NewReader("x"), bucket.PutOptions{})
	check(t, "put", err, bucket.ErrUnknown)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to be context.Canceled too", err)
	}
}

func TestCredentialsThatGoAway(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	calls := 0
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		if calls++; calls > 1 {
			return aws.Credentials{}, errors.New("no profile " + secretKey)
		}
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
	})
	s, err := Open(t.Context(), cfg, "s3://acme-docs")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "put", write(t, s), bucket.ErrCredentials)
	check(t, "get", readIt(t, s), bucket.ErrCredentials)
	cfg.Credentials = nil
	_, err = Open(t.Context(), cfg, "s3://acme-docs")
	check(t, "open", err, bucket.ErrCredentials)
}

func TestErrorCodesAreLetters(t *testing.T) {
	for code, want := range map[string]string{"NoSuchKey": "NoSuchKey", "x y": "", "inbox/doe.md": "", strings.Repeat("a", 65): ""} {
		if got := letters(code); got != want {
			t.Errorf("%q: got %q, want %q", code, got, want)
		}
	}
	for id, want := range map[string]string{"7A/b+c=_-": "7A/b+c=_-", "a b": "", "doe.md": ""} {
		if got := token(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}
