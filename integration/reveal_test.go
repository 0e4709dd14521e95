package integration_test

import (
	"go/ast"
	"go/parser"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

// revealed lists the places where something is taken out of a type that hides
// it: files, and folders with a slash at the end. A new place is a decision:
// the text that comes out must go nowhere but where the contract lets it be.
// zdr/redact.go asks whether there is anything.
var revealed = map[string][]string{
	// The two URLs go into the create, and their digest into the guard. The
	// doctor uses those of its canary itself.
	"presign.URL": {"presign/sign.go", "worker/ade/form.go", "worker/doctor/canary.go", "worker/doctor/rights.go"},
	// The key goes into the Authorization header.
	"zdr.APIKey": {"zdr/redact.go", "worker/ade/client.go", "worker/ade/key.go"},
	// A password goes into the one field of a parse that takes it.
	"zdr.Password": {"zdr/password.go", "worker/ade/form.go"},
	// Results go from one bucket to the other, and to who asked for them, who may
	// want them as a page to look at.
	"zdr.Document": {"worker/wait.go", "worker/publish.go", "worker/grounding/page/", "cmd/zdrworker/"},
	// Names are keys of the store, and are shown to a person who asks.
	"zdr.Name": {"zdr/redact.go", "worker/", "presign/signer.go", "cmd/zdrworker/", "cmd/zdrlambda/function.go"},
	// The provider's words go into an object of their own, and are told apart.
	"zdr.Text": {"zdr/redact.go", "worker/fail.go", "worker/result.go", "worker/ade/", "worker/grounding/page/", "cmd/zdrworker/"},
}

// TestHiddenThingsAreRevealedInFewPlaces looks at every call of Reveal, by
// type.
func TestHiddenThingsAreRevealedInFewPlaces(t *testing.T) {
	all := list(t, "-export", "-deps", "./...")
	c := newChecker(t, all)
	_, production := ours(all)
	seen := map[string]bool{}
	for _, p := range production {
		for _, u := range c.uses(t, p) {
			hidden := reveals(u.what)
			if hidden == "" {
				continue
			}
			seen[hidden] = true
			if !allows(revealed[hidden], u.file) {
				t.Errorf("%s:%d: a %s is revealed here; if that must be, add the place to the list in this test", u.file, u.line, hidden)
			}
		}
	}
	for hidden := range revealed {
		if !seen[hidden] {
			t.Errorf("no %s is revealed anywhere: the list or this test is wrong", hidden)
		}
	}
}

// reveals gives the type whose Reveal is named, "" for anything else. An
// interface with such a method would hide which type is behind it.
func reveals(object types.Object) string {
	f, ok := object.(*types.Func)
	if !ok || f.Name() != "Reveal" {
		return ""
	}
	receiver := f.Signature().Recv()
	if receiver == nil {
		return ""
	}
	named, ok := receiver.Type().(*types.Named)
	if !ok || types.IsInterface(named) || !strings.HasPrefix(f.Pkg().Path(), module) {
		return "interface with Reveal"
	}
	return f.Pkg().Name() + "." + named.Obj().Name()
}

func allows(places []string, file string) bool {
	return slices.ContainsFunc(places, func(place string) bool {
		return place == file || strings.HasSuffix(place, "/") && strings.HasPrefix(file, place)
	})
}

// globals are what a library must not use: they print where nobody looked, and
// net/http prints server bytes through the same logger.
var globals = map[string][]string{
	"log":      {"Print", "Printf", "Println", "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln", "Default", "SetOutput", "Writer", "Output"},
	"log/slog": {"Debug", "Info", "Warn", "Error", "DebugContext", "InfoContext", "WarnContext", "ErrorContext", "Log", "LogAttrs", "Default", "SetDefault", "With"},
	"fmt":      {"Print", "Printf", "Println"},
	"os":       {"Stdout"}, // standard error is where zdr.RecoverTo prints a stack
}

// except are the places that may: hygiene turns the global logger off, and
// main hands standard output down.
var except = map[string][]string{
	"log": {"zdr/hygiene.go"},
	"os":  {"cmd/zdrworker/main.go", "cmd/zdrlambda/main.go"},
}

// TestNoGlobalOutput: what is said goes through what a caller gave.
func TestNoGlobalOutput(t *testing.T) {
	all := list(t, "-export", "-deps", "./...")
	c := newChecker(t, all)
	_, production := ours(all)
	for _, p := range production {
		for _, u := range c.uses(t, p) {
			if name := global(u.what); name != "" && !allows(except[u.what.Pkg().Path()], u.file) {
				t.Errorf("%s:%d: %s is used", u.file, u.line, name)
			}
		}
	}
}

func global(object types.Object) string {
	if object.Pkg() == nil || object.Parent() != object.Pkg().Scope() {
		return ""
	}
	if path := object.Pkg().Path(); slices.Contains(globals[path], object.Name()) {
		return path + "." + object.Name()
	}
	return ""
}

// TestTheseLintsSee gives them what they must find.
func TestTheseLintsSee(t *testing.T) {
	all := list(t, "-export", "-deps", "./presign", "fmt", "log", "log/slog")
	c := newChecker(t, all)
	f, err := parser.ParseFile(c.files, "x.go", `package x
import ("fmt"; "log"; "log/slog"; "os"; "`+module+`/presign"; "`+module+`/zdr")
type hidden interface{ Reveal() string }
func f(u presign.URL, n zdr.Name, h hidden) {
	log.Print(u.Reveal()); slog.Info(h.Reveal()); fmt.Println(os.Stdout)
	g := n.Reveal
	_ = g
	slog.New(nil).Info("a logger that was given")
}`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, u := range c.usesIn(t, "x", []*ast.File{f}) {
		found[reveals(u.what)] = true
		found[global(u.what)] = true
	}
	delete(found, "")
	want := []string{"fmt.Println", "interface with Reveal", "log.Print", "log/slog.Info", "os.Stdout", "presign.URL", "zdr.Name"}
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
