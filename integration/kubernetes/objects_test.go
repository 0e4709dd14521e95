package kubernetes_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// golden is where the objects are that zdrworker manifests writes; the command's
// own tests hold them to what it writes now.
var golden = filepath.Join("..", "..", "cmd", "zdrworker", "manifests", "testdata")

// strict decodes what is of Kubernetes itself.
var strict = func() *json.Serializer {
	scheme := runtime.NewScheme()
	known := runtime.NewSchemeBuilder(
		appsv1.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	)
	if err := known.AddToScheme(scheme); err != nil {
		panic(err)
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
}()

// document is one object of a file.
type document struct{ file, kind, text string }

func (d document) check() error {
	if strings.Contains(d.text, "apiVersion: keda.sh/") {
		return published.check(d.text)
	}
	_, _, err := strict.Decode([]byte(d.text), nil, nil)
	return err
}

func documents(t *testing.T) (all []document) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(golden, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
			one, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			var head struct{ Kind string }
			if err := errors.Join(err, yaml.Unmarshal(one, &head)); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			all = append(all, document{filepath.Base(f), head.Kind, string(one)})
		}
	}
	return all
}

// TestObjects: every object is one of the published kind.
func TestObjects(t *testing.T) {
	var kinds []string
	for _, d := range documents(t) {
		if err := d.check(); err != nil {
			t.Errorf("%s, %s: %v", d.file, d.kind, err)
		}
		kinds = append(kinds, d.kind)
	}
	slices.Sort(kinds)
	want := []string{
		"ConfigMap", "CronJob", "Deployment", "Job", "Namespace", "NetworkPolicy", "PodDisruptionBudget", "ScaledObject", "ServiceAccount", "TriggerAuthentication",
	}
	if got := slices.Compact(kinds); !slices.Equal(got, want) {
		t.Errorf("got the kinds %v, want %v", got, want)
	}
}

// TestMistakes: what an API server would refuse, or would drop without a word,
// is seen.
func TestMistakes(t *testing.T) {
	tests := []struct{ name, kind, old, new string }{
		{"an unknown field", "Deployment", "maxUnavailable: 0", "maxAvailable: 0"},
		{"other letters", "Deployment", "enableServiceLinks:", "enableservicelinks:"},
		{"a text for a number", "Deployment", "terminationGracePeriodSeconds: 90", "terminationGracePeriodSeconds: long"},
		{"a field twice", "PodDisruptionBudget", "  maxUnavailable: 1", "  maxUnavailable: 1\n  maxUnavailable: 2"},
		{"a field at the wrong place", "Job", "completionMode: Indexed", "restartPolicy: Never"},
		{"deep inside", "CronJob", "operator: In", "operation: In"},
		{"an unknown kind", "NetworkPolicy", "kind: NetworkPolicy", "kind: NetworkPolicies"},
		{"another version", "CronJob", "apiVersion: batch/v1", "apiVersion: batch/v3"},
		{"KEDA: an unknown field", "ScaledObject", "cooldownPeriod:", "coolDownPeriod:"},
		{"KEDA: a text for a number", "ScaledObject", "pollingInterval: 30", `pollingInterval: "30"`},
		{"KEDA: a number for a text", "ScaledObject", `queueLength: "100"`, `queueLength: 100`},
		{"KEDA: not a setting of the queue's trigger", "ScaledObject", "scaleOnInFlight:", "scaleInFlight:"},
		{"KEDA: another trigger", "ScaledObject", "aws-sqs-queue", "aws-sqs"},
		{"KEDA: no region", "ScaledObject", "        awsRegion: \"us-east-2\"\n", ""},
		{"KEDA: a field twice", "ScaledObject", "  cooldownPeriod: 300", "  cooldownPeriod: 300\n  cooldownPeriod: 30"},
		{"KEDA: no target", "ScaledObject", `, name: "zdrworker-serve"}`, "}"},
		{"KEDA: an identity of no kind", "TriggerAuthentication", "provider: aws", "provider: amazon"},
	}
	all := documents(t)
	for _, tt := range tests {
		i := slices.IndexFunc(all, func(d document) bool { return d.kind == tt.kind && strings.Contains(d.text, tt.old) })
		if i < 0 {
			t.Errorf("%s: no %s has %q", tt.name, tt.kind, tt.old)
			continue
		}
		d := all[i]
		d.text = strings.Replace(d.text, tt.old, tt.new, 1)
		if err := d.check(); err == nil {
			t.Errorf("%s: nothing is said", tt.name)
		}
	}
}
