package pipeline

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/cmd/zdrworker/samples"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/zdr"
)

// sampleRoutes are a route for each sample; its documents lie under
// inbox/<tenant>/<name>/.
func sampleRoutes(t *testing.T) worker.Routes {
	t.Helper()
	var routes worker.Routes
	for _, s := range samples.All() {
		routes = append(routes, worker.Route{Name: routeOf(s), Prefix: "inbox/{tenant}/" + routeOf(s) + "/", Schema: schema(t, string(s.Schema))})
	}
	return routes
}

func schema(t *testing.T, text string) zdr.Schema {
	t.Helper()
	s, err := zdr.ParseSchema([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func routeOf(s samples.Sample) string { return strings.TrimSuffix(s.Name, ".md") }
func keyOf(s samples.Sample) string   { return "inbox/acme/" + routeOf(s) + "/2026/" + s.Name }
func resultOf(s samples.Sample) string {
	return "results/" + routeOf(s) + "/acme/2026/" + s.Name + ".json"
}

// ownersHeader is what a document's owner may have written beside it. None of
// it may reach the provider.
func ownersHeader() http.Header {
	h := http.Header{}
	h.Set("Content-Type", "application/x-of-the-source")
	h.Set("Content-Disposition", `attachment; filename="patient-of-the-source.md"`)
	h.Set("Content-Language", "eo")
	h.Set("Cache-Control", "max-age=4711")
	h.Set("X-Amz-Meta-Patient", "of-the-source")
	h.Set("X-Amz-Tagging", "patient=of-the-source")
	return h
}

func TestPipeline(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		r := newRig(t, at, sampleRoutes(t), adetest.Options{})
		var keys []string
		for _, s := range samples.All() {
			keys = append(keys, keyOf(s))
			r.put(ownersHeader(), map[string][]byte{keyOf(s): s.Markdown})
		}
		p := r.pipeline()
		sum, outcomes, err := r.run(p, keys...)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Found != len(keys) || sum.Sealed != len(keys) || sum.Credits <= 0 || sum.Open != 0 {
			t.Errorf("got %+v, want %d sealed", sum, len(keys))
		}
		t.Run("every document is answered", func(t *testing.T) { checkAnswers(t, r, outcomes) })
		t.Run("results say where they come from", func(t *testing.T) { checkMetadata(t, r, outcomes) })
		t.Run("nothing else is written", func(t *testing.T) { checkStore(t, r) })
		t.Run("nothing is left staged", func(t *testing.T) { checkExchange(t, r) })
		t.Run("the provider holds and saw no content", func(t *testing.T) { checkAccount(t, r, len(keys)) })
		t.Run("again costs nothing", func(t *testing.T) { checkAgain(t, r, p, keys) })
		t.Run("a new worker finds all of it", func(t *testing.T) { checkAgain(t, r, r.pipeline(), keys) })
		t.Run("a changed document is done anew, alone", func(t *testing.T) { checkChanged(t, r, p, keys) })
	})
}

// checkAnswers: the fields that are known to be in each document.
func checkAnswers(t *testing.T, r *rig, outcomes map[string]worker.Outcome) {
	objects := all(t, r.store)
	for _, s := range samples.All() {
		o := outcomes[keyOf(s)]
		if o.Kind != worker.OutcomeSealed || o.Code != "" || o.Job.Result.Reveal() != resultOf(s) {
			t.Errorf("%s: got %s %s at %q", s.Name, o.Kind, o.Code, o.Job.Result.Reveal())
			continue
		}
		got := parse(t, objects[resultOf(s)].body)
		for pointer, want := range s.Want {
			if value := at(got.Extraction, pointer); value != want {
				t.Errorf("%s: %s: got %v, want %v", s.Name, pointer, value, want)
			}
		}
		if len(got.ExtractionMetadata) == 0 || got.Metadata["job_id"] == "" {
			t.Errorf("%s: the result is not the provider's JSON as it was", s.Name)
		}
	}
}

// checkMetadata holds a sealed result's description to the contract: these
// names and no others.
func checkMetadata(t *testing.T, r *rig, outcomes map[string]worker.Outcome) {
	names := []string{
		"zdr-credits", "zdr-format", "zdr-model", "zdr-ref", "zdr-revision", "zdr-route", "zdr-schema", "zdr-sealed-at",
		"zdr-source-modified", "zdr-source-version", "zdr-status",
	}
	for _, s := range samples.All() {
		info, err := r.store.Head(t.Context(), resultOf(s), "")
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		source, err := r.store.Head(t.Context(), keyOf(s), "")
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(info.Metadata)); !slices.Equal(got, names) {
			t.Errorf("%s: got metadata %v, want %v", s.Name, got, names)
		}
		version := source.Version
		if version == "" {
			version = source.ETag
		}
		for name, want := range map[string]string{
			"zdr-format": "1", "zdr-ref": outcomes[keyOf(s)].Job.Ref, "zdr-route": routeOf(s), "zdr-revision": "1",
			"zdr-schema": schema(t, string(s.Schema)).Digest(), "zdr-status": worker.StatusOK, "zdr-source-version": version,
			"zdr-model": adetest.DefaultVersion,
		} {
			if got := info.Metadata[name]; got != want {
				t.Errorf("%s: %s: got %q, want %q", s.Name, name, got, want)
			}
		}
		if info.ContentType != "application/json" {
			t.Errorf("%s: got content type %q", s.Name, info.ContentType)
		}
	}
}

