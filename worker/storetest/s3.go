package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3 is rough access to a bucket through an SDK client and a bare HTTP client.
func S3(client *s3.Client, bucketName string) Rough {
	return rough{client, bucketName}
}

type rough struct {
	client *s3.Client
	name   string
}

func (r rough) PutWith(ctx context.Context, key string, body []byte, h http.Header) error {
	in := &s3.PutObjectInput{Bucket: &r.name, Key: &key, Body: bytes.NewReader(body), Metadata: map[string]string{}}
	for name := range h {
		value := h.Get(name)
		switch {
		case name == "Content-Type":
			in.ContentType = &value
		case name == "Content-Disposition":
			in.ContentDisposition = &value
		case name == "Content-Language":
			in.ContentLanguage = &value
		case name == "Cache-Control":
			in.CacheControl = &value
		case name == "X-Amz-Tagging":
			in.Tagging = &value
		case strings.HasPrefix(name, "X-Amz-Meta-"):
			in.Metadata[strings.TrimPrefix(name, "X-Amz-Meta-")] = value
		default:
			return fmt.Errorf("header %s cannot be put", name)
		}
	}
	_, err := r.client.PutObject(ctx, in)
	return err
}

func (r rough) Fetch(ctx context.Context, key string) (http.Header, error) {
	signed, err := s3.NewPresignClient(r.client, s3.WithPresignExpires(time.Minute)).
		PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &r.name, Key: &key})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, signed.URL, nil)
	if err != nil {
		return nil, errors.New("the URL cannot be parsed")
	}
	t := &http.Transport{DisableKeepAlives: true}
	res, err := t.RoundTrip(req)
	if err != nil {
		return nil, errors.New("the URL cannot be fetched")
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch: HTTP %d", res.StatusCode)
	}
	return res.Header, nil
}

func (r rough) Begin(ctx context.Context, key string) error {
	_, err := r.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &r.name, Key: &key})
	return err
}

func (r rough) Delete(ctx context.Context, key string) error {
	_, err := r.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &r.name, Key: &key})
	return err
}
