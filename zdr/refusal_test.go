package zdr_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

// trial is one request and what it says it is about. The edits of a test make
// the good one bad.
type trial struct {
	*bench
	req    *http.Request
	about  zdr.Call
	fields map[string]string
	other  *wire // a second listener, for other hosts
}

// refusals is every rule against the forbidden thing itself. Each starts from a
// create that would be let out.
var refusals = []struct {
	name string
	rule string
	edit func(*trial)
}{
	{"unknown operation", zdr.RuleOperation, func(x *trial) { x.about.Operation = "extract.delete" }},
	{"parse jobs", zdr.RulePath, func(x *trial) { x.about.Operation = zdr.ParseCreate }},
	{"a call that is answered with content", zdr.RuleOperation, func(x *trial) { x.about.Operation = zdr.ParseSync }},
	{"document_url of an extraction", zdr.RuleField, func(x *trial) { x.field("document_url", x.get) }},
	{"no operation", zdr.RuleOperation, func(x *trial) { x.about = zdr.Call{} }},
	{"no URL", zdr.RuleOperation, func(x *trial) { x.req.URL = nil }},
	{"no ref", zdr.RuleReference, func(x *trial) { x.about.Ref = "" }},
	{"a name as ref", zdr.RuleReference, func(x *trial) { x.about.Ref = "inbox/a.pdf" }},
	{"no attempt", zdr.RuleReference, func(x *trial) { x.about.Attempt = 0 }},

	{"put", zdr.RuleMethod, func(x *trial) { x.req.Method = "PUT" }},
	{"no method", zdr.RuleMethod, func(x *trial) { x.req.Method = "" }},
	{"lower-case method", zdr.RuleMethod, func(x *trial) { x.req.Method = "post" }},

	{"another host", zdr.RuleHost, func(x *trial) { x.req.URL.Host = x.other.Listener.Addr().String() }},
	{"another host by name", zdr.RuleHost, func(x *trial) { x.req.URL.Host = "localhost:" + x.req.URL.Port() }},
	{"another host header", zdr.RuleHost, func(x *trial) { x.req.Host = "api.va.landing.ai" }},
	{"another scheme", zdr.RuleHost, func(x *trial) { x.req.URL.Scheme = "https" }},
	{"userinfo", zdr.RuleHost, func(x *trial) { x.req.URL.User = url.UserPassword("content", "here") }},
	{"opaque target", zdr.RuleHost, func(x *trial) { x.req.URL.Opaque = "//" + x.other.Listener.Addr().String() + jobs }},
	{"omitted host", zdr.RuleHost, func(x *trial) { x.req.URL.OmitHost = true }},

	{"sync extract", zdr.RulePath, func(x *trial) { x.req.URL.Path = "/v1/ade/extract" }},
	{"longer path", zdr.RulePath, func(x *trial) { x.req.URL.Path += "/" }},
	{"dots", zdr.RulePath, func(x *trial) { x.req.URL.Path = "/v1/ade/../ade/extract/jobs" }},
	{"encoded path", zdr.RulePath, func(x *trial) { x.req.URL.RawPath = "/v1/ade/extract%2Fjobs" }},
	{"fragment", zdr.RulePath, func(x *trial) { x.req.URL.Fragment = "content" }},

	{"query", zdr.RuleQuery, func(x *trial) { x.req.URL.RawQuery = "markdown=content" }},
	{"bare question mark", zdr.RuleQuery, func(x *trial) { x.req.URL.ForceQuery = true }},
	{"broken query", zdr.RuleQuery, func(x *trial) { x.req.URL.RawQuery = "%zz;" }},

	{"Idempotency-Key", zdr.RuleHeader, func(x *trial) { x.req.Header.Set("Idempotency-Key", "1") }},
	{"X-Idempotency-Key", zdr.RuleHeader, func(x *trial) { x.req.Header.Set("X-Idempotency-Key", "1") }},
	{"own header", zdr.RuleHeader, func(x *trial) { x.req.Header.Set("X-Document", "content") }},
	{"header in other letters", zdr.RuleHeader, func(x *trial) { x.req.Header["authorization"] = []string{testKey} }},
	{"cookie", zdr.RuleHeader, func(x *trial) { x.req.AddCookie(&http.Cookie{Name: "a", Value: "content"}) }},
	{"upgrade", zdr.RuleHeader, func(x *trial) { x.req.Header.Set("Upgrade", "h2c") }},
	{"expect", zdr.RuleHeader, func(x *trial) { x.req.Header.Set("Expect", "100-continue") }},
	{"doubled header", zdr.RuleHeader, func(x *trial) { x.req.Header.Add("Accept", "text/plain") }},
	{"header without value", zdr.RuleHeader, func(x *trial) { x.req.Header["Accept"] = nil }},
	{"another content type", zdr.RuleHeader, func(x *trial) { x.req.Header.Set("Content-Type", "application/json") }},
	{"another boundary", zdr.RuleHeader, func(x *trial) { x.req.Header.Set("Content-Type", "multipart/form-data; boundary=content") }},
	{"boundary*", zdr.RuleHeader, func(x *trial) {
		x.req.Header.Set("Content-Type", x.req.Header.Get("Content-Type")+"; boundary*=utf-8''content")
	}},

	{"no key", zdr.RuleAuthorization, func(x *trial) { x.req.Header.Del("Authorization") }},
	{"basic", zdr.RuleAuthorization, func(x *trial) { x.req.SetBasicAuth("content", "here") }},
	{"empty bearer", zdr.RuleAuthorization, func(x *trial) { x.req.Header.Set("Authorization", "Bearer ") }},
	{"bearer with words", zdr.RuleAuthorization, func(x *trial) { x.req.Header.Set("Authorization", "Bearer some words") }},
	{"long bearer", zdr.RuleAuthorization, func(x *trial) { x.req.Header.Set("Authorization", "Bearer "+strings.Repeat("a", 513)) }},

	{"trailer", zdr.RuleTransfer, func(x *trial) { x.req.Trailer = http.Header{"X-Content": {"a"}} }},
	{"chunked", zdr.RuleTransfer, func(x *trial) { x.req.TransferEncoding = []string{"chunked"} }},

	{"job of a create", zdr.RuleJob, func(x *trial) { x.about.Job = mustJob(x.t, "job-1") }},

	{"no body", zdr.RuleBody, func(x *trial) { x.req.Body = nil }},
	{"broken body", zdr.RuleBody, func(x *trial) { x.req.Body = io.NopCloser(brokenReader{}) }},
	{"endless body", zdr.RuleBodySize, func(x *trial) { x.req.Body = io.NopCloser(zeros{}) }},

	{"preamble", zdr.RuleCanonical, func(x *trial) { x.rewrite(func(b string) string { return "content\r\n" + b }) }},
	{"epilogue", zdr.RuleCanonical, func(x *trial) { x.rewrite(func(b string) string { return b + "content" }) }},
	{"bare line feeds", zdr.RuleCanonical, func(x *trial) {
		x.rewrite(func(b string) string { return strings.ReplaceAll(b, "\r\n", "\n") })
	}},
	{"part header", zdr.RuleCanonical, func(x *trial) { x.replace("\r\n\r\n", "\r\nX-Content: here\r\n\r\n") }},
	{"file part", zdr.RuleCanonical, func(x *trial) { x.replace(`name="model"`, `name="model"; filename="a.md"`) }},
	{"name*", zdr.RuleCanonical, func(x *trial) { x.replace(`name="model"`, `name="model"; name*=utf-8''markdown`) }},
	{"quoted-printable", zdr.RuleCanonical, func(x *trial) {
		x.replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	}},
	{"second disposition", zdr.RuleCanonical, func(x *trial) {
		x.replace("\r\n\r\n", "\r\nContent-Disposition: form-data; name=\"markdown\"\r\n\r\n")
	}},
	{"other order", zdr.RuleCanonical, func(x *trial) { x.rewrite(swapParts) }},
	{"no end", zdr.RuleCanonical, func(x *trial) { x.rewrite(func(b string) string { return b[:len(b)-4] }) }},
	{"line end in a value", zdr.RuleCanonical, func(x *trial) { x.field("model", "extract\r\nlatest") }},
	{"boundary in a value", zdr.RuleCanonical, func(x *trial) { x.field("model", "a--zdrworker-form-7d1f0c3e5b9a4826b") }},
	{"form of nothing", zdr.RuleCanonical, func(x *trial) { x.rewrite(func(b string) string { return b[strings.LastIndex(b, "--zdr"):] }) }},

	{"markdown inline", zdr.RuleField, func(x *trial) { x.field("markdown", "# content") }},
	{"document inline", zdr.RuleField, func(x *trial) { x.field("document", "content") }},
	{"no markdown_url", zdr.RuleField, func(x *trial) { x.drop("markdown_url") }},
	{"no output_save_url", zdr.RuleField, func(x *trial) { x.drop("output_save_url") }},
	{"no schema", zdr.RuleField, func(x *trial) { x.drop("schema") }},
	{"doubled field", zdr.RuleField, func(x *trial) {
		f := zdr.NewForm()
		for name, value := range x.fields {
			f.Add(name, value)
		}
		f.Add("model", "extract-latest")
		_, body := f.Encode()
		x.body(body)
	}},

	{"words as model", zdr.RuleModel, func(x *trial) { x.field("model", "the content of a document") }},
	{"long model", zdr.RuleModel, func(x *trial) { x.field("model", strings.Repeat("a", 65)) }},
	{"empty model", zdr.RuleModel, func(x *trial) { x.field("model", "") }},
	{"strict words", zdr.RuleStrict, func(x *trial) { x.field("strict", "yes") }},

	{"schema with spaces", zdr.RuleSchemaForm, func(x *trial) { x.field("schema", string(x.schema.Canonical())+" ") }},
	{"schema with doubled names", zdr.RuleSchemaForm, func(x *trial) {
		x.field("schema", `{"properties":{"a":{}},"type":"object","type":"object"}`)
	}},
	{"content as schema", zdr.RuleSchemaForm, func(x *trial) { x.field("schema", "# content") }},
	{"schema not approved", zdr.RuleSchema, func(x *trial) {
		x.field("schema", string(mustSchema(x.t, `{"type":"object","properties":{"b":{}}}`).Canonical()))
	}},

	{"https to the world in development", zdr.RuleURL, func(x *trial) { x.field("markdown_url", "https://bucket.s3.us-east-2.amazonaws.com/s/a.md?X=1") }},
	{"a name for loopback", zdr.RuleURL, func(x *trial) { x.field("markdown_url", strings.Replace(x.get, "127.0.0.1", "localhost", 1)) }},
	{"url with userinfo", zdr.RuleURL, func(x *trial) { x.field("markdown_url", strings.Replace(x.get, "//", "//content@", 1)) }},
	{"url with fragment", zdr.RuleURL, func(x *trial) { x.field("markdown_url", x.get+"#content") }},
	{"url with dots", zdr.RuleURL, func(x *trial) { x.field("output_save_url", strings.Replace(x.put, "/o/", "/s/../o/", 1)) }},
	{"url in another spelling", zdr.RuleURL, func(x *trial) { x.field("markdown_url", strings.Replace(x.get, "/s/", "/s s/", 1)) }},
	{"data url", zdr.RuleURL, func(x *trial) { x.field("markdown_url", "data:text/markdown,content") }},
	{"long url", zdr.RuleURL, func(x *trial) { x.field("markdown_url", x.get+strings.Repeat("a", 8<<10)) }},
	{"url of nothing", zdr.RuleURL, func(x *trial) { x.field("markdown_url", "") }},

	{"url nobody signed", zdr.RuleCapability, func(x *trial) { x.field("markdown_url", x.get+"&a=1") }},
	{"outbox as markdown", zdr.RuleCapability, func(x *trial) { x.field("markdown_url", x.put) }},
	{"staging as outbox", zdr.RuleCapability, func(x *trial) { x.field("output_save_url", x.get) }},
	{"another job's urls", zdr.RuleCapability, func(x *trial) { x.about.Ref = "0000" }},
	{"another attempt's urls", zdr.RuleCapability, func(x *trial) { x.about.Attempt = 2 }},
}

