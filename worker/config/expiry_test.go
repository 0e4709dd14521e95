package config

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/zdrworker/zdrworker/presign"
)

func TestExpiryOfTheFirst(t *testing.T) {
	ends := func(at int64) aws.CredentialsProvider {
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{CanExpire: at != 0, Expires: time.Unix(at, 0)}, nil
		})
	}
	for _, tt := range []struct {
		name           string
		reader, writer int64
		want           string
	}{
		{"the earlier", 7200, 3600, " 3600\n"},
		{"one ends", 0, 3600, " 3600\n"},
		{"none ends", 0, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := presign.Config{Reader: presign.Identity{Credentials: ends(tt.reader)}, Writer: presign.Identity{Credentials: ends(tt.writer)}}
			registry := prometheus.NewRegistry()
			if err := watchExpiry(&c, registry); err != nil {
				t.Fatal(err)
			}
			for _, p := range []aws.CredentialsProvider{c.Reader.Credentials, c.Writer.Credentials} {
				if _, err := p.Retrieve(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			want := ""
			if tt.want != "" {
				const name = "zdrworker_credentials_expiry_timestamp_seconds"
				want = "# HELP " + name + " When the first of the signers' credentials ends; absent where they do not.\n# TYPE " + name + " gauge\n" + name + tt.want
			}
			if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
				t.Error(err)
			}
		})
	}
}
