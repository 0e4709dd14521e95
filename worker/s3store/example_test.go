//go:build !nosandbox

package s3store_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/s3store/s3serve"
)

// A bucket is opened with any aws.Config. A write can be held to what the writer
// has seen, and errors are classes that name nothing.
func ExampleOpen() {
	ctx := context.Background()
	server, err := s3serve.Start(ctx, s3serve.Options{Buckets: []s3serve.Bucket{{Name: "acme-docs"}}})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	store, err := s3store.Open(ctx, server.Config(), "s3://acme-docs")
	if err != nil {
		log.Fatal(err)
	}
	once := bucket.PutOptions{ContentType: "text/markdown", Condition: bucket.Condition{Absent: true}}
	info, err := store.Put(ctx, "inbox/a.md", strings.NewReader("# Invoice 7"), once)
	fmt.Println("written:", info.Size, "bytes", err)

	_, err = store.Put(ctx, "inbox/a.md", strings.NewReader("# Invoice 8"), once)
	fmt.Println("written again:", errors.Is(err, bucket.ErrPrecondition))

	_, err = store.Get(ctx, "inbox/b.md", bucket.GetOptions{})
	fmt.Println("absent:", errors.Is(err, bucket.ErrNotFound), "told of its key:", strings.Contains(err.Error(), "b.md"))
	// Output:
	// written: 11 bytes <nil>
	// written again: true
	// absent: true told of its key: false
}