func TestRefusals(t *testing.T) {
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			x := newTrial(t)
			test.edit(x)
			reply, err := x.guard.Do(t.Context(), x.req, x.about)
			if got := refusedBy(err); got != test.rule || reply != nil {
				t.Errorf("got rule %q (%v) and reply %v, want rule %q", got, err, reply != nil, test.rule)
			}
			x.wire.sawNothing(t)
			x.other.sawNothing(t)
			x.checkRecorded(test.rule)
		})
	}
}

func newTrial(t *testing.T) *trial {
	b := newBench(t, says(202, `{"job_id":"job-1"}`))
	b.deposit()
	x := &trial{bench: b, fields: b.fields(), about: createCall(), other: newWire(t, nil)}
	x.req = b.createRequest(x.fields)
	return x
}

// The trial that nothing was done to goes out: the refusals are due to what was
// done.
func TestTrialGoesOut(t *testing.T) {
	x := newTrial(t)
	if _, err := x.guard.Do(t.Context(), x.req, x.about); err != nil {
		t.Fatal(err)
	}
	if n := len(x.wire.arrivals()); n != 1 {
		t.Errorf("%d requests arrived, want 1", n)
	}
}

// Every rule is seen to refuse something.
func TestRefusalsCoverAllRules(t *testing.T) {
	elsewhere := []string{
		zdr.RuleURLPrefix, // TestOutboxOutsideThePrefixes
		zdr.RuleExpired,   // TestExpiredGrant
		zdr.RuleGrant,     // TestDepositRefuses
		zdr.RuleAddress,   // TestDialAddresses
		zdr.RuleSyncCalls, // TestSyncCallsAreRefusedByDefault
	}
	for _, rule := range zdr.Rules() {
		covered := slices.Contains(elsewhere, rule)
		for _, r := range refusals {
			covered = covered || r.rule == rule
		}
		for _, r := range parseRefusals {
			covered = covered || r.rule == rule
		}
		if !covered {
			t.Errorf("no test sends what rule %q forbids", rule)
		}
	}
}

