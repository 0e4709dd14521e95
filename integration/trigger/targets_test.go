package trigger_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/zdrworker/zdrworker/integration/miniotest"
)

func TestMain(m *testing.M) { miniotest.Main(m) }

const (
	streamName = "ZDR"
	subject    = "events"
)

// targets are what MinIO sends to: a stream, and a webhook whose handler the
// test at work puts in.
type targets struct {
	minio  *miniotest.Server
	js     jetstream.JetStream
	hook   atomic.Pointer[http.Handler]
	url    string // of the webhook
	bearer string
}

// started: the one MinIO of this process has its targets.
var started bool

// TestMinIO starts the targets before MinIO, which is told of them by its
// environment.
func TestMinIO(t *testing.T) {
	if started {
		t.Skip("MinIO is told of its targets once, at its start; run the test in another process")
	}
	dir := t.TempDir()
	g := &targets{bearer: rand.Text()}
	address := g.startStream(t, filepath.Join(dir, "nats"))
	web := httptest.NewServer(g)
	t.Cleanup(web.Close)
	g.url = web.URL
	for name, value := range map[string]string{
		"ZDRWORKER_TEST_MINIO":                 "process", // see the package's doc
		"MINIO_NOTIFY_NATS_ENABLE_BUS":         "on",
		"MINIO_NOTIFY_NATS_ADDRESS_BUS":        address,
		"MINIO_NOTIFY_NATS_SUBJECT_BUS":        subject,
		"MINIO_NOTIFY_NATS_JETSTREAM_BUS":      "on",
		"MINIO_NOTIFY_WEBHOOK_ENABLE_HOOK":     "on",
		"MINIO_NOTIFY_WEBHOOK_ENDPOINT_HOOK":   web.URL,
		"MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_HOOK": g.bearer,
		"MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_HOOK":  filepath.Join(dir, "queue"),
	} {
		t.Setenv(name, value)
	}
	g.minio = miniotest.Start(t)
	started = true
	t.Run("stream", g.testStream)
	t.Run("webhook", g.testWebhook)
	t.Run("strangers", g.testStrangers)
}

// startStream gives the address of a NATS server with one stream.
func (g *targets) startStream(t *testing.T, dir string) (address string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the NATS server is not ready")
	}
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if g.js, err = jetstream.New(conn); err != nil {
		t.Fatal(err)
	}
	_, err = g.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: streamName, Subjects: []string{subject}})
	if err != nil {
		t.Fatal(err)
	}
	return s.Addr().String()
}

// ServeHTTP passes on to the handler of the test at work.
func (g *targets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := g.hook.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}
