package doctor

import (
	"context"
	"strings"

	"github.com/zdrworker/zdrworker/worker/s3store"
)

// lookAtEncryption asks what becomes of an object whose writer says nothing of
// it. A presigned PUT says nothing: the bucket's default is all there is.
func lookAtEncryption(ctx context.Context, x *checkup) {
	x.all(func(of string, s *s3store.Store) {
		e, err := s.Encryption(ctx)
		switch {
		case err != nil:
			x.untold(of, "encryption", err, "s3:GetEncryptionConfiguration")
		case e.Algorithm == "":
			x.fail(of, "objects are not encrypted by default", "set the bucket's default encryption, with a key of your own")
		case !strings.HasPrefix(e.Algorithm, "aws:kms"):
			x.warn(of, "encrypted with the store's own keys ("+e.Algorithm+")", "use a KMS key of your own: an ETag then is no digest of the content, and the key can be taken away")
		case !e.BucketKey && x.c.S3.Endpoint == "":
			x.warn(of, "encrypted ("+e.Algorithm+") without a bucket key: the key service is told the name of every object", "switch the S3 Bucket Key on")
		default:
			x.ok(of, "encrypted by default (%s)", e.Algorithm)
		}
	})
}
