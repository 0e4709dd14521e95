package s3store

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// What follows asks a bucket about itself. An answer "no such configuration" is
// the zero value. ErrDenied and ErrInvalid say that it cannot be told: the
// caller may not ask, or the store does not know the question.

// ask sends one question.
func ask[T any](ctx context.Context, op string, call func(context.Context) (T, error)) (T, error) {
	ctx, w := watch(ctx)
	out, err := call(ctx)
	if err == nil {
		return out, nil
	}
	var none T
	if err = fail(ctx, op, err, w, harmless); errors.Is(err, bucket.ErrNotFound) {
		return none, nil
	}
	return none, err
}

// Encryption is the bucket's default.
func (s *Store) Encryption(ctx context.Context) (e bucket.Encryption, err error) {
	out, err := ask(ctx, "encryption", func(ctx context.Context) (*s3.GetBucketEncryptionOutput, error) {
		return s.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &s.name})
	})
	if err != nil || out == nil || out.ServerSideEncryptionConfiguration == nil {
		return e, err
	}
	for _, r := range out.ServerSideEncryptionConfiguration.Rules {
		e.BucketKey = aws.ToBool(r.BucketKeyEnabled)
		if by := r.ApplyServerSideEncryptionByDefault; by != nil {
			e.Algorithm, e.OwnKey = string(by.SSEAlgorithm), aws.ToString(by.KMSMasterKeyID) != ""
		}
	}
	return e, nil
}

// PublicAccess is the block of the bucket itself; the account's is not seen.
func (s *Store) PublicAccess(ctx context.Context) (p bucket.PublicAccess, err error) {
	out, err := ask(ctx, "public_access", func(ctx context.Context) (*s3.GetPublicAccessBlockOutput, error) {
		return s.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &s.name})
	})
	if err != nil || out == nil || out.PublicAccessBlockConfiguration == nil {
		return p, err
	}
	c := out.PublicAccessBlockConfiguration
	return bucket.PublicAccess{
		BlockACLs: aws.ToBool(c.BlockPublicAcls), IgnoreACLs: aws.ToBool(c.IgnorePublicAcls),
		BlockPolicy: aws.ToBool(c.BlockPublicPolicy), RestrictBucket: aws.ToBool(c.RestrictPublicBuckets),
	}, nil
}

// PolicyPublic says whether the bucket's policy lets everybody in, as the store
// reads it.
func (s *Store) PolicyPublic(ctx context.Context) (bool, error) {
	out, err := ask(ctx, "policy_status", func(ctx context.Context) (*s3.GetBucketPolicyStatusOutput, error) {
		return s.client.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: &s.name})
	})
	if err != nil || out == nil || out.PolicyStatus == nil {
		return false, err
	}
	return aws.ToBool(out.PolicyStatus.IsPublic), nil
}

// Region is where the bucket is.
func (s *Store) Region(ctx context.Context) (string, error) {
	out, err := ask(ctx, "location", func(ctx context.Context) (*s3.GetBucketLocationOutput, error) {
		return s.client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &s.name})
	})
	if err != nil || out == nil {
		return "", err
	}
	switch out.LocationConstraint {
	case "": // S3 API reference, GetBucketLocation: the first region has no name here
		return "us-east-1", nil
	case types.BucketLocationConstraintEu:
		return "eu-west-1", nil
	}
	return string(out.LocationConstraint), nil
}

// Lifecycle lists the rules that are in force.
func (s *Store) Lifecycle(ctx context.Context) (rules []bucket.LifecycleRule, err error) {
	out, err := ask(ctx, "lifecycle", func(ctx context.Context) (*s3.GetBucketLifecycleConfigurationOutput, error) {
		return s.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &s.name})
	})
	if err != nil || out == nil {
		return nil, err
	}
	for _, r := range out.Rules {
		if r.Status == types.ExpirationStatusEnabled {
			rules = append(rules, lifecycleRule(r))
		}
	}
	return rules, nil
}

func lifecycleRule(r types.LifecycleRule) bucket.LifecycleRule {
	out := bucket.LifecycleRule{Prefix: aws.ToString(r.Prefix)} //lint:ignore SA1019 older rules have it there
	if f := r.Filter; f != nil {
		if f.Prefix != nil {
			out.Prefix = *f.Prefix
		}
		out.Narrowed = f.Tag != nil || f.ObjectSizeGreaterThan != nil || f.ObjectSizeLessThan != nil
		if a := f.And; a != nil {
			out.Prefix = aws.ToString(a.Prefix)
			out.Narrowed = len(a.Tags) > 0 || a.ObjectSizeGreaterThan != nil || a.ObjectSizeLessThan != nil
		}
	}
	if e := r.Expiration; e != nil {
		out.Expire = int(aws.ToInt32(e.Days))
	}
	if n := r.NoncurrentVersionExpiration; n != nil {
		out.Noncurrent = int(aws.ToInt32(n.NoncurrentDays))
	}
	if a := r.AbortIncompleteMultipartUpload; a != nil {
		out.Abort = int(aws.ToInt32(a.DaysAfterInitiation))
	}
	return out
}

// Replicates says whether objects are copied to another bucket, where nobody
// removes them.
func (s *Store) Replicates(ctx context.Context) (bool, error) {
	out, err := ask(ctx, "replication", func(ctx context.Context) (*s3.GetBucketReplicationOutput, error) {
		return s.client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &s.name})
	})
	if err != nil || out == nil || out.ReplicationConfiguration == nil {
		return false, err
	}
	for _, r := range out.ReplicationConfiguration.Rules {
		if r.Status == types.ReplicationRuleStatusEnabled {
			return true, nil
		}
	}
	return false, nil
}

// Notifications lists whom the bucket tells what.
func (s *Store) Notifications(ctx context.Context) (all []bucket.Notification, err error) {
	out, err := ask(ctx, "notifications", func(ctx context.Context) (*s3.GetBucketNotificationConfigurationOutput, error) {
		return s.client.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &s.name})
	})
	if err != nil || out == nil {
		return nil, err
	}
	for _, c := range out.QueueConfigurations {
		all = append(all, notification("queue", c.Events, c.Filter))
	}
	for _, c := range out.TopicConfigurations {
		all = append(all, notification("topic", c.Events, c.Filter))
	}
	for _, c := range out.LambdaFunctionConfigurations {
		all = append(all, notification("function", c.Events, c.Filter))
	}
	if out.EventBridgeConfiguration != nil {
		all = append(all, bucket.Notification{Kind: "eventbridge", Events: []string{"s3:ObjectCreated:*"}})
	}
	return all, nil
}

func notification(kind string, events []types.Event, f *types.NotificationConfigurationFilter) bucket.Notification {
	n := bucket.Notification{Kind: kind}
	for _, e := range events {
		n.Events = append(n.Events, string(e))
	}
	if f == nil || f.Key == nil {
		return n
	}
	for _, r := range f.Key.FilterRules {
		if strings.EqualFold(string(r.Name), string(types.FilterRuleNamePrefix)) {
			n.Prefix = aws.ToString(r.Value)
		} else {
			n.Suffix = aws.ToString(r.Value)
		}
	}
	return n
}
