package s3store

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Check asks whether the bucket is there and may be used: ErrNoBucket,
// ErrDenied, ErrCredentials or ErrUnavailable.
func (s *Store) Check(ctx context.Context) error {
	ctx, w := watch(ctx)
	_, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.name})
	if err == nil {
		return nil
	}
	err = fail(ctx, "check", err, w, harmless)
	var be *bucket.Error
	if errors.As(err, &be) && be.Class == bucket.ErrNotFound {
		be.Class = bucket.ErrNoBucket // a HEAD has no body to say which
	}
	return err
}

// EnsureBucket makes the bucket if it is not there.
func (s *Store) EnsureBucket(ctx context.Context) error {
	in := &s3.CreateBucketInput{Bucket: &s.name}
	if o := s.client.Options(); o.Region != "us-east-1" && o.BaseEndpoint == nil {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraint(o.Region),
		}
	}
	wctx, w := watch(ctx)
	_, err := s.client.CreateBucket(wctx, in, once)
	if err == nil {
		return nil
	}
	err = fail(ctx, "create", err, w, harmless)
	var be *bucket.Error
	if errors.As(err, &be) && slices.Contains([]string{"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}, be.Code) {
		return s.Check(ctx) // somebody else's is refused here
	}
	return err
}

// EnableVersioning makes the bucket keep every version from now on.
func (s *Store) EnableVersioning(ctx context.Context) error {
	ctx, w := watch(ctx)
	_, err := s.client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket:                  &s.name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		return fail(ctx, "versioning", err, w, harmless)
	}
	return nil
}

// Properties asks the bucket about itself. What it refuses to say, or does not
// know, is in Unknown; an error is only that it could not be asked.
func (s *Store) Properties(ctx context.Context) (bucket.Properties, error) {
	var p bucket.Properties
	for _, q := range []struct {
		name string
		ask  func(context.Context, *bucket.Properties) error
	}{{"versioning", s.versioning}, {"retention", s.retention}, {"encryption", s.encryption}} {
		qctx, w := watch(ctx)
		err := q.ask(qctx, &p)
		if err == nil {
			continue
		}
		err = fail(ctx, q.name, err, w, harmless)
		switch {
		case errors.Is(err, bucket.ErrNotFound): // "no such configuration" is the answer no
		case errors.Is(err, bucket.ErrDenied), errors.Is(err, bucket.ErrInvalid):
			p.Unknown = append(p.Unknown, q.name)
		default:
			return bucket.Properties{}, err
		}
	}
	return p, nil
}

func (s *Store) versioning(ctx context.Context, p *bucket.Properties) error {
	out, err := s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.name})
	if err == nil {
		p.Versioning = bucket.Versioning(out.Status)
	}
	return err
}

func (s *Store) retention(ctx context.Context, p *bucket.Properties) error {
	out, err := s.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &s.name})
	if err == nil && out.ObjectLockConfiguration != nil {
		r := out.ObjectLockConfiguration.Rule
		p.DefaultRetention = r != nil && r.DefaultRetention != nil && r.DefaultRetention.Mode != ""
	}
	return err
}

func (s *Store) encryption(ctx context.Context, p *bucket.Properties) error {
	out, err := s.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &s.name})
	if err != nil || out.ServerSideEncryptionConfiguration == nil {
		return err
	}
	for _, r := range out.ServerSideEncryptionConfiguration.Rules {
		if r.ApplyServerSideEncryptionByDefault != nil {
			p.Encryption = string(r.ApplyServerSideEncryptionByDefault.SSEAlgorithm)
		}
	}
	return nil
}
