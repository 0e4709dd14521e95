package trigger_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/worker/trigger/natstest"
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
	bus := natstest.Start(t, streamName, subject)
	g.js = bus.JS
	web := httptest.NewServer(g)
	t.Cleanup(web.Close)
	g.url = web.URL
	for name, value := range map[string]string{
		"ZDRWORKER_TEST_MINIO":                 "process", // see the package's doc
		"MINIO_NOTIFY_NATS_ENABLE_BUS":         "on",
		"MINIO_NOTIFY_NATS_ADDRESS_BUS":        bus.Addr,
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

// ServeHTTP passes on to the handler of the test at work.
func (g *targets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := g.hook.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}
