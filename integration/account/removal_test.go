package account_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// testRemoval: the worker may take away what is its own to take away, prefix by
// prefix, parse results that are kept no longer among it, and no document, no
// result and no record.
func (w *world) testRemoval(t *testing.T) {
	a := w.account(t)
	cfg := w.minio.Config()
	cfg.Credentials = w.minio.NewUser(t, a.policies["worker"].text()).Credentials()
	worker := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	for _, tt := range []struct {
		bucket, key string
		may         bool
	}{
		{a.store, "zdr/open/x.1", true},
		{a.store, "zdr/drain/x.json", true},
		{a.store, "zdr/parsed/x.json", true},
		{a.store, "zdr/control/backfill/x.json", true},
		{a.store, "zdr/control/lists/x.json", true},
		{a.store, "zdr/control/budget/x.json", true},
		{a.store, "failures/invoices/x.md.json", true},
		{a.exchange, "s/x.md", true},
		{a.exchange, "o/x.json", true},
		{a.store, "inbox/x.md", false},
		{a.store, "results/invoices/x.md.json", false},
		{a.store, "zdr/history/x.json", false},
		{a.store, "zdr/records/x.json", false},
		{a.store, "zdr/control/fleet.json", false},
		{a.exchange, "fleet.json", false},
	} {
		_, err := a.owner.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &tt.bucket, Key: &tt.key, Body: strings.NewReader("x")})
		a.must(err)
		_, err = worker.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &tt.bucket, Key: &tt.key})
		switch {
		case tt.may && err != nil:
			t.Errorf("%s cannot be removed: %v", tt.key, err)
		case !tt.may && (err == nil || !strings.Contains(err.Error(), "AccessDenied")):
			t.Errorf("%s may be removed, or the answer is another: %v", tt.key, err)
		}
	}
}
