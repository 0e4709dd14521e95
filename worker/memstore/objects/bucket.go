package objects

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// NullID is the version id of an object that was written while its bucket was
// not versioned, as in S3.
const NullID = "null"

// Version is one version of an object, or a delete marker. Body and Header are
// shared and must not be changed.
type Version struct {
	Key      string
	ID       string // NullID where the bucket was not versioned
	Marker   bool
	Latest   bool
	Body     []byte
	ETag     string // hex, without quotes
	Modified time.Time
	// Header is what a read answers with, by canonical header name:
	// Content-Type, X-Amz-Meta-….
	Header map[string]string
	// RetainUntil is when the version may be deleted; zero is at once.
	RetainUntil time.Time
}

// Bucket is safe for concurrent use. Make one with New.
type Bucket struct {
	mu         sync.Mutex
	versioning bucket.Versioning
	retention  time.Duration
	keys       []string // sorted; those of versions
	versions   map[string][]*Version
	uploads    map[string]*upload
	issued     int // ids given out, for versions and uploads alike
}

// New makes an empty bucket. A retention above zero locks every version for as
// long after it was written.
func New(v bucket.Versioning, retention time.Duration) *Bucket {
	return &Bucket{
		versioning: v,
		retention:  retention,
		versions:   map[string][]*Version{},
		uploads:    map[string]*upload{},
	}
}

// Versioning is the bucket's state.
func (b *Bucket) Versioning() bucket.Versioning {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.versioning
}

// SetVersioning changes it; versions that exist stay.
func (b *Bucket) SetVersioning(v bucket.Versioning) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.versioning = v
}

// Write is what Put is given.
type Write struct {
	Key       string
	Body      []byte // kept, not copied
	Header    map[string]string
	At        time.Time
	Condition bucket.Condition
}

// Put writes an object if its condition holds: ErrPrecondition when it does
// not, ErrNotFound when IfMatch names an absent object.
func (b *Bucket) Put(w Write) (Version, error) {
	sum := md5.Sum(w.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.put(w, hex.EncodeToString(sum[:]))
}

func (b *Bucket) put(w Write, etag string) (Version, error) {
	if err := b.check(w.Key, w.Condition); err != nil {
		return Version{}, err
	}
	v := &Version{
		Key: w.Key, ID: b.versionID(), Body: w.Body, ETag: etag,
		Modified: w.At, Header: maps.Clone(w.Header),
	}
	if b.retention > 0 {
		v.RetainUntil = w.At.Add(b.retention)
	}
	b.add(v)
	return b.view(v), nil
}

func (b *Bucket) check(key string, c bucket.Condition) error {
	v := b.current(key)
	switch {
	case c.Absent && v != nil:
		return bucket.ErrPrecondition
	case c.IfMatch != "" && v == nil:
		return bucket.ErrNotFound
	case c.IfMatch != "" && v.ETag != c.IfMatch:
		return bucket.ErrPrecondition
	}
	return nil
}

// Get reads a version, or the current one when id is empty. ErrNotFound when
// there is none, or when it is a delete marker.
func (b *Bucket) Get(key, id string) (Version, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id == "" {
		if v := b.current(key); v != nil {
			return b.view(v), nil
		}
		return Version{}, bucket.ErrNotFound
	}
	for _, v := range b.versions[key] {
		if v.ID == id && !v.Marker {
			return b.view(v), nil
		}
	}
	return Version{}, bucket.ErrNotFound
}

// SetHeader replaces one header of the current version ("" removes it).
func (b *Bucket) SetHeader(key, name, value string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := b.current(key)
	if v == nil {
		return bucket.ErrNotFound
	}
	v.Header = maps.Clone(v.Header)
	if v.Header == nil {
		v.Header = map[string]string{}
	}
	if v.Header[name] = value; value == "" {
		delete(v.Header, name)
	}
	return nil
}

// Len is how many versions, markers and unfinished uploads there are.
func (b *Bucket) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.uploads)
	for _, vs := range b.versions {
		n += len(vs)
	}
	return n
}

// current is the newest version unless that is a delete marker.
func (b *Bucket) current(key string) *Version {
	vs := b.versions[key]
	if len(vs) == 0 || vs[len(vs)-1].Marker {
		return nil
	}
	return vs[len(vs)-1]
}

// add makes v the newest version of its key. There is one null version at most.
func (b *Bucket) add(v *Version) {
	if v.ID == NullID {
		b.drop(v.Key, NullID)
	}
	if _, ok := b.versions[v.Key]; !ok {
		i, _ := slices.BinarySearch(b.keys, v.Key)
		b.keys = slices.Insert(b.keys, i, v.Key)
	}
	b.versions[v.Key] = append(b.versions[v.Key], v)
}

// drop takes one version away and gives it back, or nil.
func (b *Bucket) drop(key, id string) *Version {
	vs := b.versions[key]
	i := slices.IndexFunc(vs, func(v *Version) bool { return v.ID == id })
	if i < 0 {
		return nil
	}
	v := vs[i]
	b.versions[key] = slices.Delete(vs, i, i+1)
	if len(vs) == 1 {
		delete(b.versions, key)
		k, _ := slices.BinarySearch(b.keys, key)
		b.keys = slices.Delete(b.keys, k, k+1)
	}
	return v
}

func (b *Bucket) versionID() string {
	if b.versioning == bucket.Enabled {
		return b.nextID("v")
	}
	return NullID
}

func (b *Bucket) nextID(kind string) string {
	b.issued++
	return fmt.Sprintf("%s%012d", kind, b.issued)
}

func (b *Bucket) view(v *Version) Version {
	vs := b.versions[v.Key]
	out := *v
	out.Latest = len(vs) > 0 && vs[len(vs)-1] == v
	return out
}

// from is the index of the first key that a listing may name.
func (b *Bucket) from(prefix, after string) int {
	if after < prefix {
		i, _ := slices.BinarySearch(b.keys, prefix)
		return i
	}
	i, found := slices.BinarySearch(b.keys, after)
	if found {
		i++
	}
	return i
}

// List gives current objects under prefix whose keys sort after after, in key
// order, at most limit of them (0: all), and whether there are more.
func (b *Bucket) List(prefix, after string, limit int) (out []Version, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range b.keys[b.from(prefix, after):] {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		v := b.current(key)
		if v == nil {
			continue
		}
		if limit > 0 && len(out) == limit {
			return out, true
		}
		out = append(out, b.view(v))
	}
	return out, false
}
