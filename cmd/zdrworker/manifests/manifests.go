// Package manifests renders the Kubernetes objects of a worker, for those who
// have no Terraform. The objects are a template: short to read, and held to the
// published API types by tests.
package manifests

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// Options say what is rendered. Image and Files are required.
type Options struct {
	Name      string // of the objects. Default: zdrworker
	Namespace string // Default: zdrworker
	Image     string
	Region    string // of AWS; "" sets none
	Role      string // IAM role of the service account (IRSA); "" is none
	// Files are the configuration, zdrworker.yaml, and the schemas that it names,
	// by file name.
	Files map[string]string
	// APIKeySecret and APIKeyField name the provider's key in a Secret that
	// somebody else makes. Default: zdrworker-ade, key.
	APIKeySecret, APIKeyField string
	// QueueURL is the SQS queue by whose length KEDA scales; "" is no KEDA.
	QueueURL string
	// NoServe leaves the Deployment out, with what belongs to it. Default: false.
	NoServe bool
	// Replicas is the least number of workers, MaxReplicas the most.
	// Default: 1 and 10.
	Replicas, MaxReplicas int
	// MessagesPerReplica is how many messages of the queue one worker answers
	// for. Default: 100.
	MessagesPerReplica int
	// Batches are prefixes, s3://bucket/prefix/, that a Job extracts, one index each; nil is no Job.
	Batches []string
	// Schedule makes a CronJob of the Job; "" is a Job that runs once.
	Schedule string
	// MetricsFrom is the namespace that may ask for metrics. Default: monitoring.
	MetricsFrom string
	// Ports are those that the worker connects to, beside DNS. Default: 443.
	Ports []int
}

func (o Options) withDefaults() Options {
	text := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	number := func(n *int, def int) {
		if *n == 0 {
			*n = def
		}
	}
	text(&o.Name, "zdrworker")
	text(&o.Namespace, "zdrworker")
	text(&o.APIKeySecret, "zdrworker-ade")
	text(&o.APIKeyField, "key")
	text(&o.MetricsFrom, "monitoring")
	number(&o.Replicas, 1)
	number(&o.MaxReplicas, max(10, o.Replicas))
	number(&o.MessagesPerReplica, 100)
	if len(o.Ports) == 0 {
		o.Ports = []int{443}
	}
	return o
}

// label is what Kubernetes takes as a name (RFC 1123), short enough for what is
// put behind it.
var label = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)

// prefix is what a batch may be: one line, so that it stays one location.
var prefix = regexp.MustCompile(`^s3://[a-z0-9.-]+/([^\x00-\x1f]*/)?$`)

func (o Options) validate() error {
	for _, f := range []struct{ flag, value string }{
		{"name", o.Name}, {"namespace", o.Namespace}, {"metrics-from", o.MetricsFrom},
	} {
		if !label.MatchString(f.value) {
			return fmt.Errorf("--%s: 1 to 40 of a-z, 0-9 and -, from a letter on, are wanted", f.flag)
		}
	}
	switch {
	case o.Image == "" || strings.ContainsAny(o.Image, " \t\n"):
		return errors.New("--image: an image with its tag or digest is wanted")
	case o.Replicas < 1:
		return errors.New("--replicas: a number from 1 is wanted: one worker sweeps")
	case o.MaxReplicas < o.Replicas:
		return errors.New("--max-replicas is less than --replicas")
	case o.MessagesPerReplica < 1:
		return errors.New("--messages-per-replica: a number from 1 is wanted")
	case o.NoServe && len(o.Batches) == 0:
		return errors.New("--serve=false leaves nothing to run: give --batch")
	case slices.ContainsFunc(o.Batches, func(b string) bool { return !prefix.MatchString(b) }):
		return errors.New("--batch: s3://bucket/prefix/ is wanted, with / at its end")
	case o.QueueURL != "" && o.Region == "" && !o.NoServe:
		return errors.New("--queue-url: KEDA must be told the region of the queue: set s3.region")
	case o.Schedule != "" && !strings.HasPrefix(o.Schedule, "@") && len(strings.Fields(o.Schedule)) != 5:
		return errors.New("--schedule: five fields of cron, such as \"15 3 * * *\", are wanted, or @daily")
	case o.Schedule != "" && len(o.Batches) == 0:
		return errors.New("--schedule is for a batch: give --batch as well")
	}
	return nil
}

//go:embed *.tmpl
var templates embed.FS

// page is the objects; part puts a piece of its own into them that stands in
// several, deeper or less deep.
var page = func() *template.Template {
	t := template.New("objects.yaml.tmpl")
	t.Funcs(template.FuncMap{
		"quote": quote, "stamp": stamp,
		"part": func(name string, deep int, o Options) (string, error) {
			var out strings.Builder
			err := t.ExecuteTemplate(&out, name+".yaml.tmpl", o)
			return indent(deep, strings.TrimRight(out.String(), "\n")), err
		},
	})
	return template.Must(t.ParseFS(templates, "*.tmpl"))
}()

// Render writes the objects as YAML documents. Its errors name a flag.
func Render(w io.Writer, o Options) error {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return err
	}
	return page.Execute(w, o)
}

// quote writes a string as YAML reads it whatever is in it: JSON is YAML.
func quote(v any) string {
	b, _ := json.Marshal(fmt.Sprint(v)) // a string always encodes
	return string(b)
}

// indent puts spaces before every line that has something in it.
func indent(spaces int, text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = strings.Repeat(" ", spaces) + l
		}
	}
	return strings.Join(lines, "\n")
}

// stamp is a name for files that changes with what is in them: pods are made
// anew then.
func stamp(o Options) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(o.Files)) {
		_, _ = fmt.Fprintf(h, "%q %q\n", name, o.Files[name])
	}
	_, _ = fmt.Fprintf(h, "%q\n", o.Batches)
	return o.Name + "-" + hex.EncodeToString(h.Sum(nil))[:10]
}
