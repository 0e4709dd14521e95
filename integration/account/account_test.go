package account_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/trigger/natstest"
)

const (
	apiKey  = "test-key-of-nobody-1a2b3c"
	stream  = "EVENTS"
	subject = "buckets"
	queue   = "arn:minio:sqs::BUS:nats"
)

func TestMain(m *testing.M) { miniotest.Main(m) }

// TestAccount starts MinIO with its queue once for everything here.
func TestAccount(t *testing.T) {
	if testing.Short() {
		t.Skip("MinIO is not part of the short tests; run without -short")
	}
	bus := natstest.Start(t, stream, subject).URL
	for name, value := range map[string]string{
		"ZDRWORKER_TEST_MINIO":            "process", // see the package's doc
		"MINIO_NOTIFY_NATS_ENABLE_BUS":    "on",
		"MINIO_NOTIFY_NATS_ADDRESS_BUS":   strings.TrimPrefix(bus, "nats://"),
		"MINIO_NOTIFY_NATS_SUBJECT_BUS":   subject,
		"MINIO_NOTIFY_NATS_JETSTREAM_BUS": "on",
		"AWS_SHARED_CREDENTIALS_FILE":     filepath.Join(t.TempDir(), "none"),
		"AWS_CONFIG_FILE":                 filepath.Join(t.TempDir(), "aws"),
		"AWS_EC2_METADATA_DISABLED":       "true",
	} {
		t.Setenv(name, value)
	}
	w := &world{minio: miniotest.Start(t), bus: bus}
	t.Run("doctor", w.testDoctor)
	t.Run("rights", w.testRights)
	t.Run("removal", w.testRemoval)
	t.Run("signers", w.testSigners)
	t.Run("container", w.testContainer)
}

// world is what all accounts share.
type world struct {
	minio *miniotest.Server
	bus   string

	mu       sync.Mutex
	profiles strings.Builder // what is in the SDK's configuration file
}

// account is a deployment as the modules make one: buckets with their settings,
// three identities, a queue, a provider, a configuration.
type account struct {
	t               *testing.T
	w               *world
	id              string // the last part of its profiles' names
	owner           *s3.Client
	store, exchange string
	policies        map[string]policy // of worker, reader, writer
	lives           map[string]time.Duration
	provider        *adetest.Server
	vars            map[string]string
	dir             string
}

const schema = `{"type":"object","properties":{"invoice_number":{"type":"string"}}}`

func (w *world) account(t *testing.T) *account {
	t.Helper()
	a := &account{
		t: t, w: w, id: rand.Text(), owner: w.minio.Client(), dir: t.TempDir(),
		store:    w.minio.NewBucket(t, miniotest.Bucket{Encrypted: true, Versioned: true}),
		exchange: w.minio.NewBucket(t, miniotest.Bucket{Encrypted: true}),
		lives:    map[string]time.Duration{},
	}
	var err error
	if a.provider, err = adetest.Start(adetest.Options{ZDR: true, Keys: []string{apiKey}, Client: &http.Client{Transport: &http.Transport{}}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.provider.Close() })
	a.policies = rendered(t, a.store, a.exchange)
	a.expire(3)
	a.notify(a.store, "inbox/")
	a.notify(a.exchange, "o/")
	a.put("schemas/invoice.json", schema)
	a.write("zdrworker.yaml", a.file())
	a.vars = map[string]string{
		config.APIKeyVariable:    apiKey,
		"AWS_ENDPOINT_URL_S3":    w.minio.Endpoint,
		"LANDINGAI_ADE_BASE_URL": a.provider.URL,
	}
	return a
}

func (a *account) file() string {
	return fmt.Sprintf(`version: 1
store: s3://%s
exchange: s3://%s
s3: {region: %s, path_style: true}
signing:
  lifetime: 30m
  reader: {credentials: profile, profile: reader-%s}
  writer: {credentials: profile, profile: writer-%s}
timing: {job_time: 10m, ask: 100ms}
provider: {list_lag: 1s}
policy:
  development: true
  schemas: ["%s"]
routes:
  - name: invoices
    match: {prefix: inbox/, suffix: [.md, .pdf]}
    schema: s3://%s/schemas/invoice.json
sources:
  - nats: {url: "%s", stream: %s}
`, a.store, a.exchange, miniotest.Region, a.id, a.id, digest, a.store, a.w.bus, stream)
}

