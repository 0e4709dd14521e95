package adetest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strconv"
	"sync"
	"testing"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

const (
	invoice = "<a id='c-1'></a>\n\nInvoice No: INV-7\n\nTotal: $12.50\n"
	schema  = `{"type":"object","properties":{"invoice_number":{"type":"string"},"total":{"type":"number"}}}`
	source  = "http://bucket.test/s/in.md?X-Amz-Signature=abc"
	sink    = "http://bucket.test/o/out.json?X-Amz-Signature=def"
	jobs    = "/v1/ade/extract/jobs"
)

func itoa(n int) string { return strconv.Itoa(n) }

// bucket is a storage of GET and PUT.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	puts    int
	header  http.Header // of the last PUT
}

func newBucket() *bucket {
	return &bucket{objects: map[string][]byte{"/s/in.md": []byte(invoice)}}
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Method == http.MethodPut {
		b.puts++
		b.header = r.Header
		b.objects[r.URL.Path], _ = io.ReadAll(r.Body)
		return
	}
	if r.URL.Path == "/moved" {
		http.Redirect(w, r, "/s/in.md", http.StatusTemporaryRedirect)
		return
	}
	body, ok := b.objects[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/markdown")
	_, _ = w.Write(body)
}

// RoundTrip makes the bucket a transport, so that nothing needs a socket.
func (b *bucket) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	b.ServeHTTP(w, req)
	return w.Result(), nil
}

func (b *bucket) object(path string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.objects[path]
}

func (b *bucket) putCount() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.puts
}

// rig is a provider in the process with a bucket and a client that holds
// every reply to the API.
type rig struct {
	t      testing.TB
	p      *adetest.Provider
	bucket *bucket
	client *http.Client
	base   string
	key    string
}

func newRig(t testing.TB, o adetest.Options) *rig {
	t.Helper()
	b := newBucket()
	if o.Client == nil {
		o.Client = &http.Client{Transport: b}
	}
	p := adetest.New(o)
	t.Cleanup(func() { p.Close() })
	return &rig{
		t: t, p: p, bucket: b, base: "http://provider.test", key: "key-1",
		client: &http.Client{Transport: checked{t, readSpec(t), p.RoundTripper()}},
	}
}

// answer is a reply that was read.
type answer struct {
	status int
	header http.Header
	body   []byte
	fields map[string]any
}

func (r *rig) do(req *http.Request) (answer, error) {
	req.Header.Set("Authorization", "Bearer "+r.key)
	resp, err := r.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		return a, err
	}
	_ = json.Unmarshal(a.body, &a.fields) // a body that is no object has no fields
	return a, nil
}

func (r *rig) must(req *http.Request) answer {
	r.t.Helper()
	a, err := r.do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

func (r *rig) get(path string) answer {
	r.t.Helper()
	return r.must(newRequest(r.t, http.MethodGet, r.base+path, nil, ""))
}

func (r *rig) job(id string) answer { r.t.Helper(); return r.get(jobs + "/" + id) }

func (r *rig) post(path string, fields ...field) answer {
	r.t.Helper()
	return r.must(r.form(path, fields...))
}

// submit makes a job from the two URLs.
func (r *rig) submit() string {
	r.t.Helper()
	a := r.post(jobs, text("schema", schema), text("markdown_url", source), text("output_save_url", sink))
	id, _ := a.fields["job_id"].(string)
	if a.status != http.StatusAccepted || id == "" {
		r.t.Fatalf("create: status %d: %s", a.status, a.body)
	}
	return id
}

func newRequest(t testing.TB, method, url string, body io.Reader, contentType string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

// field is one part of a form; a file when it has a type.
type field struct{ name, value, filename, kind string }

func text(name, value string) field { return field{name: name, value: value} }

func file(value, filename, kind string) field { return field{"markdown", value, filename, kind} }

func (r *rig) form(path string, fields ...field) *http.Request {
	r.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + f.name + `"`}}
		if f.kind != "" {
			h.Set("Content-Disposition", `form-data; name="`+f.name+`"; filename="`+f.filename+`"`)
			h.Set("Content-Type", f.kind)
		}
		p, err := w.CreatePart(h)
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := io.WriteString(p, f.value); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		r.t.Fatal(err)
	}
	return newRequest(r.t, http.MethodPost, r.base+path, &b, w.FormDataContentType())
}
