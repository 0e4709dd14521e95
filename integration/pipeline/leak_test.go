package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

// marked is a document, its name and its schema with sentinels everywhere, in
// sets that differ in where they may be.
type marked struct {
	content *zdrtest.Sentinels // text of documents, and digests of whole ones
	names   *zdrtest.Sentinels // keys, the store bucket, what the owner wrote beside the document
	schema  *zdrtest.Sentinels // values in the schema: it goes to the provider
	key     *zdrtest.Sentinels // the API key

	good, failing, rejected, missing, unrouted string // keys
	route                                      worker.Route
	header                                     http.Header
	documents                                  map[string][]byte
	secret                                     string // a mark of the content
}

func markEverything(t *testing.T, at place) marked {
	t.Helper()
	m := marked{content: zdrtest.New(t), names: zdrtest.New(t), schema: zdrtest.New(t), key: zdrtest.New(t)}
	m.key.Known("API key", apiKey)
	m.names.Known("store bucket", at.store.Name())
	folder := "inbox/" + m.names.Mark("tenant") + "/invoice/"
	m.good = folder + m.names.Mark("good document") + ".md"
	m.failing = folder + m.names.Mark("failing document") + ".md"
	m.rejected = folder + m.names.Mark("rejected document") + ".md"
	m.missing = folder + m.names.Mark("missing document") + ".md"
	m.unrouted = "elsewhere/" + m.names.Mark("document without route") + ".md"
	m.header = http.Header{}
	m.header.Set("Content-Disposition", `attachment; filename="`+m.names.Mark("disposition")+`"`)
	m.header.Set("X-Amz-Meta-Patient", m.names.Mark("metadata"))
	m.header.Set("X-Amz-Tagging", "patient="+m.names.Mark("tag"))
	m.secret = m.content.Mark("customer")
	m.documents = map[string][]byte{}
	for _, key := range []string{m.good, m.failing, m.rejected, m.unrouted} {
		doc := []byte("# Invoice\n\n**Customer:** " + m.secret + "\n\n**Total:** 12.50\n\n" + m.content.Mark("text") + "\n")
		m.content.Content("a whole document", doc)
		m.documents[key] = doc
	}
	m.route = worker.Route{Name: "invoices", Prefix: "inbox/{tenant}/invoice/", Schema: schema(t, `{"type":"object","properties":{
		"customer":{"type":"string","description":"who pays `+m.schema.Mark("description")+`"},
		"total":{"type":"number","description":"sum","x-alternativeNames":["Total","`+m.schema.Mark("alternative name")+`"]}}}`)}
	return m
}

// nowhere fails for every sentinel of every set in b.
func (m marked) nowhere(t *testing.T, where string, b []byte) {
	t.Helper()
	m.outside(t, where, b)
	m.schema.Assert(t, where, b)
	m.key.Assert(t, where, b)
}

// outside fails for what may not leave the team's own buckets.
func (m marked) outside(t *testing.T, where string, b []byte) {
	t.Helper()
	m.content.Assert(t, where, b)
	m.names.Assert(t, where, b)
}

// TestNothingLeaks runs documents to every kind of end and scans all that the
// run emits for marks, in the encodings and digests that the scan knows.
func TestNothingLeaks(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		temp := t.TempDir()
		t.Setenv("TMPDIR", temp)
		var global zdrtest.Buffer
		log.SetOutput(&global)
		t.Cleanup(func() { log.SetOutput(log.Default().Writer()) })
		m := markEverything(t, at)
		r := newRig(t, at, worker.Routes{m.route}, adetest.Options{})
		r.settings.Attempts = 1
		r.put(m.header, m.documents)
		said := everyEnd(t, r, m)

		m.nowhere(t, "what the run said", said)
		m.nowhere(t, "log", r.log.Bytes())
		m.nowhere(t, "global log", global.Bytes())
		m.nowhere(t, "evidence", r.evidence.JSON(t))
		if signed := []byte("X-Amz-Signature"); bytes.Contains(r.log.Bytes(), signed) || bytes.Contains(said, signed) {
			t.Error("a signature was said")
		}
		if len(r.log.Bytes()) == 0 || len(said) == 0 {
			t.Error("nothing was said, so nothing was looked at")
		}
		for _, s := range []*zdrtest.Sentinels{m.content, m.names, m.schema, m.key} {
			s.AssertDir(t, temp)
		}
		scanProvider(t, r, m)
		scanStore(t, r, m)
		checkExchange(t, r)
	})
}

