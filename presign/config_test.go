package presign_test

import (
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/presign"
)

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*presign.Config)
		field  string // must be named
		never  string // must not be quoted
	}{
		{"no bucket", func(c *presign.Config) { c.Bucket = "" }, "Bucket", ""},
		{"upper case", func(c *presign.Config) { c.Bucket = "Acme-Invoices" }, "Bucket", "Acme"},
		{"an ARN", func(c *presign.Config) { c.Bucket = "arn:aws:s3:us-east-1:111122223333:accesspoint/acme" }, "Bucket", "acme"},
		{"a path", func(c *presign.Config) { c.Bucket = "acme/../other" }, "Bucket", "acme"},
		{"two dots", func(c *presign.Config) { c.Bucket = "acme..docs" }, "Bucket", "acme"},
		{"directory bucket", func(c *presign.Config) { c.Bucket = "acme--use1-az4--x-s3" }, "Bucket", "acme"},
		{"no region", func(c *presign.Config) { c.Region = "" }, "Region", ""},
		{"global region", func(c *presign.Config) { c.Region = "aws-global" }, "Region", "aws-global"},
		{"no region at a store", func(c *presign.Config) { c.Region, c.Endpoint = "", "https://acme.example.com" }, "Region", "acme"},
		{"region with a dot", func(c *presign.Config) { c.Region, c.Endpoint = "x.y", "https://acme.example.com" }, "Region", "acme"},
		{"endpoint without scheme", func(c *presign.Config) { c.Endpoint = "acme.example.com:9000" }, "Endpoint", "acme"},
		{"endpoint unparsable", func(c *presign.Config) { c.Endpoint = "https://acme.example.com:port" }, "Endpoint", "acme"},
		{"endpoint in the clear", func(c *presign.Config) { c.Endpoint = "http://acme.example.com" }, "Endpoint", "acme"},
		{"endpoint in the clear by name", func(c *presign.Config) { c.Endpoint = "http://localhost:9000" }, "Endpoint", ":9000"},
		{"endpoint in the clear, private", func(c *presign.Config) { c.Endpoint = "http://10.0.0.7:9000" }, "Endpoint", "10.0.0.7"},
		{"endpoint with a user", func(c *presign.Config) { c.Endpoint = "https://acme:pw@example.com" }, "Endpoint", "acme"},
		{"endpoint with a query", func(c *presign.Config) { c.Endpoint = "https://acme.example.com/?x=1" }, "Endpoint", "acme"},
		{"endpoint with a fragment", func(c *presign.Config) { c.Endpoint = "https://acme.example.com/#x" }, "Endpoint", "acme"},
		{"other scheme", func(c *presign.Config) { c.Endpoint = "ftp://acme.example.com" }, "Endpoint", "acme"},
		{"no reader", func(c *presign.Config) { c.Reader.Credentials = nil }, "Reader", ""},
		{"no writer", func(c *presign.Config) { c.Writer.Credentials = nil }, "Writer", ""},
		{"no depository", func(c *presign.Config) { c.Depository = nil }, "Depository", ""},
		{"prefix without slash", func(c *presign.Config) { c.ReaderPrefix = "acme" }, "ReaderPrefix", "acme"},
		{"prefix is a slash", func(c *presign.Config) { c.WriterPrefix = "/" }, "WriterPrefix", ""},
		{"same prefix", func(c *presign.Config) { c.WriterPrefix = "s/" }, "WriterPrefix", ""},
		{"one prefix inside the other", func(c *presign.Config) { c.WriterPrefix = "s/o/" }, "WriterPrefix", ""},
		{"negative lifetime", func(c *presign.Config) { c.Lifetime.Asked = -time.Second }, "Lifetime.Asked", ""},
		{"negative safety", func(c *presign.Config) { c.Lifetime.Safety = -time.Second }, "Lifetime.Safety", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := config(&depository{}, &vault{id: "R"}, &vault{id: "W"})
			tt.change(&c)
			s, err := presign.New(c)
			if err == nil || s != nil {
				t.Fatal("it is taken")
			}
			if !strings.Contains(err.Error(), "Config."+tt.field) {
				t.Errorf("%q does not name %s", err, tt.field)
			}
			if tt.never != "" && strings.Contains(err.Error(), tt.never) {
				t.Errorf("%q quotes what was given", err)
			}
		})
	}
}

func TestNewRetrievesNothing(t *testing.T) {
	reader, writer := &vault{id: "R"}, &vault{id: "W"}
	newSigner(t, config(&depository{}, reader, writer))
	if reader.asked+writer.asked != 0 {
		t.Error("credentials were retrieved")
	}
}
