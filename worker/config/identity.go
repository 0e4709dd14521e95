package config

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/zdrworker/zdrworker/presign"
)

// sessionName names the session of a role. It says nothing of the deployment:
// the provider can see an access key id, never this.
const sessionName = "zdrworker"

// A role's session lives from 15 minutes to 12 hours
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html); a
// role can be set to less, and a chained role to an hour at most, which AWS
// then says.
const (
	shortestSession = 15 * time.Minute
	longestSession  = 12 * time.Hour
)

// identity makes one signer's credentials. Nothing is asked for yet.
func (c *Config) identity(ctx context.Context, cfg aws.Config, id Identity) (presign.Identity, error) {
	provider := cfg.Credentials
	switch id.Credentials {
	case "profile":
		own, err := c.load(ctx, awsconfig.WithSharedConfigProfile(id.Profile))
		if err != nil {
			return presign.Identity{}, err
		}
		provider = own.Credentials
	case "env":
		provider = credentials.NewStaticCredentialsProvider(
			c.Variable(id.Prefix+"_ACCESS_KEY_ID"),
			c.Variable(id.Prefix+"_SECRET_ACCESS_KEY"),
			c.Variable(id.Prefix+"_SESSION_TOKEN"))
	case "web-identity":
		provider = stscreds.NewWebIdentityRoleProvider(roles(cfg), id.Role, stscreds.IdentityTokenFile(c.Beside(id.TokenFile)),
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName, o.Duration = sessionName, c.session() })
	case "assume-role":
		provider = stscreds.NewAssumeRoleProvider(roles(cfg), id.Role,
			func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName, o.Duration = sessionName, c.session() })
	}
	return presign.Identity{Credentials: aws.NewCredentialsCache(provider)}, nil
}

// roles is the client that takes roles. The buckets' endpoint is not its.
func roles(cfg aws.Config) *sts.Client {
	cfg = cfg.Copy()
	cfg.BaseEndpoint = nil
	return sts.NewFromConfig(cfg)
}

// session is how long a role is asked for: as long as URLs should live.
func (c *Config) session() time.Duration {
	return min(max(c.Signing.Lifetime, shortestSession), longestSession)
}
