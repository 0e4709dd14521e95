package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
)

// A write whose answer is lost has its effect, and its writer cannot know.
func ExampleServer_Intercept() {
	ctx := context.Background()
	server := memstore.NewServer()
	store := server.Bucket("acme-docs")

	server.Intercept(func(_ context.Context, c memstore.Call, do func() error) error {
		err := do()
		if err == nil && c.Op == memstore.Put {
			return bucket.ErrUnknown
		}
		return err
	})
	create := bucket.PutOptions{Condition: bucket.Condition{Absent: true}}
	_, err := store.Put(ctx, "zdr/records/1", strings.NewReader("claimed by w1"), create)
	fmt.Println("first:", err)

	server.Intercept(nil)
	_, err = store.Put(ctx, "zdr/records/1", strings.NewReader("claimed by w1"), create)
	fmt.Println("again:", err, errors.Is(err, bucket.ErrPrecondition))

	content, _, _ := server.GetRaw("acme-docs", "zdr/records/1")
	fmt.Printf("stands: %s\n", content)
	// Output:
	// first: put: outcome unknown
	// again: put: precondition failed true
	// stands: claimed by w1
}