// checkStore: sources as they were, one result each, our own prefix, no more.
func checkStore(t *testing.T, r *rig) {
	objects := all(t, r.store)
	for key := range objects {
		if prefix, _, _ := strings.Cut(key, "/"); !slices.Contains([]string{"inbox", "results", "zdr"}, prefix) {
			t.Errorf("an object was written under %s/", prefix)
		}
	}
	if got, want := len(under(objects, "results/")), len(samples.All()); got != want {
		t.Errorf("got %d objects under results/, want %d", got, want)
	}
	for _, s := range samples.All() {
		if string(objects[keyOf(s)].body) != string(s.Markdown) || objects[keyOf(s)].Metadata["patient"] != "of-the-source" {
			t.Errorf("%s: the source was changed", s.Name)
		}
	}
}

// checkExchange: the fleet's name and nothing else.
func checkExchange(t *testing.T, r *rig) {
	if n := left(t, r.exchange); n != 0 {
		t.Errorf("%d versions, markers or uploads are left", n)
	}
	if got := slices.Sorted(maps.Keys(all(t, r.exchange))); !slices.Equal(got, []string{"fleet.json"}) {
		t.Errorf("the exchange bucket holds %v", got)
	}
}

func checkAccount(t *testing.T, r *rig, documents int) {
	a := r.provider.Account()
	if a.ContentBytes != 0 || a.HeldBytes != 0 {
		t.Errorf("%d bytes of content in requests, %d held", a.ContentBytes, a.HeldBytes)
	}
	if a.Bill.Jobs != documents || a.Bill.Calls != 0 || a.Counts[adetest.OpCreate] != documents {
		t.Errorf("got %d jobs billed, %d calls, %d creates; want %d jobs", a.Bill.Jobs, a.Bill.Calls, a.Counts[adetest.OpCreate], documents)
	}
	for _, job := range a.Jobs {
		if n := len(a.JobsOf(job.MarkdownPath)); n != 1 || !job.Billed {
			t.Errorf("%d jobs were made of one staged object", n)
		}
	}
	if len(a.Fetches) != documents || len(a.Puts) != documents {
		t.Errorf("got %d fetches and %d puts, want %d of each", len(a.Fetches), len(a.Puts), documents)
	}
	for _, f := range a.Fetches {
		checkBareHeader(t, f.Header)
	}
	if totals := r.evidence.Snapshot(); totals.ContentBytes() != 0 || totals.Requests[zdr.ExtractCreate] != documents || len(totals.Refusals)+len(totals.Violations) != 0 {
		t.Errorf("the record says %+v", totals)
	}
}

// checkBareHeader holds what a stranger's GET of a staged object is shown to
// what says nothing of the source.
func checkBareHeader(t *testing.T, h http.Header) {
	t.Helper()
	if got := h.Get("Content-Type"); got != "text/markdown; charset=utf-8" {
		t.Errorf("content type: got %q", got)
	}
	for name, values := range h {
		lower := strings.ToLower(name)
		hidden := lower == "content-disposition" || lower == "content-language" || lower == "cache-control" ||
			strings.HasPrefix(lower, "x-amz-meta-") || strings.HasPrefix(lower, "x-amz-tagging")
		if hidden || strings.Contains(strings.Join(values, " "), "of-the-source") {
			t.Errorf("the header %s comes from the source", name)
		}
	}
}

func checkAgain(t *testing.T, r *rig, p *worker.Pipeline, keys []string) {
	before := r.provider.Account()
	sum, outcomes, err := r.run(p, keys...)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Unchanged != len(keys) || sum.Sealed != 0 {
		t.Errorf("got %+v, want %d unchanged", sum, len(keys))
	}
	for _, s := range samples.All() {
		if o := outcomes[keyOf(s)]; o.Kind != worker.OutcomeUnchanged || o.Job.Result.Reveal() != resultOf(s) {
			t.Errorf("%s: got %s at %q", s.Name, o.Kind, o.Job.Result.Reveal())
		}
	}
	if after := r.provider.Account(); len(after.Requests) != len(before.Requests) {
		t.Errorf("%d requests went to the provider", len(after.Requests)-len(before.Requests))
	}
	checkExchange(t, r)
}

func checkChanged(t *testing.T, r *rig, p *worker.Pipeline, keys []string) {
	s := samples.All()[0]
	before := r.provider.Account().Bill.Jobs
	changed := strings.ReplaceAll(string(s.Markdown), "INV-2026-0417", "INV-2026-0418")
	r.put(nil, map[string][]byte{keyOf(s): []byte(changed)})
	sum, _, err := r.run(p, keys...)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Sealed != 1 || sum.Unchanged != len(keys)-1 {
		t.Errorf("got %+v, want 1 sealed", sum)
	}
	if got := at(parse(t, all(t, r.store)[resultOf(s)].body).Extraction, "/invoice_number"); got != "INV-2026-0418" {
		t.Errorf("got invoice number %v", got)
	}
	if got := r.provider.Account().Bill.Jobs - before; got != 1 {
		t.Errorf("got %d jobs billed, want 1", got)
	}
	checkExchange(t, r)
}
