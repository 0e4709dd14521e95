package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// load reads text as a file, with variables and flags.
func load(t *testing.T, text string, variables, flags map[string]string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "z.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(Options{File: path, Flags: flags, Lookup: func(name string) (string, bool) {
		v, ok := variables[name]
		return v, ok
	}})
}

func TestTheContractsFileIsRead(t *testing.T) {
	c, err := load(t, `
version: 1
store: s3://acme-docs
exchange: s3://x7k2-9fq4
ledger: s3://acme-zdr-ledger
provider:
  region: us
  api_key_file: /run/secrets/ade/key
signing:
  lifetime: 6h
  reader: {credentials: web-identity, role: "arn:aws:iam::111122223333:role/r", token_file: /t}
  writer: {credentials: web-identity, role: "arn:aws:iam::111122223333:role/w", token_file: /t}
policy:
  residency: same-region
  max_url_lifetime: 12h
  sync_calls: deny
  schemas: [sha256:`+strings.Repeat("a", 64)+`]
budget: {credits_per_day: 160000, credits_per_run: 50000.5}
defaults: {model: extract-20260314, on_change: new-documents, on_uncertain: wait, partial: accept}
routes:
  - name: invoices
    match: {prefix: "inbox/{tenant}/invoices/", suffix: [.pdf, .png, .md]}
    schema: schemas/invoice.json
    revision: 3
  - name: lab-reports
    match: {prefix: "clinic/lab/", suffix: [.md]}
    schema: s3://acme-schemas/lab-report.json
    strict: true
`, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store != "s3://acme-docs" || c.Signing.Lifetime != 6*time.Hour || c.Signing.Writer.Role != "arn:aws:iam::111122223333:role/w" {
		t.Errorf("read %+v", c)
	}
	if c.Budget != (Budget{CreditsPerDay: 160000, CreditsPerRun: 50000.5, ConfirmOver: 1000}) {
		t.Errorf("budget %+v", c.Budget)
	}
	r := c.Routes[0]
	if r.Prefix != "inbox/{tenant}/invoices/" || r.Revision != 3 || !slices.Equal(r.Suffix, []string{".pdf", ".png", ".md"}) {
		t.Errorf("first route %+v", r)
	}
	r = c.Routes[1]
	if r.Revision != 1 || r.Model != "extract-20260314" || !r.Strict || r.Partial != "accept" {
		t.Errorf("second route %+v, want defaults filled in", r)
	}
}

func TestOrderOfPlaces(t *testing.T) {
	const file = "version: 1\nstore: s3://from-file\n"
	for _, tt := range []struct {
		name, file       string
		variables, flags map[string]string
		want, origin     string
	}{
		{"default", "version: 1\n", nil, nil, "", "default"},
		{"file", file, nil, nil, "s3://from-file", "z.yaml:2:1"},
		{"variable over file", file, map[string]string{"ZDRWORKER_STORE": "s3://from-variable"}, nil, "s3://from-variable", "variable ZDRWORKER_STORE"},
		{"empty variable is none", file, map[string]string{"ZDRWORKER_STORE": ""}, nil, "s3://from-file", "z.yaml:2:1"},
		{"flag over variable", file, map[string]string{"ZDRWORKER_STORE": "s3://from-variable"}, map[string]string{"store": "s3://from-flag"}, "s3://from-flag", "flag --store"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := load(t, tt.file, tt.variables, tt.flags)
			if err != nil {
				t.Fatal(err)
			}
			origin := filepath.Base(c.Origin("store").String())
			if c.Store != tt.want || origin != tt.origin {
				t.Errorf("store = %q from %q, want %q from %q", c.Store, origin, tt.want, tt.origin)
			}
		})
	}
}

