//go:build unix

package chaos

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const killed = syscall.SIGKILL

// The exit codes that a run may end with; `zdrworker help exit-codes` explains
// them.
const (
	exitOK     = 0
	exitError  = 1
	exitHeld   = 3
	exitFailed = 4
	exitTerm   = 143
	exitKill   = 137
)

// record is a job's record as it lies in the bucket: what an outsider needs.
type record struct {
	Ref      string
	Gen      int
	Step     string
	State    string
	Hold     string
	Attempts []attempt
	Failure  *struct{ Code, Billed string }
	Result   *struct{ Status string }
	History  []change

	text string
}

type attempt struct {
	N           int
	Token       string
	SignedAt    time.Time `json:"signed_at"`
	ExpiresS    int64     `json:"expires_s"`
	ProviderJob string    `json:"provider_job"`
	End         string
}

func (a attempt) until() time.Time { return a.SignedAt.Add(time.Duration(a.ExpiresS) * time.Second) }

type change struct {
	At           time.Time
	Event, State string
	Attempt      int
	Code         string
}

// path is a history in a line.
func (r record) path() string {
	var b strings.Builder
	for _, h := range r.History {
		b.WriteString(h.Event)
		if h.Code != "" {
			b.WriteString("(" + h.Code + ")")
		}
		b.WriteByte(' ')
	}
	return b.String() + "= " + r.State
}

// records reads every record, by ref.
func (w *world) records() map[string]record {
	found := map[string]record{}
	for _, o := range w.list(w.store, "zdr/records/") {
		body, _ := w.get(w.store, o)
		var r record
		if err := json.Unmarshal(body, &r); err != nil {
			w.t.Errorf("a record is no JSON: %v", err)
			continue
		}
		r.text = string(body)
		if _, twice := found[r.Ref]; twice {
			w.t.Errorf("two records have the ref %s", r.Ref)
		}
		found[r.Ref] = r
	}
	return found
}

// list gives the keys of the current objects under a prefix.
func (w *world) list(bucket, prefix string) []string {
	keys := map[string]bool{}
	pages := s3.NewListObjectsV2Paginator(w.client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.t.Context())
		if err != nil {
			w.t.Fatalf("list: %v", err)
		}
		for _, o := range page.Contents {
			keys[*o.Key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

func (w *world) get(bucket, key string) ([]byte, map[string]string) {
	out, err := w.client.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		w.t.Fatalf("get: %v", err)
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		w.t.Fatalf("get: %v", err)
	}
	return body, out.Metadata
}

// versions counts what a bucket holds under a prefix: versions, delete markers
// and unfinished uploads.
func (w *world) versions(bucket, prefix string) (n int, byKey map[string]int) {
	byKey = map[string]int{}
	pages := s3.NewListObjectVersionsPaginator(w.client, &s3.ListObjectVersionsInput{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.t.Context())
		if err != nil {
			w.t.Fatalf("list versions: %v", err)
		}
		for _, v := range page.Versions {
			byKey[*v.Key]++
		}
		for _, m := range page.DeleteMarkers {
			byKey[*m.Key]++
		}
	}
	uploads, err := w.client.ListMultipartUploads(w.t.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket, Prefix: &prefix})
	if err != nil {
		w.t.Fatalf("list uploads: %v", err)
	}
	for _, k := range byKey {
		n += k
	}
	return n + len(uploads.Uploads), byKey
}
