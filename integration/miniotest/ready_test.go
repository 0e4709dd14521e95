package miniotest

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// TestBucketsAreAwaited: being healthy is not enough, and one request is made
// for each look.
func TestBucketsAreAwaited(t *testing.T) {
	var asked atomic.Int32
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		if asked.Add(1) <= 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`<Error><Code>XMinioServerNotInitialized</Code></Error>`))
			return
		}
		_, _ = w.Write([]byte(`<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>`))
	}))
	defer fake.Close()
	s, _ := settings()
	s.Endpoint = fake.URL
	if err := s.lists(t.Context()); err == nil || asked.Load() != 1 {
		t.Errorf("the first look: error %v, %d requests, want one refused", err, asked.Load())
	}
	if err := s.awaitBuckets(t.Context()); err != nil || asked.Load() != 3 {
		t.Errorf("waited for: error %v, %d requests, want 3", err, asked.Load())
	}
}
