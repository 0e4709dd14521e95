package s3store

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// A redirect is an answer and nothing to be followed: the request carries names
// and a session's token, and what another host would send is no document.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for name, make := range map[string]func() aws.HTTPClient{
		"the SDK's":  func() aws.HTTPClient { return nil },
		"one of AWS": func() aws.HTTPClient { return awshttp.NewBuildableClient() },
		"net/http's": func() aws.HTTPClient { return &http.Client{} },
	} {
		t.Run(name, func(t *testing.T) {
			var arrived atomic.Int32
			elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
			t.Cleanup(elsewhere.Close)
			store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
			}))
			t.Cleanup(store.Close)
			cfg := config(store.URL)
			cfg.HTTPClient = make()
			s, err := Open(t.Context(), cfg, "s3://acme-docs")
			if err != nil {
				t.Fatal(err)
			}
			check(t, "get", readIt(t, s), bucket.ErrNoBucket)
			check(t, "copy", copyIt(t, s), bucket.ErrNoBucket)
			check(t, "put", write(t, s), bucket.ErrNoBucket)
			if n := arrived.Load(); n != 0 {
				t.Errorf("%d requests went where a redirect pointed", n)
			}
		})
	}
}
