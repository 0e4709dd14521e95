package s3store

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// plainFresh is how long a bucket is taken to have no versions after it said so.
const plainFresh = time.Minute

// plain remembers that a bucket has never had versions. There a delete takes an
// object away whole, and nothing needs to be listed before it.
type plain struct {
	mu sync.Mutex
	at time.Time
	is bool
}

// unversioned asks the bucket, once in a while. A bucket that does not say is
// taken to have versions. One whose versions are switched on meanwhile keeps
// what is deleted in that minute: Remnants shows it, and the next Remove takes
// it away.
func (s *Store) unversioned(ctx context.Context) bool {
	s.plain.mu.Lock()
	defer s.plain.mu.Unlock()
	if !s.plain.at.IsZero() && time.Since(s.plain.at) < plainFresh {
		return s.plain.is
	}
	var p bucket.Properties
	err := s.versioning(ctx, &p)
	if ctx.Err() == nil {
		s.plain.at, s.plain.is = time.Now(), err == nil && p.Versioning == bucket.Unversioned
	}
	return s.plain.is && err == nil
}

// fewKeys is up to how many keys are looked at one by one for uploads.
const fewKeys = 4

// removePlain deletes in batches, and aborts what uploads there are of these
// keys. Those of many keys are listed by the prefix that they share: not every
// store does so (storetest.MinIO), so keys that may have been uploaded in parts
// are removed a few at a time.
func (s *Store) removePlain(ctx context.Context, keys []string) error {
	wanted, found := make(map[string]bool, len(keys)), make([]bucket.Remnant, 0, len(keys))
	prefixes := keys
	if len(keys) > fewKeys {
		prefixes = []string{keys[0]}
	}
	for _, key := range keys {
		wanted[key] = true
		found = append(found, bucket.Remnant{Key: key})
		if len(keys) > fewKeys {
			prefixes[0] = common(prefixes[0], key)
		}
	}
	var first error
	for _, prefix := range prefixes {
		rs, err := s.uploadsOf(ctx, prefix, wanted)
		found, first = append(found, rs...), firstOf(first, err)
	}
	return firstOf(s.erase(ctx, found), first)
}

func (s *Store) uploadsOf(ctx context.Context, prefix string, wanted map[string]bool) (found []bucket.Remnant, err error) {
	for page, err := range s.uploads(ctx, "remove", prefix) {
		if err != nil {
			return found, err
		}
		for _, r := range page {
			if wanted[r.Key] {
				found = append(found, r)
			}
		}
	}
	return found, nil
}

// common is the prefix that two keys share.
func common(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return a[:n]
}