func (x *trial) checkRecorded(rule string) {
	x.t.Helper()
	refused := x.journal.of(zdr.KindRefused)
	if len(refused) != 1 || refused[0].Rule != rule {
		x.t.Errorf("recorded %v, want one refusal by %q", refused, rule)
	}
	if n := len(x.journal.of(zdr.KindIntent)); n != 0 {
		x.t.Errorf("recorded %d intents of a refused request", n)
	}
}

func (x *trial) body(b []byte) { x.req.Body = io.NopCloser(bytes.NewReader(b)) }

// field sends another value; the form itself stays canonical.
func (x *trial) field(name, value string) {
	x.fields[name] = value
	x.req = x.createRequest(x.fields)
}

func (x *trial) drop(name string) {
	fields := maps.Clone(x.fields)
	delete(fields, name)
	x.req = x.createRequest(fields)
}

// rewrite sends other bytes under the same content type.
func (x *trial) rewrite(f func(string) string) {
	b, err := io.ReadAll(x.req.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	changed := f(string(b))
	if changed == string(b) {
		x.t.Fatal("the edit changed nothing")
	}
	x.body([]byte(changed))
}

func (x *trial) replace(old, now string) {
	x.rewrite(func(b string) string { return strings.Replace(b, old, now, 1) })
}

// swapParts exchanges the first two parts.
func swapParts(b string) string {
	boundary, _, _ := strings.Cut(b, "\r\n")
	parts := strings.Split(b, boundary)
	parts[1], parts[2] = parts[2], parts[1]
	return strings.Join(parts, boundary)
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// Reads are held to their own forms.
func TestRefusalsOfReads(t *testing.T) {
	job := mustJob(t, "job-1")
	get := func(b *bench, target string) (*http.Request, zdr.Call) {
		return b.request("GET", target, nil), zdr.Call{Operation: zdr.ExtractGet, Ref: testRef, Job: job}
	}
	list := func(b *bench, query string) (*http.Request, zdr.Call) {
		return b.request("GET", jobs+query, nil), zdr.Call{Operation: zdr.ExtractList}
	}
	for _, test := range []struct {
		name string
		rule string
		make func(*bench) (*http.Request, zdr.Call)
	}{
		{"another job", zdr.RulePath, func(b *bench) (*http.Request, zdr.Call) { return get(b, jobs+"/job-2") }},
		{"no job in the path", zdr.RulePath, func(b *bench) (*http.Request, zdr.Call) { return get(b, jobs) }},
		{"no job in the call", zdr.RuleJob, func(b *bench) (*http.Request, zdr.Call) {
			r, c := get(b, jobs+"/job-1")
			c.Job = zdr.JobID{}
			return r, c
		}},
		{"query of a get", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return get(b, jobs+"/job-1?a=content") }},
		{"body of a get", zdr.RuleBody, func(b *bench) (*http.Request, zdr.Call) {
			r, c := get(b, jobs+"/job-1")
			r.Body = io.NopCloser(strings.NewReader("content"))
			return r, c
		}},
		{"content type of a get", zdr.RuleHeader, func(b *bench) (*http.Request, zdr.Call) {
			r, c := get(b, jobs+"/job-1")
			r.Header.Set("Content-Type", "text/content")
			return r, c
		}},
		{"job of a list", zdr.RuleJob, func(b *bench) (*http.Request, zdr.Call) {
			r, c := list(b, "")
			c.Job = job
			return r, c
		}},
		{"unknown parameter", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return list(b, "?name=content") }},
		{"page size 0", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return list(b, "?pageSize=0") }},
		{"page size 101", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return list(b, "?pageSize=101") }},
		{"page in other digits", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return list(b, "?page=007") }},
		{"negative page", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return list(b, "?page=-1") }},
		{"unknown status", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return list(b, "?status=content") }},
		{"doubled parameter", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return list(b, "?page=1&page=2") }},
		{"other order", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return list(b, "?pageSize=10&page=1") }},
		{"other spelling", zdr.RuleQuery, func(b *bench) (*http.Request, zdr.Call) { return list(b, "?p%61ge=1") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, nil)
			req, about := test.make(b)
			_, err := b.guard.Do(t.Context(), req, about)
			if got := refusedBy(err); got != test.rule {
				t.Errorf("got rule %q (%v), want %q", got, err, test.rule)
			}
			b.wire.sawNothing(t)
		})
	}
}

// Nothing of a refused request is in its error or in the record.
func TestRefusalQuotesNothing(t *testing.T) {
	x := newTrial(t)
	x.about.Ref = "inbox/secret.pdf"
	x.about.Operation = "secret"
	x.req.Header.Set("X-Secret", "secret")
	_, err := x.guard.Do(t.Context(), x.req, x.about)
	entry := x.journal.of(zdr.KindRefused)[0]
	if strings.Contains(err.Error(), "secret") || entry.Ref != "" || entry.Operation != "" {
		t.Errorf("got %q and %+v, want nothing of the request", err, entry)
	}
}
