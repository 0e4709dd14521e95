// Package natstest runs a real NATS server with JetStream in the process of a
// test.
package natstest

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Server is a server with one stream. It ends with its test.
type Server struct {
	URL  string // nats://127.0.0.1:PORT
	Addr string // 127.0.0.1:PORT
	Conn *nats.Conn
	JS   jetstream.JetStream
}

// patience is how long a busy machine may take for an answer: the client's own
// few seconds are for networks.
const patience = time.Minute

// Start starts a server with a stream on some subjects, in a folder of its own.
func Start(t testing.TB, stream string, subjects ...string) *Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the NATS server is not ready")
	}
	conn, err := nats.Connect(s.ClientURL(), nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(patience))
	if err == nil {
		_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: stream, Subjects: subjects})
	}
	if err != nil {
		t.Fatal(err)
	}
	return &Server{URL: s.ClientURL(), Addr: s.Addr().String(), Conn: conn, JS: js}
}
