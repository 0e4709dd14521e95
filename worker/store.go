package worker

import (
	"context"
	"io"
	"iter"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Store is one bucket. Implementations are safe for concurrent use and return
// *bucket.Error. What a store must keep is written as tests in
// worker/storetest; a promise that a store does not keep is named there and
// nothing here relies on it.
type Store interface {
	// Name is the bucket's name, for copies and signatures; never for a log.
	Name() string

	// Head describes an object. ErrNotFound when it is absent.
	Head(ctx context.Context, key, version string) (bucket.Info, error)

	// Get reads an object; the caller closes Body. ErrNotFound,
	// ErrPrecondition (IfMatch) or ErrNotModified (Changed).
	Get(ctx context.Context, key string, o bucket.GetOptions) (bucket.Object, error)

	// Put writes an object, streamed and in constant memory, atomically under
	// o.Condition. It is sent once when a condition is set: after ErrUnknown the
	// caller reads back what it wrote (every body of ours has a nonce).
	// ErrPrecondition: somebody else's state stands. ErrNotFound: IfMatch on an
	// absent key. ErrConflict: try again. Nothing partial is ever visible.
	Put(ctx context.Context, key string, body io.Reader, o bucket.PutOptions) (bucket.Info, error)

	// Copy makes key from the exact source, server-side, with metadata, tags
	// and content type all replaced by o. It is sent once, never retried: a
	// repeated copy could bring an object back after a delete. ErrPrecondition
	// when the source is no longer what src.ETag says, ErrNotFound when it is
	// gone. o.Condition must be empty: stores differ in honouring it.
	Copy(ctx context.Context, key string, src bucket.Source, o bucket.PutOptions) (bucket.Info, error)

	// List yields current objects in key order.
	List(ctx context.Context, p bucket.Page) iter.Seq2[bucket.Info, error]

	// Remove takes away every version, delete marker and unfinished upload of
	// exactly these keys. Absent keys are no error. It is idempotent.
	Remove(ctx context.Context, keys ...string) error

	// Remnants yields all versions, delete markers and unfinished uploads under
	// a prefix: empty is the proof that nothing is left.
	Remnants(ctx context.Context, prefix string) iter.Seq2[bucket.Remnant, error]
}
