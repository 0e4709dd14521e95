package presign

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/zdr"
)

type nothing struct{}

func (nothing) Deposit(context.Context, zdr.Grant) error { return nil }

// Credentials, bucket and endpoint do not print; nor does a Signer that sits
// in an unexported field.
func TestConfigAndSignerDoNotPrint(t *testing.T) {
	keys := Identity{Credentials: credentials.NewStaticCredentialsProvider("AKIDMARK", "mark-secret", "mark-token")}
	c := Config{
		Bucket: "mark-bucket", Region: "us-east-2", Endpoint: "https://mark.example.com",
		Reader: keys, Writer: keys, Depository: nothing{},
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	held := struct{ s *Signer }{s}
	for name, v := range map[string]any{
		"identity": keys, "config": c, "pointer": &c, "exported": struct{ C Config }{c}, "signer": s, "held": held, "held by pointer": &held,
	} {
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		out.WriteString(logged(v, func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }))
		out.WriteString(logged(v, func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) }))
		out.WriteString(marshalled(v))
		if text := strings.ToLower(out.String()); strings.Contains(text, "mark") || strings.Contains(text, "6d61726b") {
			t.Errorf("%s prints what it holds", name)
		}
	}
}

// A guard is a depository.
var _ Depository = (*zdr.Guard)(nil)
