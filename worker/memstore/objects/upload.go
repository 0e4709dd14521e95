package objects

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Upload is an unfinished multipart upload.
type Upload struct {
	ID, Key string
	Began   time.Time
}

type upload struct {
	Upload
	header map[string]string
	parts  map[int]part
}

type part struct {
	body []byte
	etag string
}

// Part names one uploaded part by its number and ETag (hex, without quotes).
type Part struct {
	Number int
	ETag   string
}

// Begin starts a multipart upload and gives its id.
func (b *Bucket) Begin(key string, header map[string]string, at time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := b.nextID("u")
	b.uploads[id] = &upload{
		Upload: Upload{ID: id, Key: key, Began: at},
		header: maps.Clone(header),
		parts:  map[int]part{},
	}
	return id
}

// PutPart keeps one part and gives its ETag. ErrNotFound when there is no such
// upload.
func (b *Bucket) PutPart(id string, number int, body []byte) (string, error) {
	sum := md5.Sum(body)
	etag := hex.EncodeToString(sum[:])
	b.mu.Lock()
	defer b.mu.Unlock()
	u := b.uploads[id]
	if u == nil {
		return "", bucket.ErrNotFound
	}
	u.parts[number] = part{body, etag}
	return etag, nil
}

// Complete makes the object of the parts, if the condition holds. Its ETag is
// the MD5 of the parts' digests: not the MD5 of the content, as in S3.
// ErrNotFound when there is no such upload, ErrInvalid when a part is missing,
// is another or is out of order. After an error the upload is as it was.
func (b *Bucket) Complete(id string, parts []Part, c bucket.Condition, at time.Time) (Version, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := b.uploads[id]
	if u == nil {
		return Version{}, bucket.ErrNotFound
	}
	body, etag, err := u.join(parts)
	if err != nil {
		return Version{}, err
	}
	v, err := b.put(Write{Key: u.Key, Body: body, Header: u.header, At: at, Condition: c}, etag)
	if err != nil {
		return Version{}, err
	}
	delete(b.uploads, id)
	return v, nil
}

func (u *upload) join(parts []Part) ([]byte, string, error) {
	var body bytes.Buffer
	sums := md5.New()
	for i, p := range parts {
		have, ok := u.parts[p.Number]
		if !ok || have.etag != p.ETag || i > 0 && parts[i-1].Number >= p.Number {
			return nil, "", bucket.ErrInvalid
		}
		body.Write(have.body)
		digest, _ := hex.DecodeString(have.etag)
		sums.Write(digest)
	}
	if len(parts) == 0 {
		return nil, "", bucket.ErrInvalid
	}
	return body.Bytes(), hex.EncodeToString(sums.Sum(nil)), nil
}

// Abort ends an upload and drops its parts. ErrNotFound when there is none.
func (b *Bucket) Abort(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.uploads[id] == nil {
		return bucket.ErrNotFound
	}
	delete(b.uploads, id)
	return nil
}

// Uploads gives unfinished uploads under prefix, by key and then in the order
// in which they began, that come after the one that keyMarker and idMarker name
// (no idMarker: after all of that key's), at most limit (0: all), and whether
// there are more.
func (b *Bucket) Uploads(prefix, keyMarker, idMarker string, limit int) (out []Upload, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, u := range b.uploads {
		after := u.Key > keyMarker || u.Key == keyMarker && idMarker != "" && u.ID > idMarker
		if strings.HasPrefix(u.Key, prefix) && after {
			out = append(out, u.Upload)
		}
	}
	slices.SortFunc(out, func(x, y Upload) int {
		return cmp.Or(strings.Compare(x.Key, y.Key), strings.Compare(x.ID, y.ID))
	})
	if limit > 0 && len(out) > limit {
		return out[:limit], true
	}
	return out, false
}
