package manifests_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/zdrworker/zdrworker/cmd/zdrworker/manifests"
)

var update = flag.Bool("update", false, "write the golden files")

var files = map[string]string{
	"zdrworker.yaml": "version: 1\nstore: s3://acme-docs\nexchange: s3://x7k2-9fq4\n", "schema-invoices.json": `{"type":"object"}`,
}

// kinds of deployment, each with a golden file.
var kinds = map[string]manifests.Options{
	"serve": {Image: "registry.example/zdrworker:v1.0.0", Files: files},
	"keda": {
		Image: "registry.example/zdrworker:v1.0.0", Files: files, Region: "us-east-2", Role: "arn:aws:iam::111122223333:role/zdrworker",
		QueueURL: "https://sqs.us-east-2.amazonaws.com/111122223333/zdrworker", Replicas: 2, MaxReplicas: 20,
	},
	"job":     {Name: "invoices", Namespace: "documents", Image: "zdrworker:v1", Files: files, Batches: []string{"s3://acme-docs/inbox/a/", "s3://acme-docs/inbox/b/"}, Ports: []int{443, 9000}},
	"cronjob": {Image: "zdrworker:v1", Files: files, NoServe: true, Batches: []string{"s3://acme-docs/inbox/"}, Schedule: "15 3 * * *"},
}

func render(t *testing.T, o manifests.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := manifests.Render(&out, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	for name, o := range kinds {
		t.Run(name, func(t *testing.T) {
			got := render(t, o)
			file := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || got != string(want) {
				t.Errorf("%s differs (%v); go test -update writes it, to be read in review:\n%s", file, err, got)
			}
		})
	}
}

// object is one of the documents.
type object map[string]any

func (o object) at(path ...string) any {
	var v any = map[string]any(o)
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

func objectsOf(t *testing.T, text string) map[string]object {
	t.Helper()
	all := map[string]object{}
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var o map[string]any
		if err := d.Decode(&o); err != nil {
			break
		}
		all[o["kind"].(string)] = o
	}
	return all
}

func TestKinds(t *testing.T) {
	base := []string{"ConfigMap", "Namespace", "NetworkPolicy", "ServiceAccount"}
	more := map[string][]string{
		"serve":   {"Deployment", "PodDisruptionBudget"},
		"keda":    {"Deployment", "PodDisruptionBudget", "ScaledObject", "TriggerAuthentication"},
		"job":     {"Deployment", "PodDisruptionBudget", "Job"},
		"cronjob": {"CronJob"},
	}
	for name, o := range kinds {
		var got []string
		for kind := range objectsOf(t, render(t, o)) {
			got = append(got, kind)
		}
		slices.Sort(got)
		if want := slices.Sorted(slices.Values(append(slices.Clone(base), more[name]...))); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestNothingIsNamedInArguments: locations are in the ConfigMap, and nowhere a
// listing of processes or of Jobs shows them.
func TestNothingIsNamedInArguments(t *testing.T) {
	for kind, o := range objectsOf(t, render(t, kinds["job"])) {
		text, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if named := bytes.Contains(text, []byte("inbox")); named != (kind == "ConfigMap") {
			t.Errorf("%s names a location: %t", kind, named)
		}
	}
}

// TestTheNameFollowsTheContent: another configuration is another ConfigMap, so
// pods are made anew.
func TestTheNameFollowsTheContent(t *testing.T) {
	a, b := kinds["serve"], kinds["serve"]
	b.Files = map[string]string{"zdrworker.yaml": "version: 1\n"}
	name := func(o manifests.Options) any { return objectsOf(t, render(t, o))["ConfigMap"].at("metadata", "name") }
	if name(a) != name(a) || name(a) == name(b) {
		t.Errorf("got %v and %v", name(a), name(b))
	}
}

// TestWhateverIsInAValue stays a value.
func TestWhateverIsInAValue(t *testing.T) {
	hostile := "a: b\n---\nkind: Secret # \"'{{ .Image }}\n\ttab \u2028 end"
	o := kinds["job"]
	batch := "s3://acme-docs/a: b # \"'{{ .Image }} \u2028 end/"
	o.Files, o.Batches, o.Role, o.QueueURL, o.Region, o.APIKeySecret = map[string]string{"zdrworker.yaml": hostile}, []string{batch}, hostile, hostile, hostile, "x"
	all := objectsOf(t, render(t, o))
	if _, ok := all["Secret"]; ok {
		t.Error("an object was smuggled in")
	}
	if got := all["ConfigMap"].at("data", "zdrworker.yaml"); got != hostile {
		t.Errorf("got %q", got)
	}
	if got := all["ConfigMap"].at("data", "batch-0"); got != batch {
		t.Errorf("got %q", got)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		change func(*manifests.Options)
		want   string
	}{
		{"no image", func(o *manifests.Options) { o.Image = "" }, "--image"},
		{"an image of two words", func(o *manifests.Options) { o.Image = "a b" }, "--image"},
		{"a name with a dot", func(o *manifests.Options) { o.Name = "a.b" }, "--name"},
		{"a long name", func(o *manifests.Options) { o.Name = strings.Repeat("a", 41) }, "--name"},
		{"no workers", func(o *manifests.Options) { o.Replicas = -1 }, "--replicas"},
		{"fewer at most than at least", func(o *manifests.Options) { o.Replicas, o.MaxReplicas = 5, 4 }, "--max-replicas"},
		{"nothing to run", func(o *manifests.Options) { o.NoServe = true }, "--serve"},
		{"a batch that is no prefix", func(o *manifests.Options) { o.Batches = []string{"s3://acme-docs/inbox"} }, "--batch"},
		{"a batch of two lines", func(o *manifests.Options) { o.Batches = []string{"s3://acme-docs/a/\ns3://acme-docs/b/"} }, "--batch"},
		{"a queue of no region", func(o *manifests.Options) { o.QueueURL = "https://sqs.us-east-2.amazonaws.com/111122223333/q" }, "--queue-url"},
		{"a schedule of nothing", func(o *manifests.Options) { o.Schedule = "@daily" }, "--schedule"},
		{"a schedule of four fields", func(o *manifests.Options) {
			o.Batches, o.Schedule = []string{"s3://acme-docs/inbox/"}, "15 3 * *"
		}, "--schedule: five fields"},
	}
	for _, tt := range tests {
		o := kinds["serve"]
		tt.change(&o)
		if err := manifests.Render(&bytes.Buffer{}, o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}
