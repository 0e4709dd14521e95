//go:build !nosandbox

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

// marked is a run in which everything that must not leave bears a mark.
type marked struct {
	*bench
	secrets *zdrtest.Sentinels // in texts, names and metadata: nowhere but in the team's bucket
	schema  *zdrtest.Sentinels // in the schema: the provider is told it, and nobody else
	whole   *zdrtest.Sentinels // secrets, with the digests of whole documents
}

// mark makes a mark that both sets of secrets look for.
func (m *marked) mark(label string) string {
	text := m.secrets.Mark(label)
	m.whole.Known(label, text)
	return text
}

func (m *marked) document(name string) string {
	text := fmt.Sprintf("# %s\n\nInvoice number: %s\n\nCustomer: %s\n", m.mark("title of "+name), m.mark("number of "+name), m.mark("customer of "+name))
	m.whole.Content("document "+name, []byte(text))
	return text
}

func newMarked(t *testing.T) *marked {
	m := &marked{bench: newBench(t), secrets: zdrtest.New(t), schema: zdrtest.New(t), whole: zdrtest.New(t)}
	for _, v := range m.environ {
		if name, value, _ := strings.Cut(v, "="); strings.HasSuffix(name, "SECRET_ACCESS_KEY") || name == "VISION_AGENT_API_KEY" {
			m.whole.Known(name, value)
		}
	}
	write(t, filepath.Join(m.dir, "s.json"), fmt.Sprintf(
		`{"type":"object","properties":{"invoice_number":{"type":"string","description":"%s"},"customer":{"type":"string"},"kind":{"type":"string","enum":["%s"]}}}`,
		m.schema.Mark("description"), m.schema.Mark("enum")))
	return m
}

// TestNothingLeaks runs documents, a wrong key, a provider that fails and words
// of it, wrong arguments and every command about jobs, at the most talkative
// level and into pipes.
func TestNothingLeaks(t *testing.T) {
	m := newMarked(t)
	folder := m.mark("folder")
	write(t, filepath.Join(m.dir, folder, m.mark("file name")+".md"), m.document("file"))
	write(t, filepath.Join(m.dir, folder, m.mark("name of an empty file")+".md"), "")
	write(t, filepath.Join(m.dir, folder, "x."+m.mark("suffix")), m.document("other file"))
	object := "inbox/" + m.mark("object name") + ".md"
	m.put(object, m.document("object"))

	m.run(exitFailed, "run", folder, "s3://sandbox-store/inbox/", "--schema", "s.json", "--output", m.mark("output folder"), "--log-level", "debug")
	m.run(exitFailed, "run", folder, "s3://sandbox-store/inbox/", "--schema", "s.json", "--log-level", "debug", "--json")
	m.reasons()
	m.mistakes(folder)
	for _, args := range [][]string{
		{"jobs", "list", "--all"},
		{"jobs", "list", "--all", "--json"},
		{"jobs", "show", object},
		{"jobs", "show", object, "--json"},
		{"jobs", "explain", "s3://sandbox-store/" + object},
		{"jobs", "explain", object, "--json"},
		{"sweep", "--once", "--all"},
		{"breaker", "show"},
	} {
		m.run(exitOK, append(args, "--log-level", "debug")...)
	}

	m.whole.Assert(t, "output of the commands", m.said.Bytes())
	m.schema.Assert(t, "output of the commands", m.said.Bytes())
	m.whole.AssertDir(t, m.tmp)
	m.schema.AssertDir(t, m.tmp)
	m.heard()
	m.buckets()
}

