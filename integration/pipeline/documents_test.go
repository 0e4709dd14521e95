package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

const (
	formSchema  = `{"type":"object","properties":{"invoice_number":{"type":"string"},"total_due":{"type":"number"}}}`
	otherSchema = `{"type":"object","properties":{"total_due":{"type":"number"}}}`
)

// personal is a file name as people make them. No part of it may leave; each is
// longer than what a random token would ever spell.
const personal = "Fernsby-Quill Ottoline 1979-11-30 seropositive"

// folder is what lies below inbox/: the good by their number, the bad as "".
func folder(t *testing.T) (files map[string][]byte, numbers map[string]string) {
	table := pdftest.Page{
		Lines: []string{"Invoice number: INV-3", "Total due: 30.00"},
		Table: [][]string{{"Item", "Quantity", "Price"}, {"Twine", "3", "10.00"}, {"Paper", "1", "0.00"}},
	}
	pages := []pdftest.Page{{Lines: []string{"Invoice number: INV-2", "Total due: 20.00"}}}
	for n := range 80 {
		pages = append(pages, pdftest.Page{Lines: []string{fmt.Sprintf("Schedule %d, invented from top to bottom.", n+1)}})
	}
	files = map[string][]byte{
		"inbox/text.pdf":             pdftest.Text(t, "Invoice number: INV-1", "Total due: 10.00"),
		"inbox/pages.PDF":            pdftest.Make(t, pages...),
		"inbox/table.pdf":            pdftest.Make(t, table),
		"inbox/" + personal + ".pdf": pdftest.Text(t, "Invoice number: INV-4", "Total due: 40.00"),
		"inbox/plain.md":             []byte("Invoice number: INV-5\n\nTotal due: 50.00\n"),
		"inbox/encrypted.pdf":        pdftest.Encrypted("secret", pdftest.Page{Lines: []string{"Invoice number: INV-6"}}),
		"inbox/broken.pdf":           pdftest.Broken(t),
		"inbox/empty.pdf":            pdftest.Empty(t),
	}
	numbers = map[string]string{
		"inbox/text.pdf": "INV-1", "inbox/pages.PDF": "INV-2", "inbox/table.pdf": "INV-3", "inbox/" + personal + ".pdf": "INV-4", "inbox/plain.md": "INV-5",
		"inbox/encrypted.pdf": "", "inbox/broken.pdf": "", "inbox/empty.pdf": "",
	}
	return files, numbers
}

const (
	goodFiles = 4 // of those that are parsed
	badFiles  = 3
)

func formRoute(t *testing.T) worker.Route {
	return worker.Route{
		Name: "invoices", Prefix: "inbox/", Suffixes: []string{".pdf", ".md"}, Schema: schema(t, formSchema),
		Parse: worker.ParseOptions{Model: adetest.DefaultParseVersion},
	}
}

// A folder of PDFs: the good ones become fields, each bad one a clear failure,
// nothing of a name leaves, and nobody parses a document twice.
func TestDocuments(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		files, numbers := folder(t)
		r := newRig(t, at, worker.Routes{formRoute(t)}, adetest.Options{})
		r.put(ownersHeader(), files)
		keys := slices.Sorted(maps.Keys(files))
		sum, outcomes, err := r.run(r.pipeline(), keys...)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Found != len(keys) || sum.Sealed != goodFiles+1 || sum.Failed != badFiles || sum.Open != 0 {
			t.Errorf("got %+v", sum)
		}
		t.Run("the good become fields", func(t *testing.T) { checkFields(t, r, outcomes, numbers) })
		t.Run("the bad say why", func(t *testing.T) { checkFailures(t, r, outcomes, numbers) })
		t.Run("credits are of both steps", func(t *testing.T) { checkCredits(t, r, sum) })
		t.Run("no name leaves", func(t *testing.T) { checkNoName(t, r) })
		t.Run("nothing is left staged", func(t *testing.T) { checkExchange(t, r) })
		t.Run("two routes and a new revision parse nothing again", func(t *testing.T) { checkShared(t, r, keys) })
	})
}

func checkFields(t *testing.T, r *rig, outcomes map[string]worker.Outcome, numbers map[string]string) {
	objects := all(t, r.store)
	for key, want := range numbers {
		if want == "" {
			continue
		}
		o := outcomes[key]
		if o.Kind != worker.OutcomeSealed || (o.Job.Parse != nil) == strings.HasSuffix(key, ".md") {
			t.Errorf("%s: got %s %s, parse %v", want, o.Kind, o.Code, o.Job.Parse)
			continue
		}
		if got := at(parse(t, objects[o.Job.Result.Reveal()].body).Extraction, "/invoice_number"); got != want {
			t.Errorf("got number %v, want %s", got, want)
		}
		if p := o.Job.Parse; p != nil && (p.Reused || !p.Ready || p.Credits <= 0 || p.Pages < 1) {
			t.Errorf("%s: got parse %+v", want, p)
		}
	}
	if got := len(under(objects, "zdr/parsed/")); got != goodFiles {
		t.Errorf("got %d parse results, want %d", got, goodFiles)
	}
}

