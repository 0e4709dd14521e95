package s3store

import (
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// A trace in the caller's context, as instrumentation puts it there, would see
// the token of a session and the names of copies' sources in headers.
func TestCallersTraceSeesNoHeader(t *testing.T) {
	s, _ := answering(t, 400, "InvalidArgument")
	var headers, conns atomic.Int32
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn:          func(httptrace.GotConnInfo) { conns.Add(1) },
		WroteHeaderField: func(string, []string) { headers.Add(1) },
	})
	_, _ = s.Copy(ctx, secretKey, bucket.Source{Bucket: "acme-docs", Key: secretKey, ETag: "e"}, bucket.PutOptions{})
	_, _ = s.Get(ctx, secretKey, bucket.GetOptions{})
	_, _ = s.Head(ctx, secretKey, "")
	_, _ = s.Put(ctx, secretKey, strings.NewReader("x"), bucket.PutOptions{})
	_, _ = s.Put(ctx, secretKey, strings.NewReader(strings.Repeat("x", minPart+1)), bucket.PutOptions{})
	_ = s.Remove(ctx, secretKey)
	for range s.List(ctx, bucket.Page{}) {
	}
	for range s.Remnants(ctx, "") {
	}
	_ = s.Check(ctx)
	if headers.Load() != 0 || conns.Load() != 0 {
		t.Errorf("the caller's trace saw %d headers on %d connections", headers.Load(), conns.Load())
	}
}
