package keylist

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"
)

// Entry is one object of a list. Where a list does not say something, the field
// is zero.
type Entry struct {
	Bucket   string
	Key      string
	Modified time.Time
}

// Open reads an object that a manifest names.
type Open func(ctx context.Context, bucket, key string) (io.ReadCloser, error)

// The errors of a list. They quote nothing of it.
var (
	ErrLine     = errors.New("a line of the list is too long, or none of a list of objects")
	ErrCSV      = errors.New("the list is no CSV file as S3 Inventory writes it")
	ErrManifest = errors.New("the manifest is none of S3 Inventory's for CSV files that name bucket and key")
)

// maxLine is more than any line of a list of keys, in bytes.
const maxLine = 64 << 10

// Read yields the objects of a list. What kind it is shows in its first bytes:
// gzip is unpacked, "{" begins a manifest, a quote a CSV file.
func Read(ctx context.Context, r io.Reader, open Open) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		in := bufio.NewReaderSize(r, maxLine)
		if two, _ := in.Peek(2); string(two) == "\x1f\x8b" {
			unpacked, err := gzip.NewReader(in)
			if err != nil {
				yield(Entry{}, ErrCSV)
				return
			}
			in = bufio.NewReaderSize(unpacked, maxLine)
		}
		first, _ := in.Peek(1)
		switch string(first) {
		case "{":
			readManifest(ctx, in, open, yield)
		case `"`:
			readCSV(in, plainSchema, yield)
		default:
			readLines(in, yield)
		}
	}
}

// readLines yields a key or URI a line. Empty lines are passed over.
func readLines(in *bufio.Reader, yield func(Entry, error) bool) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" {
			continue
		}
		if e, err := parseLine(line); !yield(e, err) || err != nil {
			return
		}
	}
	if lines.Err() != nil {
		yield(Entry{}, ErrLine)
	}
}

// parseLine reads "s3://bucket/key", or a key as it is.
func parseLine(line string) (Entry, error) {
	rest, isURI := strings.CutPrefix(line, "s3://")
	if !isURI {
		return Entry{Key: line}, nil
	}
	bucket, key, _ := strings.Cut(rest, "/")
	if bucket == "" || key == "" || strings.HasSuffix(key, "/") {
		return Entry{}, ErrLine
	}
	return Entry{Bucket: bucket, Key: key}, nil
}
