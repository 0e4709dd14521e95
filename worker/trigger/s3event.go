package trigger

import (
	"encoding/json"
	"net/url"
	"strings"
)

// s3Record is one record of S3's own shape, which MinIO follows (AWS S3 user
// guide, "Event message structure", versions 2.0 to 2.3).
type s3Record struct {
	Source string `json:"eventSource"`
	Name   string `json:"eventName"`
	S3     struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"`
			Size      int64  `json:"size"`
			ETag      string `json:"eTag"`
			Version   string `json:"versionId"`
			Sequencer string `json:"sequencer"`
		} `json:"object"`
	} `json:"s3"`
}

func (r s3Record) object(key string) object {
	o := r.S3.Object
	return object{
		bucket: r.S3.Bucket.Name, key: key, version: o.Version, etag: o.ETag, sequencer: o.Sequencer, size: o.Size,
	}
}

// kind gives "" for an event that changes no object's content: a tag, an ACL,
// a read. An object that was restored can be read from now on.
func (r s3Record) kind() Kind {
	name := strings.TrimPrefix(r.Name, "s3:")
	switch {
	case strings.HasPrefix(name, "ObjectCreated:"), name == "ObjectRestore:Completed":
		return Created
	case strings.HasPrefix(name, "ObjectRemoved:"), strings.HasPrefix(name, "LifecycleExpiration:"):
		return Removed
	}
	return ""
}

// decodeS3 reads records whose keys are query-escaped.
func (o Options) decodeS3(f fields) ([]Event, error) {
	return o.records(f, "aws:s3", func(_ int, r s3Record) (string, error) {
		key, err := url.QueryUnescape(r.S3.Object.Key)
		if err != nil {
			return "", refuse(ReasonKey)
		}
		return key, nil
	})
}

// decodeMinIO reads MinIO's: S3's records, and a top-level Key that is bucket,
// slash and raw key. Its escaping has changed over time (minio issue 15200), so
// where there is one record the raw key counts, if the record's agrees with it
// one way or the other.
func (o Options) decodeMinIO(f fields) ([]Event, error) {
	top := f.text("Key")
	return o.records(f, "minio:s3", func(n int, r s3Record) (string, error) {
		said := r.S3.Object.Key
		key, err := url.QueryUnescape(said)
		raw, ok := strings.CutPrefix(top, r.S3.Bucket.Name+"/")
		if n == 1 && ok && (err == nil && raw == key || raw == said) {
			return raw, nil
		}
		if n == 1 || err != nil {
			return "", refuse(ReasonKey)
		}
		return key, nil
	})
}

// records goes through all records. One that is refused does not keep the
// others from being handled.
func (o Options) records(f fields, source string, keyOf func(n int, r s3Record) (string, error)) ([]Event, error) {
	var list []s3Record
	if json.Unmarshal(f["Records"], &list) != nil || len(list) == 0 {
		return nil, refuse(ReasonField)
	}
	var events []Event
	var refused error
	for _, r := range list {
		e, ok, err := o.record(r, source, func() (string, error) { return keyOf(len(list), r) })
		if err != nil {
			refused = err
		} else if ok {
			events = append(events, e)
		}
	}
	return events, refused
}

func (o Options) record(r s3Record, source string, keyOf func() (string, error)) (Event, bool, error) {
	if r.Source != source || r.Name == "" {
		return Event{}, false, refuse(ReasonShape)
	}
	key, err := keyOf()
	if err != nil {
		return Event{}, false, err
	}
	kind := r.kind()
	e, ok, err := o.event(kind, r.object(key))
	return e, ok && kind != "", err
}
