package config

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// profiles writes the SDK's configuration file, with an access key a profile.
func profiles(t *testing.T, names ...string) {
	t.Helper()
	text := ""
	for _, name := range names {
		text += "[profile " + name + "]\naws_access_key_id = key-of-" + name + "\naws_secret_access_key = secret-of-" + name + "\n"
	}
	file := filepath.Join(t.TempDir(), "aws")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", file)
}

// TestASignersProfileIsItsOwn: where the worker's credentials are given by
// variables, which the SDK otherwise puts first, a signer that names a profile
// signs with that. Signing as the worker instead would hand out URLs of an
// identity that may do much more.
func TestASignersProfileIsItsOwn(t *testing.T) {
	const text = `version: 1
store: s3://acme-docs
exchange: s3://x7k2-9fq4
s3: {region: us-east-2}
signing:
  reader: {credentials: profile, profile: reading}
  writer: {credentials: env, prefix: WRITING}
`
	keys := map[string]string{"WRITING_ACCESS_KEY_ID": "key-of-writing", "WRITING_SECRET_ACCESS_KEY": "secret-of-writing"}
	for name, set := range map[string]map[string]string{
		"a key":           {"AWS_ACCESS_KEY_ID": "key-of-worker", "AWS_SECRET_ACCESS_KEY": "secret-of-worker"},
		"a session":       {"AWS_ACCESS_KEY_ID": "key-of-worker", "AWS_SECRET_ACCESS_KEY": "secret-of-worker", "AWS_SESSION_TOKEN": "token"},
		"another profile": {"AWS_PROFILE": "worker"},
	} {
		t.Run(name, func(t *testing.T) {
			noAWS(t)
			profiles(t, "worker", "reading")
			for variable, value := range set {
				t.Setenv(variable, value)
			}
			variables := maps.Clone(keys)
			maps.Copy(variables, set)
			c := must(t, text, variables)
			cfg, err := c.AWS(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p, err := c.Presign(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			worker, errW := cfg.Credentials.Retrieve(t.Context())
			reader, errR := p.Reader.Credentials.Retrieve(t.Context())
			writer, errP := p.Writer.Credentials.Retrieve(t.Context())
			got := [3]string{worker.AccessKeyID, reader.AccessKeyID, writer.AccessKeyID}
			if want := [3]string{"key-of-worker", "key-of-reading", "key-of-writing"}; got != want {
				t.Errorf("worker, reader and writer are %v, want %v (%v, %v, %v)", got, want, errW, errR, errP)
			}
			if reader.SessionToken != "" {
				t.Error("the reader's key comes with the worker's session")
			}
		})
	}
}

// TestAProfileThatIsNotThereIsNobody: not the worker, who would be next.
func TestAProfileThatIsNotThereIsNobody(t *testing.T) {
	noAWS(t)
	profiles(t, "other")
	t.Setenv("AWS_ACCESS_KEY_ID", "key-of-worker")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret-of-worker")
	c := must(t, "version: 1\nexchange: s3://x7k2-9fq4\ns3: {region: us-east-2}\nsigning: {reader: {credentials: profile, profile: missing}}\n", nil)
	cfg, err := c.AWS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p, err := c.Presign(t.Context(), cfg); err == nil {
		got, _ := p.Reader.Credentials.Retrieve(t.Context())
		t.Errorf("a reader whose profile is missing signs as %q", got.AccessKeyID)
	}
}
