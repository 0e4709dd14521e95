package bucket

// Encryption is what a bucket does with objects whose writer says nothing of
// it.
type Encryption struct {
	Algorithm string // "AES256", "aws:kms", "aws:kms:dsse"; "" when there is none
	OwnKey    bool   // the bucket names a key; else it is the store's own
	BucketKey bool   // few requests to the key service, which then does not see objects' names
}

// PublicAccess is what stands between a bucket and everybody.
type PublicAccess struct {
	BlockACLs, IgnoreACLs, BlockPolicy, RestrictBucket bool
}

// Blocked says whether nothing can be public by mistake.
func (p PublicAccess) Blocked() bool {
	return p.BlockACLs && p.IgnoreACLs && p.BlockPolicy && p.RestrictBucket
}

// LifecycleRule is one rule by which a bucket removes things by itself.
type LifecycleRule struct {
	Prefix string // of the keys that it is for; "" is all
	// Narrowed: it asks for tags or sizes besides, so it may not take everything
	// under Prefix.
	Narrowed bool
	// Days after which it happens, 0 never.
	Expire     int // an object goes, or becomes an older version
	Noncurrent int // an older version goes
	Abort      int // an unfinished upload goes
}

// Notification is one place that a bucket tells of events.
type Notification struct {
	Kind   string // "queue", "topic", "function", "eventbridge"
	Events []string
	Prefix string
	Suffix string
}
