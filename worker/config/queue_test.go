package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/trigger/natstest"
)

// TestNATSPrintsNothing: what a server says to a client besides its answers is
// the server's text, and has no place on standard error.
func TestNATSPrintsNothing(t *testing.T) {
	server := natstest.Start(t, "ZDR", "events")
	conn, err := new(config.Config).NATS(config.NATSFeed{URL: server.URL, Stream: "ZDR"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	path := filepath.Join(t.TempDir(), "stderr")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = file
	conn.ErrorHandler()(conn, nil, errors.New("said by the server"))
	os.Stderr = before
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if said, err := os.ReadFile(path); err != nil || len(said) > 0 {
		t.Errorf("printed %q, %v", said, err)
	}
}
