//go:build !nosandbox

package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/zdr"
)

const ref = "00112233445566778899aabbccddeeff"

// bench is a client, a signer and a bucket of one sandbox.
type bench struct {
	t      *testing.T
	bucket *s3.Client
	store  *s3store.Store
	signer *presign.Signer
	client *ade.Client
	seen   zdr.Tally
	schema zdr.Schema
}

func newBench(t *testing.T, edit func(*zdr.Policy)) *bench {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Delay: 30 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	env := maps.Collect(box.Env())
	b := &bench{t: t, bucket: s3.NewFromConfig(box.AWS(), func(o *s3.Options) { o.UsePathStyle = true })}
	if b.schema, err = zdr.ParseSchema([]byte(`{"type":"object","properties":{"total":{"type":"number"}}}`)); err != nil {
		t.Fatal(err)
	}
	if b.store, err = s3store.OpenWith(t.Context(), box.AWS(), "s3://"+sandbox.ExchangeBucket, s3store.Options{PathStyle: true}); err != nil {
		t.Fatal(err)
	}
	policy := zdr.Policy{Development: true, Hosts: []string{box.Provider().URL}}
	policy.Approve(b.schema, "test")
	edit(&policy)
	guard, err := zdr.NewGuard(policy, &b.seen)
	if err != nil {
		t.Fatal(err)
	}
	identity := func(who string) presign.Identity {
		return presign.Identity{Credentials: credentials.NewStaticCredentialsProvider(env[who+"_ACCESS_KEY_ID"], env[who+"_SECRET_ACCESS_KEY"], "")}
	}
	b.signer, err = presign.New(presign.Config{
		Bucket: sandbox.ExchangeBucket, Region: env["AWS_REGION"], Endpoint: env["AWS_ENDPOINT_URL_S3"], PathStyle: true,
		Reader: identity("ZDRWORKER_READER"), Writer: identity("ZDRWORKER_WRITER"), Depository: guard,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.client = ade.New(guard, zdr.NewAPIKey(env["VISION_AGENT_API_KEY"]))
	return b
}

func (b *bench) put(key, kind string, body []byte) {
	b.t.Helper()
	_, err := b.bucket.PutObject(b.t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(sandbox.ExchangeBucket), Key: aws.String(key), ContentType: aws.String(kind), Body: bytes.NewReader(body),
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) read(key string, into any) {
	b.t.Helper()
	o, err := b.bucket.GetObject(b.t.Context(), &s3.GetObjectInput{Bucket: aws.String(sandbox.ExchangeBucket), Key: aws.String(key)})
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = o.Body.Close() }()
	if err := json.NewDecoder(o.Body).Decode(into); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) sign(staging, outbox string, attempt int) presign.Pair {
	b.t.Helper()
	pair, err := b.signer.Sign(b.t.Context(), presign.Ask{StagingKey: staging, OutboxKey: outbox, Ref: ref, Attempt: attempt})
	if err != nil {
		b.t.Fatal(err)
	}
	return pair
}

// wait asks until a job has ended.
func (b *bench) wait(ask func() (ade.Job, error)) ade.Job {
	b.t.Helper()
	for {
		job, err := ask()
		if err != nil {
			b.t.Fatal(err)
		}
		if job.Status.IsTerminal() {
			return job
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestADocumentBecomesFields goes the whole way by hand: the client through the
// guard, presigned URLs of two identities, the stand-in, and fields that point
// to where they stand on the page.
func TestADocumentBecomesFields(t *testing.T) {
	b := newBench(t, func(*zdr.Policy) {})
	b.put("s/a.pdf", "application/pdf", pdftest.Make(t, pdftest.Page{}, pdftest.Page{Lines: []string{"Total: 12.50"}}))
	pair := b.sign("s/a.pdf", "o/a.json", 1)
	id, err := b.client.CreateParseJob(t.Context(), ade.ParseJob{Ref: ref, Attempt: 1, Split: ade.SplitPage, Document: pair.Get, OutputSave: pair.Put})
	if err != nil {
		t.Fatal(err)
	}
	job := b.wait(func() (ade.Job, error) { return b.client.ParseJob(t.Context(), id, ref) })
	if job.Status != ade.StatusCompleted || job.Receipt.Pages != 2 || job.Receipt.Credits != 6 || !job.OutputNamed || job.Partial {
		t.Fatalf("got %+v, %+v", job, job.Receipt)
	}
	var parsed struct {
		Markdown  string
		Grounding map[string]struct{ Page int }
	}
	b.read("o/a.json", &parsed)

	b.put("s/b.md", "text/markdown", []byte(parsed.Markdown))
	pair = b.sign("s/b.md", "o/b.json", 2)
	extractID, err := b.client.CreateExtractJob(t.Context(), ade.ExtractJob{Ref: ref, Attempt: 2, Schema: b.schema, Markdown: pair.Get, OutputSave: pair.Put})
	if err != nil {
		t.Fatal(err)
	}
	b.wait(func() (ade.Job, error) { return b.client.ExtractJob(t.Context(), extractID, ref) })
	var result struct {
		Extraction         struct{ Total float64 }
		ExtractionMetadata struct{ Total struct{ References []string } } `json:"extraction_metadata"`
	}
	b.read("o/b.json", &result)
	references := result.ExtractionMetadata.Total.References
	if result.Extraction.Total != 12.5 || len(references) != 1 || parsed.Grounding[references[0]].Page != 1 {
		t.Errorf("got %+v", result)
	}
	if b.seen.Snapshot().ContentBytes() != 0 {
		t.Error("content went out in a request")
	}
	b.checkLists(id, extractID)
}

func (b *bench) checkLists(parsed, extracted zdr.JobID) {
	b.t.Helper()
	ids := func(list ade.JobList, err error) (ids []zdr.JobID) {
		if err != nil {
			b.t.Fatal(err)
		}
		for _, s := range list.Jobs {
			ids = append(ids, s.ID)
		}
		return ids
	}
	if got := ids(b.client.ParseJobs(b.t.Context(), ade.ListOptions{})); !slices.Equal(got, []zdr.JobID{parsed}) {
		b.t.Errorf("parse jobs %v", got)
	}
	if got := ids(b.client.ExtractJobs(b.t.Context(), ade.ListOptions{})); !slices.Equal(got, []zdr.JobID{extracted}) {
		b.t.Errorf("extract jobs %v", got)
	}
	if _, err := b.client.ParseJob(b.t.Context(), extracted, ref); !errors.Is(err, ade.ErrNotFound) {
		b.t.Errorf("an extraction among parses: %v", err)
	}
}

// TestSyncParseIntoTheBucket: every option, a page that cannot be read, and the
// reply on its way into the bucket.
func TestSyncParseIntoTheBucket(t *testing.T) {
	words, err := zdr.NewPrompts("Describe the axes.")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, func(p *zdr.Policy) { p.SyncCalls = true; p.ApprovePrompts(words, "test") })
	locked := pdftest.Encrypted("open sesame", pdftest.Page{Lines: []string{"Total: 12.50"}})
	for i, c := range []struct {
		name    string
		pdf     []byte
		ask     ade.Parse
		partial bool
		want    string
	}{
		{"all pages", pdftest.Text(t, "Total: 12.50"), ade.Parse{Split: ade.SplitPage, Prompts: words, Model: "dpt-2-20260410"}, false, `"splits":[{`},
		{"a page that cannot be read", pdftest.Make(t, pdftest.Page{Unreadable: true}, pdftest.Page{Lines: []string{"Total: 1"}}), ade.Parse{}, true, `"failed_pages":[0]`},
		{"a password", locked, ade.Parse{Password: zdr.NewPassword("open sesame")}, false, "Total: 12.50"},
	} {
		t.Run(c.name, func(t *testing.T) {
			staging, key := fmt.Sprintf("s/%d.pdf", i), fmt.Sprintf("now/%d.json", i)
			b.put(staging, "application/pdf", c.pdf)
			c.ask.Ref, c.ask.Attempt, c.ask.Document = ref, i+1, b.sign(staging, fmt.Sprintf("o/%d.json", i), i+1).Get
			got, err := worker.ParseNow(t.Context(), b.client, c.ask, b.store, key)
			if err != nil || got.Partial != c.partial {
				t.Fatalf("%+v, %v", got, err)
			}
			var whole json.RawMessage
			b.read(key, &whole)
			if text := strings.ReplaceAll(string(whole), ": ", ":"); !strings.Contains(text, strings.ReplaceAll(c.want, ": ", ":")) {
				t.Errorf("%q is not in\n%s", c.want, whole)
			}
		})
	}
}

// TestSyncParseLeavesNothing: of what fails, nothing is at the key, and a key
// that is taken costs nothing.
func TestSyncParseLeavesNothing(t *testing.T) {
	b := newBench(t, func(p *zdr.Policy) { p.SyncCalls = true })
	b.put("now/taken.json", "application/json", []byte("{}"))
	b.put("s/a.pdf", "application/pdf", pdftest.Text(t, "Total: 12.50"))
	b.put("s/b.pdf", "application/pdf", pdftest.Encrypted("open sesame", pdftest.Page{}))
	b.put("s/c.pdf", "application/pdf", pdftest.Text(t, "Total: 12.50"))
	ask := func(staging string, attempt int) ade.Parse {
		return ade.Parse{Ref: ref, Attempt: attempt, Document: b.sign(staging, fmt.Sprintf("o/%d.json", attempt), attempt).Get}
	}
	if _, err := worker.ParseNow(t.Context(), b.client, ask("s/b.pdf", 1), b.store, "now/b.json"); !errors.Is(err, ade.ErrInvalid) {
		t.Errorf("an encrypted document: %v", err)
	}
	asked := b.seen.Snapshot().RequestCount()
	if _, err := worker.ParseNow(t.Context(), b.client, ask("s/a.pdf", 2), b.store, "now/taken.json"); !errors.Is(err, bucket.ErrPrecondition) || b.seen.Snapshot().RequestCount() != asked {
		t.Errorf("a key that is taken: %v after %d requests", err, b.seen.Snapshot().RequestCount()-asked)
	}
	if _, err := b.store.Head(t.Context(), "now/b.json", ""); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("what failed is there: %v", err)
	}
	full := errors.New("full")
	if _, err := worker.ParseNow(t.Context(), b.client, ask("s/c.pdf", 3), fullStore{b.store, full}, "now/a.json"); !errors.Is(err, full) || !errors.Is(err, ade.ErrUnknownOutcome) {
		t.Errorf("a bucket that is full: %v", err)
	}
	deny := newBench(t, func(*zdr.Policy) {})
	deny.put("s/a.pdf", "application/pdf", pdftest.Text(t, "Total: 12.50"))
	a := ade.Parse{Ref: ref, Attempt: 1, Document: deny.sign("s/a.pdf", "o/a.json", 1).Get}
	if _, err := worker.ParseNow(t.Context(), deny.client, a, deny.store, "now/a.json"); !errors.Is(err, ade.ErrRefused) || !strings.Contains(err.Error(), "policy.sync_calls is deny") {
		t.Errorf("by default: %v", err)
	}
}

// fullStore takes a part of a body and fails.
type fullStore struct {
	worker.Store
	err error
}

func (f fullStore) Put(_ context.Context, _ string, body io.Reader, _ bucket.PutOptions) (bucket.Info, error) {
	_, _ = body.Read(make([]byte, 8))
	return bucket.Info{}, f.err
}

func TestSyncParseStreams(t *testing.T) {
	b := newBench(t, func(p *zdr.Policy) { p.SyncCalls = true })
	b.put("s/a.pdf", "application/pdf", pdftest.Text(t, "Total: 12.50"))
	var to bytes.Buffer
	ask := ade.Parse{Ref: ref, Attempt: 1, Document: b.sign("s/a.pdf", "o/a.json", 1).Get}
	if _, err := b.client.ParseTo(t.Context(), ask, &to); err != nil {
		t.Fatal(err)
	}
	var got struct{ Markdown string }
	if err := json.Unmarshal(to.Bytes(), &got); err != nil || !strings.HasSuffix(got.Markdown, "Total: 12.50") {
		t.Errorf("got %q, %v", got.Markdown, err)
	}
	b.put("s/b.pdf", "application/pdf", pdftest.Encrypted("open sesame", pdftest.Page{}))
	ask = ade.Parse{Ref: ref, Attempt: 2, Document: b.sign("s/b.pdf", "o/b.json", 2).Get}
	if _, err := b.client.ParseTo(t.Context(), ask, io.Discard); !errors.Is(err, ade.ErrInvalid) {
		t.Errorf("an encrypted document: %v", err)
	}
}
