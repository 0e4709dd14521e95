package miniotest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

const (
	// startTimeout bounds the start of a server that is built already.
	startTimeout = 2 * time.Minute
	// lockPause is how often a lock is tried.
	lockPause = 250 * time.Millisecond
	// howVariable chooses between container and process.
	howVariable = "ZDRWORKER_TEST_MINIO"
)

// Server is a running MinIO with nothing in it. It can encrypt (SSE-S3 and
// SSE-KMS) with a key that ends with it.
type Server struct {
	Endpoint  string // http, a literal loopback address and a port; path style
	AccessKey string // of the root user
	SecretKey string
	How       string // "container" or "process"

	stop func() error
}

// only is the one server of a test binary.
var only struct {
	once   sync.Once
	server *Server
	err    error
	main   bool
}

// Main runs the tests of a package and then stops the server, if one was
// started. A package that calls Start needs it as its TestMain.
func Main(m *testing.M) {
	only.main = true
	code := m.Run()
	if only.server != nil {
		if err := only.server.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "miniotest: stop:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// Start gives the test binary's server, and starts it at the first call. With
// -short the test is skipped, with that as its reason. A server that cannot be
// built or started fails the test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	if testing.Short() {
		tb.Skip("MinIO is not part of the short tests; run without -short")
	}
	if !only.main {
		tb.Fatal("miniotest: the package needs func TestMain(m *testing.M) { miniotest.Main(m) }")
	}
	only.once.Do(func() {
		ctx, cancel := inTime(tb)
		defer cancel()
		only.server, only.err = start(ctx, func(format string, args ...any) {
			tb.Logf("miniotest: "+format, args...)
		})
	})
	if only.err != nil {
		tb.Fatalf("miniotest: %v", only.err)
	}
	return only.server
}

// inTime ends a little before the test binary is made to end, so that there is
// time to say why.
func inTime(tb testing.TB) (context.Context, context.CancelFunc) {
	limited, ok := tb.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return context.WithCancel(tb.Context())
	}
	end, ok := limited.Deadline()
	if !ok {
		return context.WithCancel(tb.Context())
	}
	return context.WithDeadline(tb.Context(), end.Add(-20*time.Second))
}

func start(ctx context.Context, say func(string, ...any)) (*Server, error) {
	want := os.Getenv(howVariable)
	if want != "" && want != "container" && want != "process" {
		return nil, fmt.Errorf("%s is neither container nor process", howVariable)
	}
	if want != "process" {
		s, err := startContainer(ctx, say)
		if err == nil || want == "container" || ctx.Err() != nil {
			return s, err
		}
		say("no container: %v", err)
	}
	return startProcess(ctx, say)
}

// settings are the variables that a new server is given.
func settings() (s *Server, env map[string]string) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails since Go 1.24
	s = &Server{AccessKey: "root" + rand.Text()[:12], SecretKey: rand.Text()}
	return s, map[string]string{
		"MINIO_ROOT_USER":      s.AccessKey,
		"MINIO_ROOT_PASSWORD":  s.SecretKey,
		"MINIO_KMS_SECRET_KEY": "miniotest:" + base64.StdEncoding.EncodeToString(key),
		"MINIO_BROWSER":        "off",
		"MINIO_UPDATE":         "off",
		"HOME":                 "/",
	}
}
