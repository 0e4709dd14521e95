package trigger_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/zdrworker/zdrworker/worker/trigger"
)

// FuzzDecode: whatever comes, an event is of a bucket that is named, has a legal
// key that every shape can carry, and an error is a refusal in our own words.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/messages/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds (%v)", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"acme-docs"},"object":{"key":"%ff"}}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := trigger.Decode(body, names)
		if err != nil {
			checkRefusal(t, err)
		}
		for _, e := range events {
			checkEvent(t, e)
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	r, ok := errors.AsType[*trigger.Refusal](err)
	if !ok || r.Shape == "" || r.Reason == "" || r.Reason == trigger.ReasonHandler {
		t.Errorf("error %v is no complete refusal", err)
	}
}

func checkEvent(t *testing.T, e trigger.Event) {
	t.Helper()
	key := e.Key.Reveal()
	switch e.Kind {
	case trigger.Tick:
		if e.Token != "" || key != "" || !e.Bucket.IsZero() {
			t.Errorf("a tick with token %q and key %q", e.Token, key)
		}
		return
	case trigger.Nudge:
		if e.Token == "" || key != "" {
			t.Errorf("a nudge with token %q and key %q", e.Token, key)
		}
		return
	case trigger.Result:
		if e.Token == "" || e.Bucket.Reveal() != names.Exchange {
			t.Errorf("a result with token %q in bucket %q", e.Token, e.Bucket.Reveal())
		}
	case trigger.Created, trigger.Removed:
		if e.Token != "" || e.Bucket.Reveal() != names.Buckets[0] {
			t.Errorf("%s with token %q in bucket %q", e.Kind, e.Token, e.Bucket.Reveal())
		}
	default:
		t.Errorf("kind %q", e.Kind)
	}
	if key == "" || len(key) > 1024 || !utf8.ValidString(key) || e.Size < 0 {
		t.Errorf("key %q, size %d", key, e.Size)
	}
	if err := checkKey(key); err != nil {
		t.Error(err)
	}
}
