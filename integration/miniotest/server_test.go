package miniotest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/presign"
)

func TestMain(m *testing.M) { miniotest.Main(m) }

func TestOneServerForAll(t *testing.T) {
	first, second := miniotest.Start(t), miniotest.Start(t)
	if first != second {
		t.Error("the second start gave another server")
	}
	t.Logf("runs as a %s", first.How)
}

func TestBucketsAreWhatWasAskedFor(t *testing.T) {
	server := miniotest.Start(t)
	for _, b := range []miniotest.Bucket{{}, {Versioned: true}, {Encrypted: true}, {Versioned: true, Encrypted: true}} {
		name := server.NewBucket(t, b)
		out, err := server.Client().PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: &name, Key: aws.String("a.md"), Body: strings.NewReader("# A\n"),
		})
		if err != nil {
			t.Fatalf("%+v: %v", b, err)
		}
		if got := out.VersionId != nil; got != b.Versioned {
			t.Errorf("%+v: versioned: got %t", b, got)
		}
		if got := out.ServerSideEncryption == "aws:kms"; got != b.Encrypted {
			t.Errorf("%+v: encrypted: got %t", b, got)
		}
	}
}

// TestIdentitiesAreNarrow holds the worker to its two buckets. What reader and
// writer may do is held by presigntest.
func TestIdentitiesAreNarrow(t *testing.T) {
	server := miniotest.Start(t)
	store, exchange := server.NewBucket(t, miniotest.Bucket{Versioned: true}), server.NewBucket(t, miniotest.Bucket{})
	other := server.NewBucket(t, miniotest.Bucket{})
	ids := server.Identities(store, exchange)
	for name, want := range map[string]bool{store: true, exchange: true, other: false} {
		if err := put(t, server, ids.Worker, name, "a.md"); (err == nil) != want {
			t.Errorf("the worker's PUT: got %v, want allowed %t", err, want)
		}
	}
	if err := put(t, server, ids.Reader, exchange, "s/a.md"); err == nil {
		t.Error("the reader can write")
	}
	if err := put(t, server, ids.Writer, exchange, "o/a.json"); err != nil {
		t.Errorf("the writer cannot write: %v", err)
	}
	if err := put(t, server, ids.Writer, store, "o/a.json"); err == nil {
		t.Error("the writer can write to the store")
	}
}

func put(t *testing.T, server *miniotest.Server, as presign.Identity, name, key string) error {
	t.Helper()
	c := s3.New(s3.Options{Region: miniotest.Region, BaseEndpoint: &server.Endpoint, UsePathStyle: true, Credentials: as.Credentials})
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader("# A\n")})
	return err
}

// TestNothingIsPublic: whoever has no key gets nothing.
func TestNothingIsPublic(t *testing.T) {
	server := miniotest.Start(t)
	name := server.NewBucket(t, miniotest.Bucket{})
	resp, err := http.Get(server.Endpoint + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("got %d, want %d", resp.StatusCode, http.StatusForbidden)
	}
}
