package keylist

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
)

// schema says which column of a CSV file is what; -1 where there is none.
type schema struct{ bucket, key, modified, latest, deleted int }

// plainSchema is what every inventory begins with.
var plainSchema = schema{bucket: 0, key: 1, modified: -1, latest: -1, deleted: -1}

// parseSchema reads the fileSchema of a manifest: "Bucket, Key, VersionId, …".
func parseSchema(text string) (schema, bool) {
	var columns []string
	for column := range strings.SplitSeq(text, ",") {
		columns = append(columns, strings.TrimSpace(column))
	}
	at := func(name string) int { return slices.Index(columns, name) }
	s := schema{at("Bucket"), at("Key"), at("LastModifiedDate"), at("IsLatest"), at("IsDeleteMarker")}
	return s, s.bucket >= 0 && s.key >= 0
}

// manifest is what S3 Inventory writes beside the files of one report.
type manifest struct {
	Destination string `json:"destinationBucket"`
	Format      string `json:"fileFormat"`
	Schema      string `json:"fileSchema"`
	Files       []struct {
		Key string `json:"key"`
	} `json:"files"`
}

// maxManifest is more than any manifest, in bytes.
const maxManifest = 64 << 20

func readManifest(ctx context.Context, in io.Reader, open Open, yield func(Entry, error) bool) {
	var m manifest
	s, ok := schema{}, false
	if json.NewDecoder(io.LimitReader(in, maxManifest)).Decode(&m) == nil {
		s, ok = parseSchema(m.Schema)
	}
	if !ok || !strings.EqualFold(m.Format, "CSV") || open == nil {
		yield(Entry{}, ErrManifest)
		return
	}
	bucket := m.Destination[strings.LastIndex(m.Destination, ":")+1:]
	for _, file := range m.Files {
		if !readFile(ctx, bucket, file.Key, s, open, yield) {
			return
		}
	}
}

// readFile yields one file of a report, which is compressed.
func readFile(ctx context.Context, bucket, key string, s schema, open Open, yield func(Entry, error) bool) bool {
	body, err := open(ctx, bucket, key)
	if err != nil {
		return yield(Entry{}, err)
	}
	defer body.Close()
	unpacked, err := gzip.NewReader(body)
	if err != nil {
		return yield(Entry{}, ErrCSV)
	}
	return readCSV(unpacked, s, yield)
}

// readCSV yields the current objects of a CSV file.
func readCSV(in io.Reader, s schema, yield func(Entry, error) bool) bool {
	rows := csv.NewReader(in)
	rows.ReuseRecord, rows.FieldsPerRecord = true, -1
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil || len(row) <= max(s.bucket, s.key) {
			yield(Entry{}, ErrCSV) // the parser's error quotes the list
			return false
		}
		entry, current, err := s.entry(row)
		if (current || err != nil) && (!yield(entry, err) || err != nil) {
			return false
		}
	}
}

// entry reads one row. Keys are encoded as in a query (S3 user guide, "Amazon S3
// Inventory list"): a plus sign is a space, one of the key's own is %2B.
func (s schema) entry(row []string) (e Entry, current bool, err error) {
	cell := func(i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return row[i]
	}
	if strings.EqualFold(cell(s.latest), "false") || strings.EqualFold(cell(s.deleted), "true") {
		return e, false, nil
	}
	e.Bucket = strings.Clone(row[s.bucket])
	if e.Key, err = url.QueryUnescape(row[s.key]); err != nil || e.Key == "" {
		return Entry{}, false, ErrCSV
	}
	e.Modified, _ = time.Parse(time.RFC3339, cell(s.modified))
	return e, true, nil
}
