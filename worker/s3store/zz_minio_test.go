package s3store_test

import (
	"context"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/storetest"
)

func TestMinio(t *testing.T) {
	ep := os.Getenv("MINIO_EP")
	if ep == "" {
		t.Skip("no minio")
	}
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &ep, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "minioroot", SecretAccessKey: "minioroot123"}, nil
	})}
	for name, v := range map[string]bool{"plain": false, "versioned": true} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Target {
				mk := func(n string) *s3store.Store {
					s, err := s3store.Open(t.Context(), cfg, "s3://"+n+"-"+name)
					if err != nil {
						t.Fatal(err)
					}
					if err := s.EnsureBucket(t.Context()); err != nil {
						t.Fatal(err)
					}
					if v {
						if err := s.EnableVersioning(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					p, err := s.Properties(t.Context())
					t.Log(p, err)
					return s
				}
				a, b := mk("alpha"), mk("beta")
				return storetest.Target{Store: a, Other: b, Versioned: v, Rough: storetest.S3(a.Client(), a.Name()), Differs: minioDiffers}
			})
		})
	}
}

var minioDiffers = storetest.MinIO()
