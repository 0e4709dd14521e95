//go:build unix

package fleet

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/zdr"
)

const (
	schemaText = `{"type":"object","properties":{"invoice_number":{"type":"string"}}}`
	listLag    = time.Second
)

// world is what the processes work on.
type world struct {
	t               *testing.T
	client          *s3.Client
	store, exchange string
	provider        *adetest.Server
	asked           *counter // between the processes and the store
	program, dir    string
	env             []string

	mu      sync.Mutex
	pids    map[string]int // worker, as it calls itself in its log → process
	holders map[string]bool
}

func newWorld(t *testing.T) *world {
	server := miniotest.Start(t)
	w := &world{
		t: t, client: server.Client(), dir: t.TempDir(), pids: map[string]int{}, holders: map[string]bool{},
		store: server.NewBucket(t, miniotest.Bucket{Versioned: true}), exchange: server.NewBucket(t, miniotest.Bucket{Encrypted: true}),
	}
	var err error
	w.provider, err = adetest.Start(adetest.Options{
		ZDR: true, ListLag: listLag, Remember: 1 << 30, Delay: adetest.Delay{Pending: 100 * time.Millisecond, Processing: 400 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.provider.Close() })
	w.asked = countStore(t, server.Endpoint)
	w.program = filepath.Join(w.dir, "zdrworker")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", w.program, "github.com/zdrworker/zdrworker/cmd/zdrworker").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	w.configure(server)
	return w
}

func (w *world) configure(server *miniotest.Server) {
	schema, err := zdr.ParseSchema([]byte(schemaText))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("schema.json", schemaText)
	w.write("zdrworker.yaml", fmt.Sprintf(`version: 1
store: s3://%s
exchange: s3://%s
s3: {region: %s, endpoint: %q, path_style: true}
provider: {base_url: %q, list_lag: 2s}
signing:
  lifetime: 30m
  endpoint: %[7]q
  reader: {credentials: env, prefix: READER}
  writer: {credentials: env, prefix: WRITER}
timing: {lease: 5s, post_timeout: 5s, clock_skew: 2s, drain_margin: 1m, job_time: 1m}
policy: {development: true, schemas: [%[6]q]}
routes:
  - {name: pods, match: {prefix: inbox/pods/}, schema: schema.json}
  - {name: left, match: {prefix: inbox/left/}, schema: schema.json}
sources:
  - schedule: {every: 2s}
`, w.store, w.exchange, miniotest.Region, w.asked.URL, w.provider.URL, schema.Digest(), server.Endpoint))
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TMPDIR=" + w.dir, "ZDRWORKER_LOG_LEVEL=debug", "ZDRWORKER_LOG_FORMAT=json",
		"ZDRWORKER_PROGRESS=none", "ZDRWORKER_JSON=true", "VISION_AGENT_API_KEY=fleet-" + rand.Text(),
	}
	ids := server.Identities(w.store, w.exchange)
	w.identity("AWS", ids.Worker)
	w.identity("READER", ids.Reader)
	w.identity("WRITER", ids.Writer)
}

func (w *world) write(name, text string) {
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) identity(prefix string, id presign.Identity) {
	c, err := id.Credentials.Retrieve(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, prefix+"_ACCESS_KEY_ID="+c.AccessKeyID, prefix+"_SECRET_ACCESS_KEY="+c.SecretAccessKey, prefix+"_SESSION_TOKEN="+c.SessionToken)
}

// post puts n documents below a prefix, as their owner does.
func (w *world) post(prefix string, n int) {
	var all sync.WaitGroup
	next := make(chan int)
	for range 8 {
		all.Go(func() {
			for i := range next {
				text := fmt.Appendf(nil, "Invoice number: %s%d\n", prefix, i)
				_, err := w.client.PutObject(w.t.Context(), &s3.PutObjectInput{
					Bucket: &w.store, Key: aws.String(fmt.Sprintf("%s%05d.md", prefix, i)), Body: bytes.NewReader(text),
				})
				if err != nil {
					w.t.Errorf("a document cannot be written: %v", err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

// count counts objects below a prefix.
func (w *world) count(bucket, prefix string) (n int) {
	pages := s3.NewListObjectsV2Paginator(w.client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		n += len(page.Contents)
	}
	return n
}

// sweeper is the worker that has the sweep's lease; "" is none.
func (w *world) sweeper() string {
	obj, err := w.client.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: &w.store, Key: aws.String("zdr/control/leases/sweep.json")})
	if err != nil {
		return "" // nobody has swept yet
	}
	defer obj.Body.Close()
	var duty struct {
		Holder string    `json:"holder"`
		Until  time.Time `json:"until"`
	}
	body, err := io.ReadAll(obj.Body)
	if err != nil || json.Unmarshal(body, &duty) != nil || time.Now().After(duty.Until) {
		return ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if duty.Holder != "" {
		w.holders[duty.Holder] = true
	}
	return duty.Holder
}

// run runs one command to its end and gives its exit code.
func (w *world) run(args ...string) int {
	ctx, stop := context.WithTimeout(w.t.Context(), 4*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, w.program, args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		w.t.Logf("%s", out)
		return exit.ExitCode()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return 0
}