// everyEnd brings one document to each end, and gives everything that was
// said: outcomes, summaries and errors, in every form that a program prints.
func everyEnd(t *testing.T, r *rig, m marked) []byte {
	t.Helper()
	var said bytes.Buffer
	p := r.pipeline()
	step := func(name, key string, want worker.OutcomeKind, code worker.Code) {
		sum, outcomes, err := r.run(p, key)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o := outcomes[key]
		if o.Kind != want || o.Code != code {
			t.Errorf("%s: got %s %s, want %s %s", name, o.Kind, o.Code, want, code)
		}
		say(&said, sum, o, &o, []worker.Outcome{o}, o.Job)
	}
	step("good", m.good, worker.OutcomeSealed, "")
	r.provider.BreakNext(1, adetest.JobFault{End: adetest.EndFailed, Reason: "cannot read " + m.secret})
	step("failing", m.failing, worker.OutcomeFailed, worker.CodeProviderFailed)
	r.provider.FailNext(adetest.OpCreate, 1, adetest.RequestFault{Status: http.StatusUnprocessableEntity, Body: []byte(`{"detail":"` + m.secret + `"}`)})
	step("rejected", m.rejected, worker.OutcomeFailed, worker.CodeProviderReject)
	step("unrouted", m.unrouted, worker.OutcomeSkipped, worker.CodeNoRoute)
	step("missing", m.missing, worker.OutcomeRefused, worker.CodeSourceGone)
	for _, key := range []string{m.missing, m.unrouted} {
		_, err := p.Put(t.Context(), worker.Document{Key: key})
		_, err2 := p.Find(t.Context(), key)
		if err == nil || err2 == nil {
			t.Error("a document that cannot be taken was taken")
		}
		say(&said, err, err2, errors.Join(err, err2))
	}
	for job, err := range p.Jobs(t.Context(), worker.Filter{}) {
		say(&said, job, err)
	}
	return said.Bytes()
}

// say prints values in the forms that logs and commands use.
func say(to *bytes.Buffer, values ...any) {
	for _, v := range values {
		for _, format := range []string{"%v\n", "%+v\n", "%#v\n", "%s\n", "%q\n", "%x\n"} {
			_, _ = fmt.Fprintf(to, format, v)
		}
	}
}

// scanProvider looks through all that the provider was told. The schema goes
// there by design, and the ETag of what it fetches itself.
func scanProvider(t *testing.T, r *rig, m marked) {
	t.Helper()
	a := r.provider.Account()
	var requests, transfers bytes.Buffer
	for _, q := range a.Requests {
		requests.Write(q.Raw)
		requests.WriteByte('\n')
	}
	for _, f := range append(a.Fetches, a.Puts...) {
		h := f.Header.Clone()
		h.Del("ETag")
		_ = h.Write(&transfers) // a bytes.Buffer takes everything
		transfers.WriteString(f.Path + "\n")
	}
	m.outside(t, "requests to the provider", requests.Bytes())
	m.nowhere(t, "what buckets answered the provider", transfers.Bytes())
	m.schema.AssertFound(t, "requests to the provider", requests.Bytes())
	m.key.AssertFound(t, "requests to the provider", requests.Bytes())
	if a.ContentBytes != 0 || a.HeldBytes != 0 {
		t.Errorf("%d bytes of content in requests, %d held", a.ContentBytes, a.HeldBytes)
	}
}

// scanStore looks through the team's own bucket: marks are where the contract
// says and in no other place.
func scanStore(t *testing.T, r *rig, m marked) {
	t.Helper()
	objects := all(t, r.store)
	seen := map[string]bool{}
	for key, o := range objects {
		area := areaOf(key)
		seen[area] = true
		if strings.HasPrefix(area, "zdr/") {
			m.nowhere(t, "key under "+area, []byte(key))
		}
		switch area {
		case "inbox", "elsewhere":
			m.content.AssertFound(t, "source", o.body)
		case "results":
			m.content.AssertFound(t, "result", o.body)
			m.names.Assert(t, "result", o.body)
			scanDescription(t, m, o)
		case "failures":
			m.nowhere(t, "failure", o.body)
			scanDescription(t, m, o)
		case "zdr/records":
			// An open record says which document it is about, by key and ETag.
			m.schema.Assert(t, "record", o.body)
			m.key.Assert(t, "record", o.body)
			if bytes.Contains(o.body, []byte(m.secret)) {
				t.Error("a record quotes a document")
			}
		case "zdr/texts":
			m.content.AssertFound(t, "provider's text", o.body)
			m.names.Assert(t, "provider's text", o.body)
		case "zdr/schemas":
			m.schema.AssertFound(t, "schema", o.body)
			m.outside(t, "schema", o.body)
		default:
			m.nowhere(t, area, o.body)
		}
	}
	for _, area := range []string{"inbox", "results", "failures", "zdr/records", "zdr/drain", "zdr/texts", "zdr/schemas", "zdr/control"} {
		if !seen[area] {
			t.Errorf("there is nothing under %s to look at", area)
		}
	}
}

// scanDescription scans metadata and content type. Only the source's version
// may lead back to it, which in an unversioned bucket is its ETag.
func scanDescription(t *testing.T, m marked, o object) {
	t.Helper()
	var said bytes.Buffer
	_, _ = fmt.Fprintln(&said, o.ContentType)
	for name, value := range o.Metadata {
		if name != "zdr-source-version" {
			_, _ = fmt.Fprintln(&said, name, value)
		}
	}
	m.nowhere(t, "metadata of an answer", said.Bytes())
}

// areaOf is the first part of a key, under zdr/ the first two.
func areaOf(key string) string {
	parts := strings.SplitN(key, "/", 3)
	if parts[0] == "zdr" && len(parts) > 2 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}
