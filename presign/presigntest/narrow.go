package presigntest

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/zdrworker/zdrworker/presign"
)

// anyRole stands where MinIO's AssumeRole looks at nothing: it narrows the
// caller's own permissions by the policy that comes along.
const anyRole = "arn:aws:iam::000000000000:role/narrowed"

// Narrow makes an identity that may do only what policy says, by AssumeRole at
// a store that serves STS on its own endpoint, as MinIO does. Parent is a user
// who may do at least as much. Life is rounded by the store's rules, for MinIO
// 15 minutes to 7 days; 0 means an hour. Nothing is sent before the first use.
func Narrow(endpoint, region string, parent aws.CredentialsProvider, policy string, life time.Duration) presign.Identity {
	client := sts.New(sts.Options{Region: region, BaseEndpoint: &endpoint, Credentials: parent})
	if life == 0 {
		life = time.Hour
	}
	role := stscreds.NewAssumeRoleProvider(client, anyRole, func(o *stscreds.AssumeRoleOptions) {
		o.Policy, o.Duration, o.RoleSessionName = &policy, life, "narrowed"
	})
	return presign.Identity{Credentials: aws.NewCredentialsCache(role)}
}

// ReaderPolicy is all that a reader needs: to GET objects under prefix.
func ReaderPolicy(bucket, prefix string) string { return allow("s3:GetObject", bucket, prefix) }

// WriterPolicy is all that a writer needs: to PUT objects under prefix.
func WriterPolicy(bucket, prefix string) string { return allow("s3:PutObject", bucket, prefix) }

func allow(action, bucket, prefix string) string {
	type statement struct{ Effect, Action, Resource string }
	b, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{{"Allow", action, "arn:aws:s3:::" + bucket + "/" + prefix + "*"}}})
	if err != nil {
		panic("presigntest: strings do not encode")
	}
	return string(b)
}
