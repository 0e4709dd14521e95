package miniotest

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Region is what requests are signed for.
const Region = "us-east-1"

// Bucket describes a bucket that NewBucket makes. The zero value is a plain
// one.
type Bucket struct {
	Versioned bool
	Encrypted bool // SSE-KMS by default, as in production: an ETag then is no MD5
}

// Credentials are the root user's.
func (s *Server) Credentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, "")
}

// Config points an SDK client at the server as root.
func (s *Server) Config() aws.Config {
	return aws.Config{Region: Region, BaseEndpoint: aws.String(s.Endpoint), Credentials: s.Credentials()}
}

// Client is an SDK client of the root user.
func (s *Server) Client() *s3.Client {
	return s3.NewFromConfig(s.Config(), func(o *s3.Options) { o.UsePathStyle = true })
}

// NewBucket makes a bucket with a random name that says nothing. It ends with
// the server.
func (s *Server) NewBucket(tb testing.TB, b Bucket) string {
	tb.Helper()
	name := strings.ToLower(rand.Text()[:16])
	if err := s.make(tb.Context(), name, b); err != nil {
		tb.Fatalf("miniotest: make a bucket: %v", err)
	}
	return name
}

func (s *Server) make(ctx context.Context, name string, b Bucket) error {
	c := s.Client()
	if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		return err
	}
	if b.Versioned {
		_, err := c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
		if err != nil {
			return err
		}
	}
	if !b.Encrypted {
		return nil
	}
	return s.Encrypt(ctx, name)
}

// Encrypt gives a bucket SSE-KMS by default.
func (s *Server) Encrypt(ctx context.Context, name string) error {
	_, err := s.Client().PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
		Bucket: &name, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
			Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{
				SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String("miniotest"),
			}}},
		},
	})
	return err
}
