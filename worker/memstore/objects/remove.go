package objects

import (
	"slices"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Delete does what a DELETE without a version id does: a delete marker in a
// versioned bucket, the object's end in another. ifMatch, when set, must be the
// current object's ETag (ErrPrecondition); an absent object meets it. The
// marker is returned, or a zero Version.
func (b *Bucket) Delete(key, ifMatch string, at time.Time) (Version, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if v := b.current(key); ifMatch != "" && v != nil && v.ETag != ifMatch {
		return Version{}, bucket.ErrPrecondition
	}
	if b.versioning == bucket.Unversioned {
		b.drop(key, NullID)
		return Version{}, nil
	}
	marker := &Version{Key: key, ID: b.versionID(), Marker: true, Modified: at}
	b.add(marker)
	return b.view(marker), nil
}

// DeleteVersion takes one version or marker away for good and returns it; it is
// no error when there is none. ErrDenied while the version is retained.
func (b *Bucket) DeleteVersion(key, id string, at time.Time) (Version, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.versions[key] {
		if v.ID == id && at.Before(v.RetainUntil) {
			return Version{}, bucket.ErrDenied
		}
	}
	if v := b.drop(key, id); v != nil {
		return *v, nil
	}
	return Version{}, nil
}

// Purge takes away all versions, markers and unfinished uploads of one key.
// ErrDenied when a version is retained: nothing is removed then.
func (b *Bucket) Purge(key string, at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	vs := slices.Clone(b.versions[key])
	for _, v := range vs {
		if at.Before(v.RetainUntil) {
			return bucket.ErrDenied
		}
	}
	for _, v := range vs {
		b.drop(key, v.ID)
	}
	for id, u := range b.uploads {
		if u.Key == key {
			delete(b.uploads, id)
		}
	}
	return nil
}

// Versions gives versions and markers under prefix, by key and then newest
// first, that come after the one that keyMarker and idMarker name (no idMarker:
// after all of that key's), at most limit (0: all), and whether there are more.
func (b *Bucket) Versions(prefix, keyMarker, idMarker string, limit int) (out []Version, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	start := b.from(prefix, keyMarker)
	if idMarker != "" && start > 0 && b.keys[start-1] == keyMarker {
		start--
	}
	for _, key := range b.keys[start:] {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		for _, v := range newestFirst(b.versions[key], key == keyMarker, idMarker) {
			if limit > 0 && len(out) == limit {
				return out, true
			}
			out = append(out, b.view(v))
		}
	}
	return out, false
}

// newestFirst reverses vs; at the marker's key it begins after the marker.
func newestFirst(vs []*Version, atMarker bool, idMarker string) []*Version {
	out := slices.Clone(vs)
	slices.Reverse(out)
	if !atMarker {
		return out
	}
	i := slices.IndexFunc(out, func(v *Version) bool { return v.ID == idMarker })
	return out[i+1:]
}
