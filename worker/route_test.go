package worker

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

func testSchema(t testing.TB, text string) zdr.Schema {
	t.Helper()
	s, err := zdr.ParseSchema([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const totalSchema = `{"type":"object","properties":{"total":{"type":"number"}}}`

func testRoutes(t testing.TB) Routes {
	t.Helper()
	s := testSchema(t, totalSchema)
	return Routes{
		{Name: "invoices", Prefix: "inbox/{tenant}/invoices/", Suffixes: []string{".pdf", ".md"}, Schema: s, Revision: 3},
		{Name: "inbox", Prefix: "inbox/", Schema: s},
		{Name: "years", Prefix: "{year}/{month}/lab/", Schema: s},
	}
}

func TestMatchFirstWins(t *testing.T) {
	for _, tt := range []struct {
		name, key, route, captures, rest string
		parse                            bool
	}{
		{"the contract's example", "inbox/acme/invoices/2026/0001.pdf", "invoices", "tenant=acme", "2026/0001.pdf", true},
		{"Markdown needs no parse", "inbox/acme/invoices/1.md", "invoices", "tenant=acme", "1.md", false},
		{"case of the suffix", "inbox/acme/invoices/1.MD", "invoices", "tenant=acme", "1.MD", false},
		{"a later route", "inbox/acme/orders/1.md", "inbox", "", "acme/orders/1.md", false},
		{"two captures", "2026/03/lab/a/b.md", "years", "year=2026 month=03", "a/b.md", false},
		{"an empty capture is none", "inbox//invoices/1.md", "inbox", "", "/invoices/1.md", false},
		{"no suffix", "inbox/acme/invoices/1.txt", "", "", "", false},
		{"the prefix alone", "inbox/", "", "", "", false},
		{"own prefix though a capture could take it", "results/03/lab/b.md", "", "", "", false},
		{"own records", "zdr/records/lab/b.md", "", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, m, ok := testRoutes(t).Match(tt.key)
			var captures []string
			for _, c := range m.Captures {
				captures = append(captures, c.Name+"="+c.Value)
			}
			got := []string{r.Name, strings.Join(captures, " "), m.Rest}
			want := []string{tt.route, tt.captures, tt.rest}
			if !slices.Equal(got, want) || ok != (tt.route != "") {
				t.Fatalf("Match = %q %v, want %q", got, ok, want)
			}
			if ok && m.NeedsParse() != tt.parse {
				t.Errorf("NeedsParse = %t, want %t", m.NeedsParse(), tt.parse)
			}
		})
	}
}

func TestMatchFillsDefaults(t *testing.T) {
	r, _, _ := testRoutes(t).Match("inbox/1.md")
	if r.Revision != 1 || r.OnChange != OnChangeNew || r.Partial != PartialAccept {
		t.Errorf("defaults = %d %s %s, want 1 new-documents accept", r.Revision, r.OnChange, r.Partial)
	}
}

func TestExplainSaysWhyEachRouteDidNotMatch(t *testing.T) {
	var got []Why
	for _, v := range testRoutes(t).Explain("inbox/acme/invoices/1.md") {
		got = append(got, v.Why)
	}
	if want := []Why{Matched, NotAskedMore, NotAskedMore}; !slices.Equal(got, want) {
		t.Errorf("Explain = %v, want %v", got, want)
	}
}

func TestResultKey(t *testing.T) {
	routes := testRoutes(t)
	for _, tt := range []struct{ name, key, want string }{
		{"the contract's example", "inbox/acme/invoices/2026/0001.pdf", "results/invoices/acme/2026/0001.pdf.json"},
		{"literals are dropped", "2026/03/lab/b.md", "results/years/2026/03/b.md.json"},
		{"no capture", "inbox/x/b.md", "results/inbox/x/b.md.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _, _ := routes.Match(tt.key)
			got, err := r.ResultKey(tt.key)
			if err != nil || got != tt.want {
				t.Fatalf("ResultKey = %q, %v, want %q", got, err, tt.want)
			}
			failure, err := r.FailureKey(tt.key)
			if want := "failures" + strings.TrimPrefix(tt.want, "results"); err != nil || failure != want {
				t.Errorf("FailureKey = %q, %v, want %q", failure, err, want)
			}
		})
	}
}

func TestResultKeyIsNeverCut(t *testing.T) {
	r := Route{Name: "r", Schema: testSchema(t, totalSchema)}
	// "failures/r/" and ".json" take 16 bytes of the 1,024.
	longest := strings.Repeat("a", 1024-16-len(".md")) + ".md"
	if key, err := r.FailureKey(longest); err != nil || len(key) != 1024 {
		t.Fatalf("longest key: %d bytes, %v", len(key), err)
	}
	_, err := r.ResultKey("a" + longest)
	tooLong, ok := errors.AsType[*KeyTooLong](err)
	if !ok || tooLong.Code() != "key_too_long" || tooLong.Bytes != 1025 {
		t.Errorf("one byte more: %v, want KeyTooLong of 1025", err)
	}
}

func TestResultKeyRefuses(t *testing.T) {
	r := Route{Name: "r", Schema: testSchema(t, totalSchema)}
	for _, key := range []string{"../a.md", "a/./b.md", "a\x00.md", "a\nb.md", "\xff.md", "a\u0085.md"} {
		_, err := r.ResultKey(key)
		if _, ok := errors.AsType[*KeyRefused](err); !ok {
			t.Errorf("ResultKey(%q) = %v, want KeyRefused", key, err)
		}
	}
	if _, err := r.ResultKey("zdr/a.md"); !errors.As(err, new(*NoRoute)) {
		t.Errorf("own prefix: %v, want NoRoute", err)
	}
}

func TestValidate(t *testing.T) {
	s := testSchema(t, totalSchema)
	for _, tt := range []struct {
		name, field string
		edit        func(*Route)
	}{
		{"good", "", func(*Route) {}},
		{"whole bucket", "", func(r *Route) { r.Prefix = "" }},
		{"capital name", "name", func(r *Route) { r.Name = "Invoices" }},
		{"slash in name", "name", func(r *Route) { r.Name = "a/b" }},
		{"long name", "name", func(r *Route) { r.Name = strings.Repeat("a", 64) }},
		{"own prefix", "prefix", func(r *Route) { r.Prefix = "results/x/" }},
		{"no slash at the end", "prefix", func(r *Route) { r.Prefix = "inbox" }},
		{"half a segment captured", "prefix", func(r *Route) { r.Prefix = "a-{b}/" }},
		{"capture with a digit", "prefix", func(r *Route) { r.Prefix = "{a1}/" }},
		{"capture twice", "prefix", func(r *Route) { r.Prefix = "{a}/{a}/" }},
		{"empty segment", "prefix", func(r *Route) { r.Prefix = "a//" }},
		{"suffix without dot", "suffix", func(r *Route) { r.Suffixes = []string{"md"} }},
		{"no schema", "schema", func(r *Route) { r.Schema = zdr.Schema{} }},
		{"negative revision", "revision", func(r *Route) { r.Revision = -1 }},
		{"on_change", "on_change", func(r *Route) { r.OnChange = "maybe" }},
		{"partial", "partial", func(r *Route) { r.Partial = "maybe" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Route{Name: "r", Prefix: "inbox/{tenant}/", Schema: s}
			tt.edit(&r)
			err := r.Validate()
			got := ""
			if e, ok := errors.AsType[*RouteError](err); ok {
				got = e.Field
			}
			if got != tt.field || (err == nil) != (tt.field == "") {
				t.Errorf("Validate = %v, want an error of %q", err, tt.field)
			}
		})
	}
	twice := Routes{{Name: "r", Schema: s}, {Name: "r", Prefix: "b/", Schema: s}}
	if err := twice.Validate(); err == nil {
		t.Error("two routes of one name pass")
	}
}

func TestDigestTellsEditsFromLayout(t *testing.T) {
	base := Route{Name: "r", Revision: 1, Schema: testSchema(t, totalSchema)}
	same := base
	same.Schema = testSchema(t, ` {"properties": {"total": {"type": "number"}}, "type": "object"} `)
	same.Prefix, same.OnChange = "other/", OnChangeAll
	if same.Digest() != base.Digest() {
		t.Error("white space, order and prefix change the digest")
	}
	for name, edit := range map[string]func(*Route){
		"name":     func(r *Route) { r.Name = "r2" },
		"revision": func(r *Route) { r.Revision = 2 },
		"model":    func(r *Route) { r.Model = "extract-20260314" },
		"strict":   func(r *Route) { r.Strict = true },
		"schema": func(r *Route) {
			r.Schema = testSchema(t, `{"type":"object","properties":{"total":{"type":"string"}}}`)
		},
	} {
		edited := base
		edit(&edited)
		if edited.Digest() == base.Digest() {
			t.Errorf("an edit of %s keeps the digest", name)
		}
	}
}

// FuzzResultKeyIsInjective: two keys that one route takes never share a result
// key or a failure key.
func FuzzResultKeyIsInjective(f *testing.F) {
	for _, pair := range [][2]string{
		{"inbox/a/invoices/b/c.md", "inbox/a/invoices/b-c.md"},
		{"inbox/a/invoices/b.md", "inbox/a/invoices/b.pdf"},
		{"inbox/a/invoices/x.md", "inbox/invoices/invoices/a/x.md"},
		{"2026/03/lab/x.md", "2026/03/lab/lab/x.md"},
		{"a.md", "a.MD"},
	} {
		f.Add(pair[0], pair[1])
	}
	routes := append(testRoutes(f), Route{Name: "all", Schema: testSchema(f, totalSchema)})
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, r := range routes {
			keyA, errA := r.ResultKey(a)
			keyB, errB := r.ResultKey(b)
			if errA != nil || errB != nil {
				continue
			}
			if (keyA == keyB) != (a == b) {
				t.Errorf("route %s: %q and %q both go to %q", r.Name, a, b, keyA)
			}
			if len(keyA) > 1024 || !ours(keyA) {
				t.Errorf("result key %q is too long or not ours", keyA)
			}
		}
	})
}

// What a route's digest was before routes could parse it still is: the ids of
// jobs that exist, and the revisions that were admitted, stay.
func TestParseOptionsAreInTheDigestOnlyWhereThereAreSome(t *testing.T) {
	r := testRoutes(t)[0]
	const before = "sha256:d3f2c0e54df135a26f666f6fe77da8f0a5ed5d35dbcde483b9d14d4c6f7ed1ce"
	if got := r.Digest(); got != before {
		t.Errorf("Digest = %s, want %s", got, before)
	}
	seen := map[string]bool{r.Digest(): true}
	words, err := zdr.NewPrompts("Name the axes.")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []ParseOptions{{Model: "dpt-2"}, {SplitPages: true}, {Prompts: words}, {Password: "env:PDF"}} {
		r.Parse = o
		if seen[r.Digest()] {
			t.Errorf("%+v changes nothing", o)
		}
		seen[r.Digest()] = true
	}
}
