package doctor

import (
	"context"
	"slices"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
)

// lookAtVersioning asks whether objects stay although they were removed: in the
// exchange bucket nothing may, in the ledger everything must.
func lookAtVersioning(ctx context.Context, x *checkup) {
	x.all(func(of string, s *s3store.Store) {
		p, err := s.Properties(ctx)
		if err != nil {
			x.broken(of, "cannot be asked", err, "check what the credentials may do")
			return
		}
		x.versions(of, p)
		x.lock(of, p)
	})
}

func (x *checkup) versions(of string, p bucket.Properties) {
	const stays = "a removed document stays there as an older version until the worker has found it"
	switch {
	case slices.Contains(p.Unknown, "versioning"):
		x.unknown(of, "whether versions are kept cannot be told", "allow s3:GetBucketVersioning, or look yourself")
	case of == "ledger" && p.Versioning != bucket.Enabled:
		x.fail(of, "no versions are kept: an entry that is written over or deleted is gone", "switch versioning on, or use a bucket that was made with Object Lock")
	case of != "exchange":
		x.ok(of, "%s", map[bucket.Versioning]string{
			bucket.Enabled: "versions are kept", bucket.Suspended: "versions were kept once", bucket.Unversioned: "no versions are kept",
		}[p.Versioning])
	case p.Versioning == bucket.Enabled:
		x.fail(of, "versions are kept: "+stays, "use a bucket that never had versioning")
	case p.Versioning == bucket.Suspended:
		x.warn(of, "versions were kept once, and old ones may still be there", "use a bucket that never had versioning")
	default:
		x.ok(of, "no versions are kept")
	}
}

func (x *checkup) lock(of string, p bucket.Properties) {
	switch {
	case slices.Contains(p.Unknown, "retention"):
		x.unknown(of, "whether objects are locked by default cannot be told", "allow s3:GetBucketObjectLockConfiguration, or look yourself")
	case of == "ledger" && !p.DefaultRetention:
		x.ok(of, "nothing is locked by default: the bucket's policy alone keeps entries")
	case of == "ledger":
		x.ok(of, "entries are locked by default")
	case p.DefaultRetention && of == "exchange":
		x.fail(of, "objects are locked by default: a staged document could not be removed", "use a bucket without a default retention")
	case p.DefaultRetention:
		x.warn(of, "objects are locked by default: old records stay until the lock ends", "keep documents and records in a bucket without a default retention")
	default:
		x.ok(of, "nothing is locked by default")
	}
}

// lookAtReplication asks whether somebody copies what is staged.
func lookAtReplication(ctx context.Context, x *checkup) {
	yes, err := x.exchange.Replicates(ctx)
	switch {
	case err != nil:
		x.untold("exchange", "replication", err, "s3:GetReplicationConfiguration")
	case yes:
		x.fail("exchange", "objects are copied to another bucket, where nobody removes them", "take the replication rule away")
	default:
		x.ok("exchange", "is not replicated")
	}
}
