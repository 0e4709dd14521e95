package main

import (
	"bytes"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/cmd/zdrworker/manifests"
	"github.com/zdrworker/zdrworker/worker/config"
)

func newManifests(a *app) *cobra.Command {
	var o manifests.Options
	secret, serve := "", true
	cmd := &cobra.Command{
		Use: "manifests", GroupID: groupOperate, Short: "Write the Kubernetes objects of a worker, for kubectl apply", Args: args(),
		Long: `Write Kubernetes objects to standard output: a Deployment of zdrworker serve, a
Job or CronJob for batches, and what belongs to them. The configuration in force,
the schemas that it names and its ca_bundle go into a ConfigMap; it holds no secret. The
provider's key is named in a Secret that you make:

  kubectl -n zdrworker create secret generic zdrworker-ade --from-file=key=FILE

Pods run as the restricted standard wants it, on a read-only root. Locations of
batches are in the ConfigMap, one index of the Job each, never in arguments.
Nobody can be asked there, so batches say --yes: budget.credits_per_run and
budget.credits_per_day of the configuration bound what they spend.
The Job treats the exit codes of zdrworker as zdrworker help exit-codes says.
KEDA scales by the SQS queue of sources, or --queue-url, where there is one.`,
		Example: `  zdrworker manifests --image registry.example/zdrworker:v1.0.0 | kubectl apply -f -
  zdrworker manifests --image … --serve=false --batch s3://acme-docs/inbox/ --schedule "15 3 * * *"`,
	}
	f := cmd.Flags()
	f.StringVar(&o.Image, "image", "", "`image` with tag or digest; required ($ZDRWORKER_IMAGE)")
	f.StringVar(&o.Name, "name", "zdrworker", "`name` of the objects ($ZDRWORKER_NAME)")
	f.StringVar(&o.Namespace, "namespace", "zdrworker", "`namespace` ($ZDRWORKER_NAMESPACE)")
	f.StringVar(&o.Role, "role", "", "IAM role `ARN` of the service account, by IRSA ($ZDRWORKER_ROLE)")
	f.StringVar(&secret, "api-key-secret", "zdrworker-ade/key", "`NAME/FIELD` of the Secret with the provider's key ($ZDRWORKER_API_KEY_SECRET)")
	f.BoolVar(&serve, "serve", true, "a Deployment of zdrworker serve, with budget and scaling ($ZDRWORKER_SERVE)")
	f.StringVar(&o.QueueURL, "queue-url", "", "`URL` of the SQS queue that KEDA scales by; the first of sources when empty ($ZDRWORKER_QUEUE_URL)")
	f.IntVar(&o.Replicas, "replicas", 1, "the least `number` of workers ($ZDRWORKER_REPLICAS)")
	f.IntVar(&o.MaxReplicas, "max-replicas", 10, "the largest `number` of workers, with KEDA ($ZDRWORKER_MAX_REPLICAS)")
	f.IntVar(&o.MessagesPerReplica, "messages-per-replica", 100, "so `many` messages of the queue are one worker's, with KEDA ($ZDRWORKER_MESSAGES_PER_REPLICA)")
	f.StringArrayVar(&o.Batches, "batch", nil, "`s3://bucket/prefix/` that a Job extracts; may be given again ($ZDRWORKER_BATCH)")
	f.StringVar(&o.Schedule, "schedule", "", "cron `expression`, UTC: a CronJob instead of a Job ($ZDRWORKER_SCHEDULE)")
	f.StringVar(&o.MetricsFrom, "metrics-from", "monitoring", "`namespace` that may ask for metrics ($ZDRWORKER_METRICS_FROM)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.NoServe = !serve
		name, field, ok := strings.Cut(secret, "/")
		if o.APIKeySecret, o.APIKeyField = name, field; !ok || name == "" || field == "" {
			return usage("--api-key-secret: NAME/FIELD is wanted")
		}
		return a.manifests(cmd, o)
	}
	return cmd
}

func (a *app) manifests(cmd *cobra.Command, o manifests.Options) error {
	c, err := a.config(cmd)
	if err != nil {
		return err
	}
	if err := c.Require("store", "exchange"); err != nil {
		return err
	}
	if len(c.Routes) == 0 {
		return &failure{code: codeConfigMissing, text: "the workers need routes: pods have no --schema", hint: "`zdrworker init` writes a configuration that shows them"}
	}
	if o.Files, err = packed(c); err != nil {
		return err
	}
	o.Region = c.S3.Region
	for _, s := range c.Sources {
		if o.QueueURL == "" {
			o.QueueURL = s.SQS
		}
	}
	o.Ports = ports(c)
	var out bytes.Buffer
	if err := manifests.Render(&out, o); err != nil {
		return usage(err.Error())
	}
	return a.objects(&out)
}

// objects writes YAML, or with --json each object on a line.
func (a *app) objects(out *bytes.Buffer) error {
	if !a.json {
		_, err := io.Copy(a.stdout, out)
		return err
	}
	for d := yaml.NewDecoder(out); ; {
		var o map[string]any
		if err := d.Decode(&o); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := a.line(o); err != nil {
			return err
		}
	}
}

// packed is the configuration in force with the schemas in files beside it.
func packed(c *config.Config) (map[string]string, error) {
	flat := *c
	flat.Routes = slices.Clone(c.Routes)
	files := map[string]string{}
	for i := range flat.Routes {
		r := &flat.Routes[i]
		if strings.HasPrefix(r.Schema, "s3://") {
			continue
		}
		text, err := os.ReadFile(c.Beside(r.Schema))
		if err != nil {
			return nil, err
		}
		r.Schema = "schema-" + r.Name + ".json"
		files[r.Schema] = string(text)
	}
	if err := packRoots(&flat, files); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err := flat.Write(&out, false)
	files["zdrworker.yaml"] = out.String()
	return files, err
}

// packRoots takes along the further roots that the configuration names. Those of
// AWS's own variable are this machine's.
func packRoots(flat *config.Config, files map[string]string) error {
	if flat.CABundle == "" || flat.Origin("ca_bundle").Name == "AWS_CA_BUNDLE" {
		flat.CABundle = ""
		return nil
	}
	pem, err := os.ReadFile(flat.Beside(flat.CABundle))
	if err != nil {
		return err
	}
	flat.CABundle = "ca-bundle.pem"
	files[flat.CABundle] = string(pem)
	return nil
}

// ports are those that a worker of this configuration connects to.
func ports(c *config.Config) []int {
	all := []int{443}
	add := func(raw string, def string) {
		u, err := url.Parse(raw)
		if err != nil || raw == "" {
			return
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		if port == "" {
			port = def
		}
		if n, err := strconv.Atoi(port); err == nil && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	add(c.S3.Endpoint, "443")
	add(c.Provider.BaseURL, "443")
	for _, s := range c.Sources {
		add(s.SQS, "443")
		for one := range strings.SplitSeq(s.NATS.URL, ",") {
			add(strings.TrimSpace(one), "4222")
		}
	}
	return all
}
