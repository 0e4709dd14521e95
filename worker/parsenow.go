package worker

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// SyncParser parses here and now, with the content in its reply. *ade.Client is
// one; its guard lets the call out only where the policy says sync_calls: allow.
type SyncParser interface {
	ParseTo(ctx context.Context, p ade.Parse, w io.Writer) (ade.Streamed, error)
}

// ParseNow parses a document synchronously and streams the result into a bucket,
// to a key where nothing stands: it is neither held in memory nor on disk. No job
// and no record knows of it, and nothing is tried again. After an error nothing
// is at the key, unless the error is bucket.ErrUnknown; ade.ErrUnknownOutcome, or
// an error of the store, says that it may have been billed all the same. A key
// that is taken is found out before the provider is asked: bucket.ErrPrecondition.
func ParseNow(ctx context.Context, p SyncParser, ask ade.Parse, to Store, key string) (ade.Streamed, error) {
	_, err := to.Head(ctx, key, "")
	if err == nil {
		err = &bucket.Error{Op: "put", Class: bucket.ErrPrecondition}
	}
	if !errors.Is(err, bucket.ErrNotFound) {
		return ade.Streamed{}, fault("parse", ask.Ref, err)
	}
	content, in := io.Pipe()
	stored := make(chan error, 1)
	go func() {
		defer zdr.RecoverTo(os.Stderr, func() {
			content.CloseWithError(io.ErrClosedPipe)
			stored <- panicked("parse")
		})
		_, err := to.Put(ctx, key, content, bucket.PutOptions{Condition: bucket.Condition{Absent: true}, ContentType: "application/json"})
		content.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // nobody reads on
		stored <- err
	}()
	got, err := p.ParseTo(ctx, ask, in)
	in.CloseWithError(err)
	put := <-stored
	if err == nil || errors.Is(err, io.ErrClosedPipe) {
		err = errors.Join(fault("parse", ask.Ref, put), err)
	}
	if err != nil {
		return ade.Streamed{}, err
	}
	return got, nil
}
