package worker

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// contentMark is the metadata name of the keyed digest of an uploaded file. It
// is an HMAC: a bare digest of a short form can be found by trying.
const contentMark = "zdr-content"

// Upload makes a local file a document of the store bucket, streamed. It writes
// only where the bytes differ from what lies there, so the same file stays the
// same version and running again is free. changed tells whether it wrote.
func (p *Pipeline) Upload(ctx context.Context, key string, body io.ReadSeeker) (d Document, changed bool, err error) {
	if err := CheckKey(key); err != nil {
		return d, false, &Fault{Op: "upload", Code: keyCode(err), Err: err}
	}
	mark, err := p.contentMark(body)
	if err != nil {
		return d, false, &Fault{Op: "upload", Code: CodeInternal, Hint: "the file could not be read to its end"}
	}
	d = Document{Key: key}
	for range maxPublish {
		seen, err := p.standing(ctx, key)
		if err != nil {
			return d, false, fault("upload", "", err)
		}
		if seen.ETag != "" && seen.Metadata[contentMark] == mark {
			return d, false, nil
		}
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return d, false, &Fault{Op: "upload", Code: CodeInternal, Hint: "the file could not be read again"}
		}
		_, err = p.store.Put(ctx, key, body, bucket.PutOptions{
			Condition:   bucket.Condition{IfMatch: seen.ETag, Absent: seen.ETag == ""},
			ContentType: stagedTypes[extOf(key)], Metadata: map[string]string{contentMark: mark},
		})
		if err == nil {
			return d, true, nil
		}
		if !settledElsewhere(err) && !errors.Is(err, bucket.ErrNotFound) {
			return d, false, fault("upload", "", err)
		}
	}
	return d, false, fault("upload", "", &bucket.Error{Op: "put", Class: bucket.ErrConflict})
}

func (p *Pipeline) contentMark(body io.ReadSeeker) (string, error) {
	// From the start, wherever whoever looked at the file has left it.
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	m := hmac.New(sha256.New, p.secret.derive("content"))
	if _, err := io.Copy(m, body); err != nil {
		return "", err
	}
	return hex.EncodeToString(m.Sum(nil)), nil
}