func (a *account) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// edit changes the configuration file.
func (a *account) edit(old, new string) {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.dir, "zdrworker.yaml"))
	if err != nil || !strings.Contains(string(text), old) {
		a.t.Fatalf("the configuration has no %q: %v", old, err)
	}
	a.write("zdrworker.yaml", strings.Replace(string(text), old, new, 1))
}

// expire is the lifecycle of the exchange bucket. MinIO takes no rule that does
// nothing but abort uploads, so that it is part of the others.
func (a *account) expire(days int32) {
	a.t.Helper()
	var rules []types.LifecycleRule
	for _, prefix := range []string{"s/", "o/"} {
		rules = append(rules, types.LifecycleRule{
			ID: aws.String("expire-" + prefix[:1]), Status: types.ExpirationStatusEnabled,
			Filter:                         &types.LifecycleRuleFilter{Prefix: &prefix},
			Expiration:                     &types.LifecycleExpiration{Days: &days},
			AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(1)},
		})
	}
	a.lifecycle(a.exchange, rules...)
}

func (a *account) lifecycle(bucket string, rules ...types.LifecycleRule) {
	a.t.Helper()
	_, err := a.owner.PutBucketLifecycleConfiguration(a.t.Context(), &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules},
	})
	a.must(err)
}

func (a *account) notify(bucket, prefix string) {
	a.t.Helper()
	_, err := a.owner.PutBucketNotificationConfiguration(a.t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &bucket, NotificationConfiguration: &types.NotificationConfiguration{
			QueueConfigurations: []types.QueueConfiguration{{
				QueueArn: aws.String(queue), Events: []types.Event{"s3:ObjectCreated:*"},
				Filter: &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{
					FilterRules: []types.FilterRule{{Name: types.FilterRuleNamePrefix, Value: &prefix}},
				}},
			}},
		},
	})
	a.must(err)
}

func (a *account) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// enter makes the three identities, as they are described now: as profiles that
// say when they end, as the sessions of AWS do. The worker's is given by
// variables as well, since each account has its own. MinIO's sessions take no
// policy of this length, so these are users.
func (a *account) enter() *config.Config {
	a.t.Helper()
	for _, who := range []string{"worker", "reader", "writer"} {
		life := a.lives[who]
		if life == 0 {
			life = time.Hour
		}
		user := a.w.minio.NewUser(a.t, a.policies[who].text())
		session, err := json.Marshal(map[string]any{
			"Version": 1, "AccessKeyId": user.AccessKey, "SecretAccessKey": user.SecretKey,
			"Expiration": time.Now().Add(life).UTC().Format(time.RFC3339),
		})
		a.must(err)
		a.write(who+".json", string(session))
		a.must(a.w.profile(who+"-"+a.id, filepath.Join(a.dir, who+".json")))
		if who == "worker" {
			a.vars["AWS_ACCESS_KEY_ID"], a.vars["AWS_SECRET_ACCESS_KEY"] = user.AccessKey, user.SecretKey
		}
	}
	c, err := config.Load(config.Options{File: filepath.Join(a.dir, "zdrworker.yaml"), Lookup: func(name string) (string, bool) {
		v, ok := a.vars[name]
		return v, ok
	}})
	a.must(err)
	return c
}

// profile adds one to the SDK's configuration file, which is whole whenever
// somebody else reads it.
func (w *world) profile(name, session string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(&w.profiles, "[profile %s]\ncredential_process = cat %s\n", name, session)
	file := os.Getenv("AWS_CONFIG_FILE")
	return errors.Join(os.WriteFile(file+".new", []byte(w.profiles.String()), 0o600), os.Rename(file+".new", file))
}

// together runs tests several at a time: they wait more than they work.
func together(tests []func()) {
	next := make(chan func())
	var done sync.WaitGroup
	for range 6 {
		done.Go(func() {
			for test := range next {
				test()
			}
		})
	}
	for _, test := range tests {
		next <- test
	}
	close(next)
	done.Wait()
}

func background(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), 5*time.Minute)
}
