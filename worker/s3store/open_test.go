package s3store

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

func TestLocations(t *testing.T) {
	for loc, want := range map[string]string{
		"s3://acme-docs": "acme-docs", "s3://acme-docs/": "acme-docs",
		"": "", "acme-docs": "", "s3://": "", "s3://acme-docs/prefix": "", "https://acme-docs": "",
		"s3://acme docs": "", "s3://acme-docs?x": "", "s3://user@acme-docs": "",
	} {
		s, err := Open(t.Context(), config("http://127.0.0.1:1"), loc)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q: got no error", loc)
		case want != "" && (err != nil || s.Name() != want):
			t.Errorf("%q: got %v", loc, err)
		case err != nil && strings.Contains(err.Error(), "acme"):
			t.Errorf("%q: the error quotes it: %v", loc, err)
		}
	}
}

func TestPathStyle(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want bool
	}{
		{Options{}, false},
		{Options{PathStyle: true}, true},
		{Options{Endpoint: "https://s3.acme.example"}, false},
		{Options{Endpoint: "https://s3.acme.example", PathStyle: true}, true},
		{Options{Endpoint: "http://127.0.0.1:9000"}, true},
		{Options{Endpoint: "http://[::1]:9000"}, true},
		{Options{Endpoint: "http://localhost:9000"}, true},
	} {
		cfg := config("")
		cfg.BaseEndpoint = nil
		s, err := OpenWith(t.Context(), cfg, "s3://acme-docs", c.o)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.client.Options().UsePathStyle; got != c.want {
			t.Errorf("%+v: got %v", c.o, got)
		}
	}
}

func TestRegionIsNeeded(t *testing.T) {
	cfg := config("")
	cfg.Region, cfg.BaseEndpoint = "", nil
	if _, err := Open(t.Context(), cfg, "s3://acme-docs"); err == nil {
		t.Error("AWS without a region: got no error")
	}
	cfg.BaseEndpoint = aws.String("http://127.0.0.1:9000")
	if s, err := Open(t.Context(), cfg, "s3://acme-docs"); err != nil || s.client.Options().Region != "us-east-1" {
		t.Errorf("another store: got %v", err)
	}
}

func TestChecksumsOnlyWhereRequired(t *testing.T) {
	s, err := Open(t.Context(), config("http://127.0.0.1:1"), "s3://acme-docs")
	if err != nil {
		t.Fatal(err)
	}
	o := s.client.Options()
	if o.RequestChecksumCalculation != aws.RequestChecksumCalculationWhenRequired ||
		o.ResponseChecksumValidation != aws.ResponseChecksumValidationWhenRequired {
		t.Errorf("got %v, %v", o.RequestChecksumCalculation, o.ResponseChecksumValidation)
	}
}

func TestCopySource(t *testing.T) {
	for _, c := range []struct {
		src  bucket.Source
		want string
	}{
		{bucket.Source{Bucket: "b", Key: "a/b.md"}, "b/a/b.md"},
		{bucket.Source{Bucket: "b", Key: "/a"}, "b//a"},
		{bucket.Source{Bucket: "b", Key: "1+1 = 2%"}, "b/1%2B1%20%3D%202%25"},
		{bucket.Source{Bucket: "b", Key: "é?x"}, "b/%C3%A9%3Fx"},
		{bucket.Source{Bucket: "b", Key: "a", Version: "v+1"}, "b/a?versionId=v%2B1"},
	} {
		if got := copySource(c.src); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestKeysThatXMLCannotHold(t *testing.T) {
	for key, want := range map[string]bool{"a": true, "é\t\n": true, "a\x01": false, "a\r": false, "a\xff": false, "\uFFFF": false} {
		if got := inXML(key); got != want {
			t.Errorf("%q: got %v", key, got)
		}
	}
}

func TestErrorsOfOneKeyInABatch(t *testing.T) {
	for code, want := range map[string]error{
		"AccessDenied": bucket.ErrDenied, "InternalError": bucket.ErrUnavailable, "": bucket.ErrUnavailable,
		"SlowDown": bucket.ErrThrottled, "InvalidArgument": bucket.ErrInvalid,
	} {
		check(t, code, perKey(code), want)
	}
	for _, code := range []string{"NoSuchKey", "NoSuchVersion"} {
		if err := perKey(code); err != nil {
			t.Errorf("%s: got %v", code, err)
		}
	}
	all := []error{nil, bucket.ErrDenied, bucket.ErrThrottled}
	var first error
	for e := range slices.Values(all) {
		first = firstOf(first, e)
	}
	if first != bucket.ErrDenied {
		t.Errorf("first: got %v", first)
	}
}