func TestVariablesOfOthersFillInOnly(t *testing.T) {
	variables := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9", "LANDINGAI_ADE_BASE_URL": "http://127.0.0.1:8"}
	c, err := load(t, "version: 1\ns3: {region: us-east-2}\n", variables, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.S3.Region != "us-east-2" || c.S3.Endpoint != "http://127.0.0.1:9" || c.Provider.BaseURL != "http://127.0.0.1:8" {
		t.Errorf("read %+v %+v", c.S3, c.Provider)
	}
}

func TestValuesTakeVariables(t *testing.T) {
	c, err := load(t, "version: 1\nstore: s3://${TEAM}-docs\nexchange: ${X:s3://other}\ndefaults: {model: '$${TEAM}'}\n",
		map[string]string{"TEAM": "acme", "X": ""}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store != "s3://acme-docs" || c.Exchange != "s3://other" || c.Defaults.Model != "${TEAM}" {
		t.Errorf("read %q %q %q", c.Store, c.Exchange, c.Defaults.Model)
	}
}

func TestMistakes(t *testing.T) {
	const secret = "do-not-quote-me"
	for _, tt := range []struct{ name, file, where, key, text, hint string }{
		{"unknown key", "version: 1\npollicy: {}\n", ":2:1", "pollicy", "unknown key", "did you mean policy?"},
		{"unknown nested key", "version: 1\npolicy:\n  shemas: []\n", ":3:3", "policy.shemas", "unknown key", "did you mean policy.schemas?"},
		{"swapped letters", "version: 1\nsigning: {lifeitme: 1h}\n", ":2:11", "signing.lifeitme", "unknown key", "did you mean signing.lifetime?"},
		{"nothing near", "version: 1\nqqqqqqqq: 1\n", ":2:1", "qqqqqqqq", "unknown key", "`zdrworker config schema` lists the keys"},
		{"unknown key of a route", "version: 1\nroutes:\n  - nmae: a\n", ":3:5", "routes.nmae", "unknown key", "did you mean routes.name?"},
		{"no amount", "version: 1\nbudget: {credits_per_day: " + secret + "}\n", ":2:27", "budget.credits_per_day", "a number is wanted", ""},
		{"negative amount", "version: 1\nbudget: {credits_per_run: -1}\n", ":2:27", "budget.credits_per_run", "a number of credits from 0 is wanted", ""},
		{"no number", "version: 1\nbudget: {confirm_over: NaN}\n", ":2:24", "budget.confirm_over", "a number of credits from 0 is wanted", ""},
		{"kept by the lifecycle", "version: 1\nkeep: {failures: 30d}\n", ":2:8", "keep.failures", "is nothing that this program does", "let the bucket's lifecycle expire failures/: a sweep could take away what was written a moment ago"},
		{"kept for ever", "version: 1\nkeep: {parsed: 90d, closed: 2y}\n", ":2:21", "keep.closed", "is nothing that this program does", refused["keep.closed"]},
		{"kept versions", "version: 1\nkeep: {history: 3}\n", ":2:8", "keep.history", "is nothing that this program does", refused["keep.history"]},
		{"years", "version: 1\nkeep: {parsed: 2y}\n", ":2:16", "keep.parsed", "a time such as 90s, 30m, 6h or 90d is wanted", ""},
		{"password in the file", "version: 1\nroutes: [{name: a, schema: s.json, parse: {password: " + secret + "}}]\n", ":2:54", "routes.parse.password", "env:NAME or file:PATH is wanted, never the password itself", ""},
		{"secret", "version: 1\nprovider: {api_key: " + secret + "}\n", ":2:12", "provider.api_key", "secrets do not belong into the file", ""},
		{"a bucket's name in capitals", "version: 1\nstore: s3://" + strings.ToUpper(secret) + "\n", ":2:8", "store", "the bucket's name is not 3 to 63 of a-z, 0-9, . and -", ""},
		{"a bucket with a prefix", "version: 1\nstore: s3://acme/" + secret + "\n", ":2:8", "store", "s3://bucket is wanted, without a prefix", ""},
		{"wrong bucket", "version: 1\nstore: " + secret + "\n", ":2:8", "store", "s3://bucket is wanted, without a prefix", ""},
		{"closed set", "version: 1\nprovider: {region: " + secret + "}\n", ":2:20", "provider.region", "one of us, eu is wanted", ""},
		{"boolean", "version: 1\ns3: {path_style: " + secret + "}\n", ":2:18", "s3.path_style", "true or false is wanted", ""},
		{"time", "version: 1\nsigning: {lifetime: " + secret + "}\n", ":2:21", "signing.lifetime", "a time such as 90s, 30m, 6h or 90d is wanted", ""},
		{"negative time", "version: 1\nsigning: {lifetime: -1h}\n", ":2:21", "signing.lifetime", "a time above zero is wanted", ""},
		{"number", "version: 1\nroutes: [{name: a, schema: b, revision: x}]\n", ":2:41", "routes.revision", "a whole number is wanted", ""},
		{"other version", "version: 2\n", ":1:10", "version", "this zdrworker reads version 1", ""},
		{"no version", "store: s3://acme-docs\n", "", "version", "is missing", "begin the file with version: 1"},
		{"no value", "version: 1\nstore:\n", ":2:1", "store", "a value is wanted", ""},
		{"section for a value", "version: 1\nstore: {a: b}\n", ":2:8", "store", "a plain value is wanted", ""},
		{"value for a section", "version: 1\npolicy: " + secret + "\n", ":2:9", "policy", "key: value lines are wanted", ""},
		{"alias", "version: 1\nstore: &a s3://acme-docs\nexchange: *a\n", ":2:8", "store", "a plain value is wanted", ""},
		{"same key twice", "version: 1\nstore: s3://" + secret + "\nstore: s3://acme-docs\n", ":3:1", "", "not YAML: mapping key store already defined at [2:1]", ""},
		{"no YAML", "version: 1\n  store: [\n", ":1:10", "", "not YAML: ", ""},
		{"two documents", "version: 1\n---\nversion: 1\n", "", "", "only one YAML document is read", ""},
		{"variable not set", "version: 1\nstore: s3://${NOPE}\n", ":2:8", "store", "variable NOPE is not set and has no default", ""},
		{"half a variable", "version: 1\nstore: s3://${NOPE\n", ":2:8", "store", "${ without a name and }; write $${ for the two characters", ""},
		{"userinfo", "version: 1\ns3: {endpoint: 'https://a:" + secret + "@b'}\n", ":2:16", "s3.endpoint", "a URL with a user name or password is refused", ""},
		{"digest", "version: 1\npolicy: {schemas: [" + secret + "]}\n", ":2:19", "policy.schemas", "sha256: and 64 hexadecimal digits are wanted", ""},
		{"route without schema", "version: 1\nroutes: [{name: a}]\n", ":2:10", "routes.schema", "is missing", ""},
		{"one bucket for two", "version: 1\nstore: s3://acme-docs\nexchange: s3://acme-docs/\n", ":3:1", "exchange", "is the same bucket as store", ""},
		{"lifetime over policy", "version: 1\nsigning: {lifetime: 24h}\n", ":2:11", "signing.lifetime", "is longer than policy.max_url_lifetime allows", ""},
		{"no role", "version: 1\nsigning: {reader: {credentials: assume-role}}\n", "", "signing.reader.role", "is required with credentials: assume-role", ""},
		{"env without prefix", "version: 1\nsigning: {writer: {credentials: env}}\n", "", "signing.writer.prefix", "is required with credentials: env", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.file, nil, nil)
			all, ok := errors.AsType[Errors](err)
			if !ok {
				t.Fatalf("err = %v, want Errors", err)
			}
			e := all[0]
			if !strings.HasSuffix(e.Where, tt.where) || e.Key != tt.key || !strings.HasPrefix(e.Text, tt.text) {
				t.Errorf("got %q %q %q, want …%q %q %q", e.Where, e.Key, e.Text, tt.where, tt.key, tt.text)
			}
			if tt.hint != "" && e.Hint != tt.hint {
				t.Errorf("hint = %q, want %q", e.Hint, tt.hint)
			}
			if strings.Contains(err.Error()+e.Hint, secret) {
				t.Errorf("the error quotes the value: %v", err)
			}
		})
	}
}

