package pipeline

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// object is an object as it lies in a bucket.
type object struct {
	bucket.Info
	body []byte
}

// all reads every current object of a bucket, by key.
func all(t *testing.T, s worker.Store) map[string]object {
	t.Helper()
	found := map[string]object{}
	for info, err := range s.List(t.Context(), bucket.Page{}) {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		o, err := s.Get(t.Context(), info.Key, bucket.GetOptions{})
		if err != nil {
			t.Fatalf("get: %v", err)
		}
		body, err := io.ReadAll(o.Body)
		_ = o.Body.Close()
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		found[info.Key] = object{o.Info, body}
	}
	return found
}

// under gives the keys below a prefix.
func under(objects map[string]object, prefix string) []string {
	var keys []string
	for key := range objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys
}

// left counts what is left of staged objects and results: versions, delete
// markers and unfinished uploads too.
func left(t *testing.T, exchange worker.Store) int {
	t.Helper()
	n := 0
	for _, prefix := range []string{worker.StagingPrefix, worker.OutboxPrefix} {
		for _, err := range exchange.Remnants(t.Context(), prefix) {
			if err != nil {
				t.Fatalf("remnants: %v", err)
			}
			n++
		}
	}
	return n
}

// at follows a JSON pointer.
func at(v any, pointer string) any {
	for _, token := range strings.Split(pointer, "/")[1:] {
		switch node := v.(type) {
		case map[string]any:
			v = node[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// result is the provider's JSON.
type result struct {
	Extraction         map[string]any `json:"extraction"`
	ExtractionMetadata map[string]any `json:"extraction_metadata"`
	Metadata           map[string]any `json:"metadata"`
}

func parse(t *testing.T, body []byte) result {
	t.Helper()
	var r result
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatal("a result is no JSON")
	}
	return r
}
