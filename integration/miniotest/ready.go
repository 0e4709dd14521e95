package miniotest

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// lists asks once for the buckets. A MinIO that is healthy may still answer
// that with 503 XMinioServerNotInitialized.
func (s *Server) lists(ctx context.Context) error {
	once := func(o *s3.Options) { o.Retryer = aws.NopRetryer{} }
	_, err := s.Client().ListBuckets(ctx, &s3.ListBucketsInput{}, once)
	return err
}

// awaitBuckets waits until they are served.
func (s *Server) awaitBuckets(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := s.lists(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("MinIO does not serve buckets"), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