// put writes a document with marked metadata into the team's bucket.
func (m *marked) put(key, text string) {
	m.t.Helper()
	_, err := m.store(sandbox.StoreBucket).Put(m.t.Context(), key, strings.NewReader(text), bucket.PutOptions{
		ContentType: "text/" + strings.ToLower(m.mark("content type")), Metadata: map[string]string{"patient": m.mark("metadata")},
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *marked) store(name string) *s3store.Store {
	m.t.Helper()
	s, err := s3store.Open(m.t.Context(), m.box.AWS(), "s3://"+name)
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

// reasons lets a job fail with words that quote the document, and shows them
// where they may be shown.
func (m *marked) reasons() {
	m.t.Helper()
	words := m.mark("the provider's words")
	m.box.Provider().BreakNext(3, adetest.JobFault{End: adetest.EndFailed, Reason: "cannot read " + words})
	key := "inbox/failing/" + m.mark("name of what fails") + ".md"
	m.put(key, m.document("what fails"))
	m.run(exitFailed, "run", "s3://sandbox-store/inbox/failing", "--schema", "s.json", "--log-level", "debug")
	m.run(exitUsage, "jobs", "show", key, "--content")
	before := m.said.Len()
	shown, _ := m.run(exitOK, "jobs", "show", key, "--content", "--show-names")
	m.said.Truncate(before) // a person asked for it
	m.secrets.AssertFound(m.t, "jobs show --content", []byte(shown))
}

// mistakes are arguments that no error may repeat.
func (m *marked) mistakes(folder string) {
	m.t.Helper()
	lost := m.mark("mistake")
	for _, args := range [][]string{
		{lost + ".md"},
		{"run", lost + ".md", "--schema", "s.json"},
		{"run", folder, "--schema", lost + ".json"},
		{"run", folder, "--" + lost},
		{"run", "s3://" + strings.ToLower(lost) + "/x", "--schema", "s.json"},
		{"run", folder, "--schema", "s.json", "--limit", lost},
		{"jobs", "show", lost},
		{"jobs", "show", "s3://" + lost + "/a.md"},
		{"jobs", "list", "--state", lost},
		{"route", "test", lost, lost},
		{"run", "--files-from", lost, "--schema", "s.json"},
		{"run", folder, "--schema", "s.json", "--store", lost},
	} {
		m.run(exitUsage, append(args, "--log-level", "debug")...)
	}
	m.environ = append(m.environ, "VISION_AGENT_API_KEY="+m.mark("a wrong key"))
	m.put("inbox/late/a.md", m.document("late"))
	m.run(exitStopped, "run", "s3://sandbox-store/inbox/late", "--schema", "s.json", "--log-level", "debug")
	m.run(exitOK, "breaker", "release")
	m.environ = m.environ[:len(m.environ)-1]
}

// heard scans all that the provider was told. A wrong key is told it as a key.
func (m *marked) heard() {
	m.t.Helper()
	told := m.box.Provider().Account()
	if len(told.Requests) < 5 || told.ContentBytes != 0 {
		m.t.Errorf("%d requests, %d bytes of content in them", len(told.Requests), told.ContentBytes)
	}
	m.schema.AssertFound(m.t, "requests to the provider", m.box.Provider().Heard())
	for i, r := range told.Requests {
		if r.Status != 401 {
			m.secrets.Assert(m.t, fmt.Sprintf("request %d to the provider", i+1), r.Raw)
		}
	}
	transfers, err := json.Marshal([]any{told.Fetches, told.Puts})
	if err != nil {
		m.t.Fatal(err)
	}
	m.secrets.Assert(m.t, "what storage told the provider", transfers)
}

// buckets holds every object to what the contract says of its place: names and
// content of documents are the team's, the exchange bucket has nothing.
func (m *marked) buckets() {
	m.t.Helper()
	seen := map[string]int{}
	m.each(sandbox.StoreBucket, func(key string, dump []byte) {
		place, _, _ := strings.Cut(strings.TrimPrefix(key, "zdr/"), "/")
		if strings.HasPrefix(key, "zdr/control/backfill/") {
			place = "backfill"
		}
		seen[place]++
		switch place {
		case "uploads", "inbox", "results":
			m.secrets.AssertFound(m.t, place, dump)
		case "failures", "records", "texts", "backfill": // names are the team's own, texts an object of their own
		case "schemas":
			m.secrets.Assert(m.t, place, dump)
		default:
			m.whole.Assert(m.t, place, dump)
			m.schema.Assert(m.t, place, dump)
		}
	})
	for _, place := range []string{"uploads", "inbox", "results", "failures", "records", "texts", "schemas", "control", "open", "backfill"} {
		if seen[place] == 0 {
			m.t.Errorf("nothing under %s: the scan proves nothing", place)
		}
	}
	for _, name := range []string{sandbox.ExchangeBucket, sandbox.LedgerBucket} {
		m.each(name, func(_ string, dump []byte) {
			m.whole.Assert(m.t, name, dump)
			m.schema.Assert(m.t, name, dump)
		})
	}
}

// each gives every object of a bucket: key, description and bytes.
func (m *marked) each(name string, do func(key string, dump []byte)) {
	m.t.Helper()
	s := m.store(name)
	for info, err := range s.List(m.t.Context(), bucket.Page{}) {
		if err != nil {
			m.t.Fatal(err)
		}
		obj, err := s.Get(m.t.Context(), info.Key, bucket.GetOptions{})
		if err != nil {
			m.t.Fatal(err)
		}
		var dump bytes.Buffer
		fmt.Fprintf(&dump, "%s\n%s\n%v\n", info.Key, obj.ContentType, obj.Metadata)
		_, err = io.Copy(&dump, obj.Body)
		if err := firstOf(err, obj.Body.Close()); err != nil {
			m.t.Fatal(err)
		}
		do(info.Key, dump.Bytes())
	}
}
