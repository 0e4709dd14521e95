package doctor

import (
	"context"
	"testing"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// What stores say of themselves, as S3's API reference writes it.
const (
	saysKMS = `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`
	saysS3  = `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`

	saysBlocked = `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`
	saysHalf    = `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>`
	saysPrivate = `<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>`
	saysPublic  = `<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>`

	saysEnabled   = `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`
	saysSuspended = `<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>`
	saysNever     = `<VersioningConfiguration></VersioningConfiguration>`
	saysLocked    = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>`

	saysCopied  = `<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status></Rule></ReplicationConfiguration>`
	saysStopped = `<ReplicationConfiguration><Role>r</Role><Rule><Status>Disabled</Status></Rule></ReplicationConfiguration>`

	denied   = "403 AccessDenied"
	unheard  = "501 NotImplemented"
	tooMuch  = "503 SlowDown"
	isHidden = "these credentials may not ask"
	isStrang = "this store does not know the question"
)

// TestPosture: what is asked of the buckets themselves, by what they answer.
func TestPosture(t *testing.T) {
	both := func(status Status, saw, do string, cause Cause) []line {
		return []line{{"store", status, saw, do, cause}, {"exchange", status, saw, do, cause}}
	}
	for _, tt := range []struct {
		name string
		look func(context.Context, *checkup)
		says map[string]string
		want []line
	}{
		{"encrypted", lookAtEncryption, map[string]string{"encryption": saysKMS}, both(OK, "encrypted by default (aws:kms)", "", "")},
		{"encrypted with the store's keys", lookAtEncryption, map[string]string{"encryption": saysS3}, both(Warn, "the store's own keys (AES256)", "KMS key of your own", "")},
		{"plain", lookAtEncryption, map[string]string{}, both(Fail, "not encrypted by default", "default encryption", Configuration)},
		{"encryption denied", lookAtEncryption, map[string]string{"encryption": denied}, both(Unknown, isHidden, "allow s3:GetEncryptionConfiguration", "")},
		{"encryption unheard of", lookAtEncryption, map[string]string{"encryption": unheard}, both(Unknown, isStrang, "the store's own settings", "")},

		{"versions", lookAtVersioning, map[string]string{"versioning": saysEnabled, "exchange:versioning": saysNever}, []line{
			{of: "store", status: OK, saw: "versions are kept"},
			{of: "store", status: OK, saw: "nothing is locked"},
			{of: "exchange", status: OK, saw: "no versions are kept"},
			{of: "exchange", status: OK, saw: "nothing is locked"},
		}},
		{"versions of what is staged", lookAtVersioning, map[string]string{"versioning": saysEnabled}, []line{
			{of: "store", status: OK, saw: "versions are kept"},
			{of: "store", status: OK, saw: "nothing is locked"},
			{"exchange", Fail, "versions are kept: a removed document stays", "never had versioning", Configuration},
			{of: "exchange", status: OK, saw: "nothing is locked"},
		}},
		{"versions once", lookAtVersioning, map[string]string{"versioning": saysSuspended}, []line{
			{of: "store", status: OK, saw: "versions were kept once"},
			{of: "store", status: OK, saw: "nothing is locked"},
			{"exchange", Warn, "old ones may still be there", "never had versioning", ""},
			{of: "exchange", status: OK, saw: "nothing is locked"},
		}},
		{"locks", lookAtVersioning, map[string]string{"versioning": saysNever, "object-lock": saysLocked}, []line{
			{of: "store", status: OK, saw: "no versions are kept"},
			{"store", Warn, "old records stay until the lock ends", "without a default retention", ""},
			{of: "exchange", status: OK, saw: "no versions are kept"},
			{"exchange", Fail, "a staged document could not be removed", "without a default retention", Configuration},
		}},
		{"versions denied", lookAtVersioning, map[string]string{"versioning": denied, "object-lock": denied}, []line{
			{"store", Unknown, "whether versions are kept cannot be told", "s3:GetBucketVersioning", ""},
			{"store", Unknown, "locked by default cannot be told", "s3:GetBucketObjectLockConfiguration", ""},
			{"exchange", Unknown, "whether versions are kept cannot be told", "s3:GetBucketVersioning", ""},
			{"exchange", Unknown, "locked by default cannot be told", "s3:GetBucketObjectLockConfiguration", ""},
		}},

		{"not replicated", lookAtReplication, map[string]string{}, []line{{of: "exchange", status: OK, saw: "is not replicated"}}},
		{"no longer replicated", lookAtReplication, map[string]string{"replication": saysStopped}, []line{{of: "exchange", status: OK, saw: "is not replicated"}}},
		{"replicated", lookAtReplication, map[string]string{"replication": saysCopied}, []line{{"exchange", Fail, "where nobody removes them", "replication rule", Configuration}}},
		{"replication denied", lookAtReplication, map[string]string{"replication": denied}, []line{{"exchange", Unknown, isHidden, "allow s3:GetReplicationConfiguration", ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := prepared(t, saying(t, tt.says))
			tt.look(t.Context(), x)
			expect(t, x.found, tt.want...)
		})
	}
}

// TestPublicAccess: the block, the policy, and somebody who simply asks.
func TestPublicAccess(t *testing.T) {
	ok := func(says string) line { return line{of: "exchange", status: OK, saw: says} }
	const shut = "403 AccessDenied" // to a listing
	for _, tt := range []struct {
		name string
		says map[string]string
		want [3]line // of the exchange bucket
	}{
		{"closed", map[string]string{"publicAccessBlock": saysBlocked, "policyStatus": saysPrivate, "list-type=2": shut}, [3]line{ok("public access is blocked"), ok("lets no stranger in"), ok("is refused")}},
		{"no policy", map[string]string{"publicAccessBlock": saysBlocked, "list-type=2": shut}, [3]line{ok("public access is blocked"), ok("lets no stranger in"), ok("is refused")}},
		{"half a block", map[string]string{"publicAccessBlock": saysHalf, "policyStatus": saysPrivate, "list-type=2": shut}, [3]line{{"exchange", Fail, "public access is not blocked", "all four settings", Configuration}, ok(""), ok("")}},
		{"no block", map[string]string{"policyStatus": saysPrivate, "list-type=2": shut}, [3]line{{"exchange", Fail, "public access is not blocked", "all four settings", Configuration}, ok(""), ok("")}},
		{"a public policy", map[string]string{"publicAccessBlock": saysBlocked, "policyStatus": saysPublic, "list-type=2": shut}, [3]line{ok(""), {"exchange", Fail, "the bucket's policy lets everybody in", "take the public statement out", Configuration}, ok("")}},
		{"anybody may list", map[string]string{"publicAccessBlock": saysBlocked, "policyStatus": saysPrivate, "list-type=2": "<ListBucketResult/>"}, [3]line{ok(""), ok(""), {"exchange", Fail, "a listing without credentials is let in", "policy and ACL", Configuration}}},
		{"nothing may be asked", map[string]string{"publicAccessBlock": denied, "policyStatus": unheard, "list-type=2": shut}, [3]line{{"exchange", Unknown, isHidden, "s3:GetBucketPublicAccessBlock", ""}, {"exchange", Unknown, isStrang, "", ""}, ok("")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := prepared(t, saying(t, tt.says))
			lookAtPublicAccess(t.Context(), x)
			if len(x.found) != 6 {
				t.Fatalf("%d findings of two buckets: %v", len(x.found), x.found)
			}
			expect(t, x.found[3:], tt.want[:]...)
		})
	}
	x := prepared(t, nobody)
	x.stranger(t.Context(), "store", "acme-docs")
	expect(t, x.found, line{"store", Unknown, "cannot be told: no connection", "signing.endpoint", ""})
}

// TestLifecycle: the net under the exchange bucket must be there, and not so
// tight that it takes what is still waited for; and none may take records.
func TestLifecycle(t *testing.T) {
	rule := func(prefix string, expire, abort int) bucket.LifecycleRule {
		return bucket.LifecycleRule{Prefix: prefix, Expire: expire, Abort: abort}
	}
	fails := func(saw, do string) line { return line{"exchange", Fail, saw, do, Configuration} }
	for _, tt := range []struct {
		name  string
		rules []bucket.LifecycleRule
		want  []line
	}{
		{"whole", []bucket.LifecycleRule{rule("s/", 3, 0), rule("o/", 3, 0), rule("", 0, 1)}, []line{{of: "exchange", status: OK, saw: "s/, o/ and unfinished uploads expire"}}},
		{"one for all", []bucket.LifecycleRule{rule("", 3, 1)}, []line{{of: "exchange", status: OK, saw: "expire"}}},
		{"uploads by prefix", []bucket.LifecycleRule{rule("s/", 3, 1), rule("o/", 3, 1)}, []line{{of: "exchange", status: OK, saw: "expire"}}},
		{"none", nil, []line{fails("no rule expires s/", "expire s/ after a few days"), fails("no rule expires o/", "expire o/"), {"exchange", Warn, "no rule takes unfinished uploads away", "after a day", ""}}},
		{"not the outbox", []bucket.LifecycleRule{rule("s/", 3, 1), rule("", 0, 1)}, []line{fails("no rule expires o/", "expire o/")}},
		{"of some size only", []bucket.LifecycleRule{{Prefix: "", Expire: 3, Abort: 1, Narrowed: true}}, []line{fails("no rule expires s/", ""), fails("no rule expires o/", ""), {"exchange", Warn, "unfinished uploads", "", ""}}},
		{"of some keys only", []bucket.LifecycleRule{rule("s/A", 3, 0), rule("o/", 3, 0), rule("", 0, 1)}, []line{fails("no rule expires s/", "")}},
		{"uploads of one prefix only", []bucket.LifecycleRule{rule("s/", 3, 1), rule("o/", 3, 0)}, []line{{"exchange", Warn, "unfinished uploads", "after a day", ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := checkupOf(t, at(nobody))
			x.net(tt.rules)
			expect(t, x.found, tt.want...)
		})
	}
	t.Run("before URLs end", func(t *testing.T) {
		x := checkupOf(t, at(nobody), "ZDRWORKER_SIGNING_LIFETIME", "48h", "ZDRWORKER_POLICY_MAX_URL_LIFETIME", "48h")
		x.net([]bucket.LifecycleRule{rule("s/", 2, 1), rule("o/", 3, 1)})
		expect(t, x.found, fails("s/ expires after 2 days, while its URL may still live", "signing.lifetime and timing.drain_margin"))
	})
	for _, tt := range []struct {
		prefix string
		want   line
	}{
		{"zdr/parsed/", line{"store", Warn, "takes parse results after 90 days, before sweeps do", "later than keep.parsed", ""}},
		{"results/", line{of: "store", status: OK, saw: "no rule"}},
		{"", line{"store", Fail, "a rule expires objects under zdr/", "keep zdr/ out", Configuration}},
		{"z", line{"store", Fail, "paid again", "", Configuration}},
		{"zdr/records/", line{"store", Fail, "paid again", "", Configuration}},
		{"zdr/records/ab/", line{"store", Fail, "paid again", "", Configuration}},
		{"zdr/control/", line{"store", Fail, "paid again", "", Configuration}},
	} {
		t.Run("store: "+tt.prefix, func(t *testing.T) {
			x := checkupOf(t, at(nobody))
			x.taken([]bucket.LifecycleRule{{Prefix: tt.prefix, Noncurrent: 3}, {Prefix: tt.prefix, Expire: 90}})
			expect(t, x.found, tt.want)
		})
	}
	for keep, want := range map[string]line{
		"89d": {of: "store", status: OK, saw: "no rule"}, "90d": {"store", Warn, "after 90 days", "keep.parsed", ""}, "0s": {"store", Warn, "after 90 days", "keep.parsed", ""},
	} {
		t.Run("parse results kept for "+keep, func(t *testing.T) {
			x := checkupOf(t, at(nobody), "ZDRWORKER_KEEP_PARSED", keep)
			x.taken([]bucket.LifecycleRule{{Prefix: "zdr/parsed/", Expire: 100}, {Prefix: "zdr/parsed/a", Expire: 90, Narrowed: true}})
			expect(t, x.found, want)
		})
	}
	t.Run("asked", func(t *testing.T) {
		x := prepared(t, saying(t, map[string]string{"lifecycle": denied, "exchange:lifecycle": unheard}))
		lookAtLifecycle(t.Context(), x)
		expect(t, x.found, line{"exchange", Unknown, isStrang, "", ""}, line{"store", Unknown, isHidden, "s3:GetLifecycleConfiguration", ""})
	})
}
