// Package bucket holds the words that a worker and its stores share: what an
// object is, under which condition it is written, and which classes of error a
// store answers with. It talks to nothing; worker/s3store and worker/memstore
// do.
package bucket

import (
	"io"
	"time"
)

// Info is what a store says about one object. Fields that the answering
// operation does not carry are zero: a listing has no metadata, for example.
type Info struct {
	Key         string
	Version     string // the store's version id; empty in an unversioned bucket
	ETag        string // without quotes
	Size        int64  // bytes
	Modified    time.Time
	ContentType string
	Metadata    map[string]string // user metadata, lower-case names
	// Date is the store's own clock when it answered (the Date header): the
	// only clock that an expiry may be judged by.
	Date time.Time
}

// Object is an Info with its body. The caller closes Body.
type Object struct {
	Info
	Body io.ReadCloser
}

// Condition restricts a write to what the writer has seen. The zero value is
// an unconditional write. At most one field is set.
type Condition struct {
	IfMatch string // the ETag that the object must still have
	Absent  bool   // no object may exist (If-None-Match: *)
}

// PutOptions says under which condition and with what description an object is
// written. Everything that is not named here is the bucket's default: no ACL,
// no tags, no checksum header that a third party would have to repeat.
type PutOptions struct {
	Condition
	ContentType string
	Metadata    map[string]string
}

// GetOptions narrows a read to one version or one ETag.
type GetOptions struct {
	Version string // "" reads the current version
	IfMatch string // "" reads whatever is there; else ErrPrecondition when it differs
	// Changed, an ETag, makes the read conditional on a change: ErrNotModified
	// when the object still has it.
	Changed string
	// Offset and Length narrow the body to a part; the Size of the answer is then
	// the part's. Length 0 is the whole object. A part that begins beyond the end
	// is ErrInvalid, one that ends beyond it is cut.
	Offset, Length int64
}

// Source names the exact bytes that a copy starts from.
type Source struct {
	Bucket  string
	Key     string
	Version string // "" is the current version
	ETag    string // never empty: a copy of something else is refused with ErrPrecondition
}

// Page bounds one listing.
type Page struct {
	Prefix string
	After  string // keys that sort after this one; "" from the start
	Limit  int    // at most this many objects in all; 0 is no limit
}

// Remnant is something that a delete must still take away: a version, a delete
// marker or an unfinished multipart upload.
type Remnant struct {
	Key     string
	Version string
	Upload  string // upload id; empty for a version or delete marker
	Marker  bool   // a delete marker
	// Modified is when it was written, or when the upload began.
	Modified time.Time
}
