package account_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/presign/presigntest"
	"github.com/zdrworker/zdrworker/zdr"
)

// testSigners holds reader and writer, with the policies that the module
// renders, to what nobody may do with their URLs or as one of them.
func (w *world) testSigners(t *testing.T) {
	a := w.account(t)
	reader, writer := w.minio.NewUser(t, a.policies["reader"].text()), w.minio.NewUser(t, a.policies["writer"].text())
	at := presign.Config{
		Bucket: a.exchange, Region: miniotest.Region, Endpoint: w.minio.Endpoint, PathStyle: true,
		Reader: presign.Identity{Credentials: reader.Credentials()}, Writer: presign.Identity{Credentials: writer.Credentials()},
	}
	t.Run("urls", func(t *testing.T) {
		presigntest.Run(t, presigntest.Target{
			Config: at, Owner: a.owner,
			Differences: map[string]string{"put-tagging": "MinIO follows an unsigned x-amz-tagging on a presigned PUT; AWS refuses it"},
		})
	})
	t.Run("requests", func(t *testing.T) {
		a.refuses(t, "reader", reader)
		a.refuses(t, "writer", writer)
	})
	t.Run("old-signatures", func(t *testing.T) { a.refusesOld(t, at) })
}

// refuses: a signer's own requests are refused, also those for which its URLs
// are good: it signs, and does nothing else.
func (a *account) refuses(t *testing.T, who string, u miniotest.User) {
	cfg := a.w.minio.Config()
	cfg.Credentials = u.Credentials()
	as := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	for _, key := range []string{"s/a.md", "o/a.json"} {
		_, err := a.owner.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &a.exchange, Key: &key, Body: strings.NewReader("x")})
		a.must(err)
	}
	for what, try := range map[string]func(context.Context) error{
		"list": func(ctx context.Context) error {
			return second(as.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &a.exchange}))
		},
		"list versions": func(ctx context.Context) error {
			return second(as.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &a.exchange}))
		},
		"list the store": func(ctx context.Context) error {
			return second(as.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &a.store}))
		},
		"get a document": func(ctx context.Context) error {
			return second(as.GetObject(ctx, &s3.GetObjectInput{Bucket: &a.exchange, Key: aws.String("s/a.md")}))
		},
		"get a result": func(ctx context.Context) error {
			return second(as.GetObject(ctx, &s3.GetObjectInput{Bucket: &a.exchange, Key: aws.String("o/a.json")}))
		},
		"put a document": func(ctx context.Context) error {
			return second(as.PutObject(ctx, &s3.PutObjectInput{Bucket: &a.exchange, Key: aws.String("s/a.md"), Body: strings.NewReader("y")}))
		},
		"put a result": func(ctx context.Context) error {
			return second(as.PutObject(ctx, &s3.PutObjectInput{Bucket: &a.exchange, Key: aws.String("o/a.json"), Body: strings.NewReader("y")}))
		},
		"delete a document": func(ctx context.Context) error {
			return second(as.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &a.exchange, Key: aws.String("s/a.md")}))
		},
		"copy a document into the outbox": func(ctx context.Context) error {
			return second(as.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &a.exchange, Key: aws.String("o/b.json"), CopySource: aws.String(a.exchange + "/s/a.md")}))
		},
		"begin an upload": func(ctx context.Context) error {
			return second(as.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &a.exchange, Key: aws.String("o/b.json")}))
		},
		"read the bucket's policy": func(ctx context.Context) error {
			return second(as.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &a.exchange}))
		},
	} {
		if err := try(t.Context()); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("the %s may %s: %v", who, what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// refusesOld: a URL that was signed longer ago than the policy allows is
// refused, though it has not ended. MinIO looks at that for a GET only; if that
// changes, this test wants to be told.
func (a *account) refusesOld(t *testing.T, at presign.Config) {
	const beyond = 61 * time.Minute // the policies say an hour
	at.Lifetime, at.Depository = presign.Limits{Asked: 2 * time.Hour, Policy: 2 * time.Hour}, open{}
	for ago, want := range map[time.Duration][2]int{0: {200, 200}, beyond: {403, 200}} {
		at.Skew = func() time.Duration { return -ago }
		s, err := presign.New(at)
		a.must(err)
		staging, outbox := "s/"+rand.Text()+".md", "o/"+rand.Text()+".json"
		_, err = a.owner.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &a.exchange, Key: &staging, Body: strings.NewReader("x")})
		a.must(err)
		get, err := s.SignGet(t.Context(), presign.Single{Key: staging})
		a.must(err)
		put, err := s.SignPut(t.Context(), presign.Single{Key: outbox})
		a.must(err)
		if got := a.use(t, http.MethodGet, get); got != want[0] {
			t.Errorf("GET signed %s ago: HTTP %d, want %d", ago, got, want[0])
		}
		if got := a.use(t, http.MethodPut, put); got != want[1] {
			t.Errorf("PUT signed %s ago: HTTP %d, want %d", ago, got, want[1])
		}
	}
}

func (a *account) use(t *testing.T, method string, u presign.URL) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, u.Reveal(), strings.NewReader(""))
	if err != nil {
		t.Fatal("the URL makes no request")
	}
	if method == http.MethodGet {
		req.Body = nil
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal("the URL was not answered")
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// open takes every signature.
type open struct{}

func (open) Deposit(context.Context, zdr.Grant) error { return nil }