func TestMistakesAreCollected(t *testing.T) {
	_, err := load(t, "version: 1\na: 1\nb: 1\n", map[string]string{"ZDRWORKER_STORE": "x"}, map[string]string{"s3.path_style": "maybe"})
	all, _ := errors.AsType[Errors](err)
	var where []string
	for _, e := range all {
		where = append(where, filepath.Base(e.Where))
	}
	want := []string{"z.yaml:2:1", "z.yaml:3:1", "variable ZDRWORKER_STORE", "flag --s3-path-style"}
	if !slices.Equal(where, want) {
		t.Errorf("mistakes at %q, want %q", where, want)
	}
	if !strings.HasSuffix(err.Error(), "(and 3 more)") {
		t.Errorf("one line = %q", err)
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := Load(Options{File: "nope.yaml"}); !errors.Is(err, ErrNoFile) {
		t.Errorf("named: %v, want ErrNoFile", err)
	}
	c, err := Load(Options{})
	if err != nil || c.File != "" || c.Provider.Region != "us" {
		t.Errorf("default: %+v, %v, want defaults", c, err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("version: 1\nstore: s3://acme-docs\n"))
	f.Add([]byte("version: 1\nroutes: [{name: a, match: {prefix: 'a/'}, schema: s.json}]\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add(Example)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &reader{file: "f", lookup: func(string) (string, bool) { return "", false }, config: &Config{origins: map[string]Origin{}}}
		r.read(data)
		for _, e := range r.errs {
			if e.Text == "" || strings.Contains(e.Error(), "\n") {
				t.Errorf("no one-line error: %q", e.Error())
			}
		}
	})
}