func checkFailures(t *testing.T, r *rig, outcomes map[string]worker.Outcome, numbers map[string]string) {
	objects := all(t, r.store)
	for key, number := range numbers {
		if number != "" {
			continue
		}
		var said struct {
			Ref, Code, Step, Billed string
		}
		body := objects["failures/invoices/"+strings.TrimPrefix(key, "inbox/")+".json"].body
		if err := json.Unmarshal(body, &said); err != nil {
			t.Errorf("%s: no failure object: %v", key, err)
			continue
		}
		if o := outcomes[key]; o.Kind != worker.OutcomeFailed || said.Ref != o.Job.Ref || said.Step != worker.StepParse || said.Billed != "no" || said.Code == "" {
			t.Errorf("%s: got %s and %+v", key, o.Kind, said)
		}
	}
	if got := len(under(objects, "failures/")); got != badFiles {
		t.Errorf("got %d failure objects, want %d", got, badFiles)
	}
}

// checkCredits: what the run says it cost is what the provider billed.
func checkCredits(t *testing.T, r *rig, sum worker.Summary) {
	if got, want := sum.Credits, r.provider.Account().Bill.Credits; got < want-0.001 || got > want+0.001 {
		t.Errorf("the run says %g credits, the provider billed %g", got, want)
	}
}

var stagedPath = regexp.MustCompile(`/(s/[A-Za-z0-9_-]+\.(pdf|md)|o/[A-Za-z0-9_-]+\.json)$`)

// checkNoName: paths are tokens, headers are from a table, and no part of a name
// was heard.
func checkNoName(t *testing.T, r *rig) {
	account := r.provider.Account()
	for _, f := range account.Fetches {
		want := map[bool]string{true: "application/pdf", false: "text/markdown; charset=utf-8"}[strings.HasSuffix(f.Path, ".pdf")]
		if !stagedPath.MatchString(f.Path) || f.Header.Get("Content-Type") != want {
			t.Errorf("a fetch of %q shows content type %q, want %q", f.Path, f.Header.Get("Content-Type"), want)
		}
		h := f.Header.Clone()
		h.Set("Content-Type", "text/markdown; charset=utf-8")
		checkBareHeader(t, h)
	}
	if account.ContentBytes != 0 || account.HeldBytes != 0 {
		t.Errorf("%d bytes of content in requests, %d held", account.ContentBytes, account.HeldBytes)
	}
	heard := append(r.provider.Heard(), r.log.Bytes()...)
	for _, part := range append(strings.Fields(personal), "Fernsby", "encrypted.pdf", "inbox/") {
		if bytes.Contains(heard, []byte(part)) {
			t.Errorf("%q was heard or logged", part)
		}
	}
}

// checkShared: another route and a new revision take what was parsed.
func checkShared(t *testing.T, r *rig, keys []string) {
	good := slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		return strings.HasSuffix(key, ".md") || strings.Contains(key, "encrypted") || strings.Contains(key, "broken") || strings.Contains(key, "empty")
	})
	other, next := formRoute(t), formRoute(t)
	other.Name, other.Schema = "totals", schema(t, otherSchema)
	next.Revision, next.Schema, next.OnChange = 2, schema(t, otherSchema), worker.OnChangeAll
	for _, route := range []worker.Route{other, next} {
		before := r.provider.Account().Counts
		r.routes = worker.Routes{route}
		sum, outcomes, err := r.run(r.pipeline(), good...)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Sealed != goodFiles {
			t.Errorf("%s: got %+v", route.Name, sum)
		}
		for _, o := range outcomes {
			if o.Job.Parse == nil || !o.Job.Parse.Reused || o.Job.Parse.Credits != 0 {
				t.Errorf("%s: got parse %+v, want it reused", route.Name, o.Job.Parse)
			}
		}
		after := r.provider.Account().Counts
		if after[adetest.OpParseCreate] != before[adetest.OpParseCreate] || after[adetest.OpCreate]-before[adetest.OpCreate] != goodFiles {
			t.Errorf("%s: %d parses and %d extractions were asked for", route.Name,
				after[adetest.OpParseCreate]-before[adetest.OpParseCreate], after[adetest.OpCreate]-before[adetest.OpCreate])
		}
	}
	checkExchange(t, r)
}

// A document of which some pages cannot be read: the route's policy decides.
func TestPagesThatCannotBeRead(t *testing.T) {
	for _, policy := range []worker.Partial{worker.PartialAccept, worker.PartialFail} {
		t.Run(string(policy), func(t *testing.T) {
			route := formRoute(t)
			route.Partial = policy
			r := newRig(t, inMemory(t, options{}), worker.Routes{route}, adetest.Options{})
			page := pdftest.Page{Lines: []string{"Invoice number: INV-1"}}
			r.put(http.Header{}, map[string][]byte{"inbox/a.pdf": pdftest.Make(t, page, pdftest.Page{Unreadable: true, Lines: []string{"x"}})})
			r.provider.BreakNext(1, adetest.JobFault{FailPages: []int{1}})
			sum, outcomes, err := r.run(r.pipeline(), "inbox/a.pdf")
			if err != nil {
				t.Fatal(err)
			}
			o := outcomes["inbox/a.pdf"]
			if policy == worker.PartialAccept && (sum.Sealed != 1 || o.Job.Status != worker.StatusPartial || !o.Job.Parse.Partial) {
				t.Errorf("got %s %s, parse %+v", o.Kind, o.Job.Status, o.Job.Parse)
			}
			if policy == worker.PartialFail && (sum.Failed != 1 || o.Code != worker.CodePartial || o.Job.FailedAt != worker.StepParse || o.Job.Billed != "yes") {
				t.Errorf("got %s %s at %s, billed %s", o.Kind, o.Code, o.Job.FailedAt, o.Job.Billed)
			}
			checkExchange(t, r)
		})
	}
}
