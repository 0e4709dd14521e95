//go:build !nosandbox

package s3serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/rclone/gofakes3"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore/objects"
)

// Region is what the server's requests are signed for. It accepts others.
const Region = "us-east-1"

// Options says what to serve. The zero value serves no bucket on a free port of
// 127.0.0.1 for one key that is made at random.
type Options struct {
	// Addr is host:port to listen on; the host must be a literal loopback
	// address. Default: 127.0.0.1:0, a free port.
	Addr string
	// Keys are the access keys that are let in. Default: one random Key.
	Keys []Key
	// Buckets are made at the start; a CreateBucket request makes more.
	Buckets []Bucket
	// MaxCopy in bytes is the largest source that one copy request takes.
	// Default: 5 GiB, as in S3.
	MaxCopy int64
}

// Bucket is one bucket that Start makes.
type Bucket struct {
	Name      string
	Versioned bool
}

// Server is a running server. Close ends it.
type Server struct {
	url  string
	keys []Key

	maxCopy int64
	backend *backend
	fake    http.Handler
	http    *http.Server
	done    chan struct{}  // closed when the listener's goroutine has ended
	conns   sync.WaitGroup // one for each connection's goroutine

	mu     sync.Mutex
	counts map[string]int
}

// Start listens and serves until Close. The context bounds the start alone.
func Start(ctx context.Context, o Options) (*Server, error) {
	keys, err := o.keys()
	if err != nil {
		return nil, err
	}
	l, err := listen(ctx, o.Addr)
	if err != nil {
		return nil, err
	}
	s := &Server{
		url: "http://" + l.Addr().String(), keys: keys, backend: newBackend(),
		done: make(chan struct{}), counts: map[string]int{},
	}
	if s.maxCopy = o.MaxCopy; s.maxCopy == 0 {
		s.maxCopy = 5 << 30
	}
	for _, b := range o.Buckets {
		s.backend.make(b.Name, b.Versioned)
	}
	s.fake = gofakes3.New(s.backend).Server()
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // it would print what clients sent
		ConnState:         s.connState,
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // always ErrServerClosed: Close says when
	}()
	return s, nil
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, errors.New("s3serve: the address must be a loopback IP address and a port, such as 127.0.0.1:9000")
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("s3serve: listen on %s: %w", addr, err)
	}
	return l, nil
}

// URL is the endpoint, such as http://127.0.0.1:9000, for path-style requests.
func (s *Server) URL() string { return s.url }

// Keys are the access keys that are let in.
func (s *Server) Keys() []Key { return append([]Key(nil), s.keys...) }

// Config points an SDK client at the server with its first key.
func (s *Server) Config() aws.Config { return s.ConfigFor(s.keys[0]) }

// ConfigFor points an SDK client at the server with a key.
func (s *Server) ConfigFor(k Key) aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: aws.String(s.url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret, Source: "s3serve"}, nil
		}),
	}
}

// Requests counts requests by method since the start, refused ones too.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// Lookup gives the contents of a bucket, for tests to look at past the
// protocol; nil when there is none.
func (s *Server) Lookup(name string) *objects.Bucket { return s.backend.lookup(name) }

// SetVersioning changes a bucket's state. ErrNoBucket when there is none.
func (s *Server) SetVersioning(name string, v bucket.Versioning) error {
	b := s.backend.lookup(name)
	if b == nil {
		return bucket.ErrNoBucket
	}
	b.SetVersioning(v)
	return nil
}

// Close cuts all connections and frees the port; everything kept is gone. It
// returns when the server's goroutines have ended, and may be called again.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	s.conns.Wait()
	return err
}

func (s *Server) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.conns.Done()
	}
}
