package s3store

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// unredirected gives a client that takes a redirect for an answer. The SDK's
// follows 307 and 308 to any host: with a session's token and the name of a
// copy's source, and what answers there would pass for the store. A client of
// somebody else's making does what it does.
func unredirected(c s3.HTTPClient) s3.HTTPClient {
	if b, ok := c.(interface{ Freeze() aws.HTTPClient }); ok {
		c = b.Freeze()
	}
	plain, ok := c.(*http.Client)
	if !ok || plain == nil {
		return c
	}
	own := *plain
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
