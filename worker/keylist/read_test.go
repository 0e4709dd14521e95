package keylist_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/keylist"
)

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

const manifest = `{"sourceBucket":"docs","destinationBucket":"arn:aws:s3:::lists","version":"2016-11-30","fileFormat":"CSV",
"fileSchema":"Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate","files":[{"key":"data/1.csv.gz"},{"key":"data/2.csv.gz"}]}`

var files = map[string]string{
	"data/1.csv.gz": `"docs","inbox/a+b%2Bc.md","v1","true","false","10","2026-11-20T10:00:00.000Z"` + "\n" +
		`"docs","inbox/a+b%2Bc.md","v0","false","false","10","2026-11-19T10:00:00.000Z"` + "\n" +
		`"docs","inbox/gone.md","v2","true","true","","2026-11-20T10:00:00.000Z"` + "\n",
	"data/2.csv.gz": `"docs","inbox/%C3%A9.md","v1","true","false","10","2026-11-21T10:00:00.000Z"` + "\n",
}

func open(_ context.Context, bucket, key string) (io.ReadCloser, error) {
	text, ok := files[key]
	if bucket != "lists" || !ok {
		return nil, errors.New("absent")
	}
	return io.NopCloser(strings.NewReader(zipped(text))), nil
}

func TestRead(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 10, 0, 0, 0, time.UTC) }
	tests := []struct {
		name, in string
		want     []keylist.Entry
		err      error
	}{
		{name: "nothing"},
		{name: "lines", in: "s3://docs/inbox/a.md\r\n\ninbox/b c.md\n", want: []keylist.Entry{{Bucket: "docs", Key: "inbox/a.md"}, {Key: "inbox/b c.md"}}},
		{name: "no prefix", in: "s3://docs/inbox/\n", err: keylist.ErrLine},
		{name: "no key", in: "s3://docs\n", err: keylist.ErrLine},
		{name: "long line", in: strings.Repeat("a", 70<<10), err: keylist.ErrLine},
		{name: "csv", in: `"docs","inbox/%41.md","more"` + "\n" + `"docs","x.md"`, want: []keylist.Entry{{Bucket: "docs", Key: "inbox/A.md"}, {Bucket: "docs", Key: "x.md"}}},
		{name: "csv.gz", in: zipped(`"docs","inbox/a.md"`), want: []keylist.Entry{{Bucket: "docs", Key: "inbox/a.md"}}},
		{name: "csv of one column", in: `"docs"`, err: keylist.ErrCSV},
		{name: "csv with a bad key", in: `"docs","%zz"`, err: keylist.ErrCSV},
		{name: "gzip that is cut", in: "\x1f\x8b\x08", err: keylist.ErrCSV},
		{name: "manifest", in: manifest, want: []keylist.Entry{
			{Bucket: "docs", Key: "inbox/a b+c.md", Modified: day(20)}, {Bucket: "docs", Key: "inbox/é.md", Modified: day(21)},
		}},
		{name: "manifest of another format", in: strings.Replace(manifest, `"CSV"`, `"ORC"`, 1), err: keylist.ErrManifest},
		{name: "manifest without keys", in: strings.Replace(manifest, `Key, `, ``, 1), err: keylist.ErrManifest},
		{name: "other JSON", in: `{}`, err: keylist.ErrManifest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []keylist.Entry
			var failed error
			for e, err := range keylist.Read(t.Context(), strings.NewReader(tt.in), open) {
				if err != nil {
					failed = err
					break
				}
				got = append(got, e)
			}
			if !slices.Equal(got, tt.want) || !errors.Is(failed, tt.err) || (failed != nil) != (tt.err != nil) {
				t.Errorf("got %q, %v, want %q, %v", got, failed, tt.want, tt.err)
			}
		})
	}
}

// FuzzRead: whatever comes in, entries have keys, an error is the last thing
// said and quotes nothing of the list.
func FuzzRead(f *testing.F) {
	seeds := []string{"", "s3://docs/a.md\n", `"docs","a%20b"`, manifest, zipped(`"docs","a"`), "{", `"`, "\x1f\x8b"}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	known := []error{keylist.ErrLine, keylist.ErrCSV, keylist.ErrManifest}
	f.Fuzz(func(t *testing.T, in []byte) {
		ended := false
		for e, err := range keylist.Read(t.Context(), bytes.NewReader(in), nil) {
			switch {
			case ended:
				t.Fatal("something came after an error")
			case err != nil:
				ended = true
				if !slices.Contains(known, err) {
					t.Fatalf("an unknown error: %v", err)
				}
			case e.Key == "":
				t.Fatal("an entry without a key")
			}
		}
	})
}
