package memstore

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore/objects"
)

// Server holds buckets. All its methods are safe for concurrent use.
type Server struct {
	mu        sync.Mutex
	buckets   map[string]*objects.Bucket
	counts    map[Op]int
	intercept Interceptor
	skew      time.Duration
	pageSize  int
}

// Options describes a bucket that Create makes. The zero value is an
// unversioned bucket without a lock.
type Options struct {
	Versioned bool
	// DefaultRetention locks each version for as long after it was written;
	// zero locks nothing.
	DefaultRetention time.Duration
}

// defaultPageSize is what S3 answers a listing with at most.
const defaultPageSize = 1000

// NewServer makes a server without buckets.
func NewServer() *Server {
	return &Server{buckets: map[string]*objects.Bucket{}, counts: map[Op]int{}, pageSize: defaultPageSize}
}

// Bucket gives a bucket as a store, and makes it (unversioned) if it is not
// there. Stores of one bucket share everything.
func (s *Server) Bucket(name string) *Store { return s.Create(name, Options{}) }

// Create makes a bucket as o says; one that exists stays as it is.
func (s *Server) Create(name string, o Options) *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] == nil {
		v := bucket.Unversioned
		if o.Versioned {
			v = bucket.Enabled
		}
		s.buckets[name] = objects.New(v, o.DefaultRetention)
	}
	return &Store{server: s, name: name, objects: s.buckets[name], retention: o.DefaultRetention > 0}
}

// Lookup gives the contents of a bucket for tests and simulated providers to
// read and change, past the interceptor and uncounted; nil when there is none.
func (s *Server) Lookup(name string) *objects.Bucket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buckets[name]
}

// Buckets lists the names of all buckets in order.
func (s *Server) Buckets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.buckets))
}

// PutRaw writes an object as a party outside would through a URL: past the
// interceptor, uncounted and unconditional. The header's first values are kept
// (Content-Type, Content-Disposition, X-Amz-Meta-…).
func (s *Server) PutRaw(bucketName, key string, body []byte, h http.Header) bucket.Info {
	st := s.Bucket(bucketName)
	header := map[string]string{}
	for name := range h {
		header[http.CanonicalHeaderKey(name)] = h.Get(name)
	}
	v, _ := st.objects.Put(objects.Write{Key: key, Body: slices.Clone(body), Header: header, At: s.written()})
	return st.info(v)
}

// GetRaw reads an object's current version likewise, with the header that a
// bare GET would show. ErrNotFound when there is none.
func (s *Server) GetRaw(bucketName, key string) ([]byte, http.Header, error) {
	b := s.Lookup(bucketName)
	if b == nil {
		return nil, nil, bucket.ErrNoBucket
	}
	v, err := b.Get(key, "")
	if err != nil {
		return nil, nil, err
	}
	h := http.Header{}
	for name, value := range v.Header {
		h.Set(name, value)
	}
	return slices.Clone(v.Body), h, nil
}

// Requests counts, by operation, the calls that reached the server so far,
// failed and lost ones too.
func (s *Server) Requests() map[Op]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// Intercept sets what stands between the stores and the buckets; nil takes it
// away. It acts on calls that begin afterwards.
func (s *Server) Intercept(f Interceptor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = f
}

// SetSkew makes the server's clock, and so Info.Date, differ from time.Now.
func (s *Server) SetSkew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
}

// SetPageSize makes listings take more requests (default 1000 a page).
func (s *Server) SetPageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageSize = max(n, 1)
}

// now is the server's clock.
func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.skew)
}

// written is a Last-Modified time: whole seconds, as in HTTP.
func (s *Server) written() time.Time { return s.now().UTC().Truncate(time.Second) }

func (s *Server) page() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pageSize
}
