package s3store

import (
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager" //nolint:staticcheck // see upload
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// upload writes a body in one request, or in parts when it is larger than one.
// feature/s3/manager is deprecated in favour of feature/s3/transfermanager,
// which is still v0; when that is v1, this function is what moves.
func (s *Store) upload(ctx context.Context, p *putting, in *s3.PutObjectInput, body io.Reader) error {
	//lint:ignore SA1019 the successor has no stable release yet
	u := manager.NewUploader(p, func(u *manager.Uploader) {
		u.PartSize = s.o.PartSize
		u.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	})
	in.Body = body
	//lint:ignore SA1019 the successor has no stable release yet
	_, err := u.Upload(ctx, in)
	return err
}
