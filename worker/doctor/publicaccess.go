package doctor

import (
	"context"
	"net/http"
	"strings"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/s3store"
)

// lookAtPublicAccess asks for the block, and tries what it is for: somebody
// without credentials lists the buckets.
func lookAtPublicAccess(ctx context.Context, x *checkup) {
	x.all(func(of string, s *s3store.Store) {
		p, err := s.PublicAccess(ctx)
		switch {
		case err != nil:
			x.untold(of, "the block of public access", err, "s3:GetBucketPublicAccessBlock")
		case !p.Blocked():
			x.fail(of, "public access is not blocked on the bucket", "switch all four settings of the public access block on")
		default:
			x.ok(of, "public access is blocked")
		}
		x.policy(ctx, of, s)
		x.stranger(ctx, of, s.Name())
	})
}

func (x *checkup) policy(ctx context.Context, of string, s *s3store.Store) {
	public, err := s.PolicyPublic(ctx)
	switch {
	case err != nil:
		x.untold(of, "whether the bucket's policy is public", err, "s3:GetBucketPolicyStatus")
	case public:
		x.fail(of, "the bucket's policy lets everybody in", "take the public statement out of the bucket's policy")
	default:
		x.ok(of, "the bucket's policy lets no stranger in")
	}
}

// stranger lists a bucket without credentials.
func (x *checkup) stranger(ctx context.Context, of, name string) {
	address, err := x.address(name)
	if err != nil {
		x.unknown(of, "whether a stranger is let in cannot be tried", "see signing.endpoint")
		return
	}
	r, why := newBare(x).send(ctx, http.MethodGet, address, "")
	switch {
	case why != "":
		x.unknown(of, "whether a stranger is let in cannot be told: "+why, "check signing.endpoint")
	case r.status < 300:
		x.fail(of, "a listing without credentials is let in", "take the public statement out of the bucket's policy and ACL")
	default:
		x.ok(of, "a listing without credentials is refused")
	}
}

// address is a bucket's listing as a stranger asks for it: where its URLs point,
// without a signature.
func (x *checkup) address(name string) (string, error) {
	c := x.signing
	c.Bucket, c.Depository = name, x.guard
	s, err := presign.New(c)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(s.StagingBase(), worker.StagingPrefix) + "?list-type=2&max-keys=1", nil
}
