//go:build !nosandbox

package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/sandbox"
)

// brittle panics at a line that has a word in it.
type brittle struct {
	bytes.Buffer
	word string
}

func (b *brittle) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(b.word)) {
		panic("a line that cannot be written")
	}
	return b.Buffer.Write(line)
}

// TestServeEndsAfterAPanic: a worker that lost a part of itself ends, and its
// sources with it. They would go on to take messages that nobody works at, in a
// process that looks alive.
func TestServeEndsAfterAPanic(t *testing.T) {
	b := newBench(t)
	b.serveConfig()
	store, err := s3store.Open(t.Context(), b.box.AWS(), "s3://"+sandbox.StoreBucket)
	if err == nil {
		_, err = store.Put(t.Context(), "inbox/late/a.md", strings.NewReader("Invoice number: 17\n"), bucket.PutOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	log := &brittle{word: `"event":"seal"`}
	exit := run(ctx, []string{"serve", "--config", filepath.Join(b.dir, "z.yaml"), "--log-format", "json"}, b.environ, nil, io.Discard, log)
	if ctx.Err() != nil || exit != exitError || !strings.Contains(log.String(), string(codeInternal)) {
		t.Errorf("exit %d, %v\n%s", exit, ctx.Err(), log)
	}
}
