package pipeline

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// nowhere is the address of the memory store: nobody listens there, and nobody
// dials it.
const nowhere = "http://127.0.0.1:9"

func inMemory(_ *testing.T, o options) place {
	server := memstore.NewServer()
	store, exchange := randomName(), randomName()
	return place{
		store: server.Create(store, memstore.Options{Versioned: o.versioned}), exchange: server.Bucket(exchange),
		sign: presign.Config{
			Bucket: exchange, Region: "us-east-1", Endpoint: nowhere, PathStyle: true,
			Reader: staticIdentity("READERREADER"), Writer: staticIdentity("WRITERWRITER"),
		},
		putWith: func(_ context.Context, key string, body []byte, h http.Header) error {
			server.PutRaw(store, key, body, h)
			return nil
		},
		outside:   gateway{server, exchange},
		inProcess: true,
	}
}

func staticIdentity(id string) presign.Identity {
	return presign.Identity{Credentials: credentials.NewStaticCredentialsProvider(id, "secret", "")}
}

// gateway answers presigned URLs from memory. It knows no signatures: which
// access key signed decides what a URL is for, and dates decide until when.
type gateway struct {
	server   *memstore.Server
	exchange string
}

func (g gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case bucket != g.exchange || !live(r):
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodGet && signedBy(r, "READER") && strings.HasPrefix(key, presign.DefaultReaderPrefix):
		g.get(w, key)
	case r.Method == http.MethodPut && signedBy(r, "WRITER") && strings.HasPrefix(key, presign.DefaultWriterPrefix):
		w.Header().Set("ETag", `"`+g.server.PutRaw(bucket, key, body, r.Header).ETag+`"`)
		w.WriteHeader(http.StatusOK)
	default:
		w.WriteHeader(http.StatusForbidden)
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func (g gateway) get(w http.ResponseWriter, key string) {
	body, header, err := g.server.GetRaw(g.exchange, key)
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(http.StatusOK)
	_, _ = io.Copy(w, bytes.NewReader(body))
}

func signedBy(r *http.Request, who string) bool {
	return strings.HasPrefix(r.URL.Query().Get("X-Amz-Credential"), who)
}

// live tells whether a URL's time has not ended.
func live(r *http.Request) bool {
	q := r.URL.Query()
	at, err := time.Parse("20060102T150405Z", q.Get("X-Amz-Date"))
	seconds, err2 := strconv.Atoi(q.Get("X-Amz-Expires"))
	return err == nil && err2 == nil && q.Get("X-Amz-Signature") != "" &&
		time.Now().Before(at.Add(time.Duration(seconds)*time.Second))
}
