//go:build unix

package chaos

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
	"github.com/zdrworker/zdrworker/zdr"
)

// world is everything that is not a worker: buckets, provider, the ways between
// them, and the documents.
type world struct {
	t    *testing.T
	plan plan
	mark string // begins every document's value, and is nowhere else

	client          *s3.Client // the owner's own way to the store, never cut
	store, exchange string
	provider        *adetest.Server
	faults          *faults
	// The ways: workers to the store, workers to the provider, provider to the
	// store.
	toStore, toProvider, delivery *line

	program string // the built zdrworker
	dir     string // its working folder: configuration and schema
	scratch string // its home and temporary folder
	env     []string
	book    *book
}

const schemaText = `{"type":"object","properties":{
 "invoice_number":{"type":"string","description":"Number of the invoice"},
 "total":{"type":"number","description":"Total amount"}}}`

func newWorld(t *testing.T, p plan) *world {
	server := miniotest.Start(t)
	w := &world{
		t: t, plan: p, mark: "IV" + rand.Text()[:10], client: server.Client(), dir: t.TempDir(), scratch: t.TempDir(),
		store: server.NewBucket(t, miniotest.Bucket{Versioned: true}), exchange: server.NewBucket(t, miniotest.Bucket{Encrypted: true}),
	}
	w.book = newBook(t, w.mark)
	w.faults = newFaults(p)
	var err error
	w.provider, err = adetest.Start(adetest.Options{
		ZDR: true, ListLag: listLag, Remember: 1 << 30,
		Undocumented: adetest.Undocumented{TransferTimeout: transfer, PutTries: 5, FetchTries: 2, Fetch: w.faults.fetch},
		Faults:       adetest.Faults{Request: w.faults.request, Job: w.faults.job},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.provider.Close() })
	host := strings.TrimPrefix(server.Endpoint, "http://")
	w.toStore = newLine(t, "worker to store", host)
	w.delivery = newLine(t, "provider to store", host)
	w.toProvider = newLine(t, "worker to provider", strings.TrimPrefix(w.provider.URL, "http://"))
	w.program = build(t)
	w.configure(server.Identities(w.store, w.exchange))
	return w
}

func (w *world) lines() []*line { return []*line{w.toStore, w.toProvider, w.delivery} }

// build makes the program once, as it is shipped.
func build(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "zdrworker")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/zdrworker/zdrworker/cmd/zdrworker").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// configure writes the file that every process reads, and its variables.
func (w *world) configure(ids miniotest.Identities) {
	schema, err := zdr.ParseSchema([]byte(schemaText))
	if err != nil {
		w.t.Fatal(err)
	}
	file := fmt.Sprintf(`version: 1
store: s3://%s
exchange: s3://%s
s3: {region: %s, endpoint: %q, path_style: true}
provider: {base_url: %q, list_lag: %s}
signing:
  lifetime: %s
  endpoint: %q
  reader: {credentials: env, prefix: READER}
  writer: {credentials: env, prefix: WRITER}
timing: {lease: %s, post_timeout: %s, clock_skew: %s, drain_margin: %s, job_time: %s}
policy: {development: true, schemas: [%q]}
routes:
  - {name: %s, match: {prefix: %s, suffix: [.md, .pdf]}, schema: schema.json, parse: {model: %s}}
`, w.store, w.exchange, miniotest.Region, w.toStore.URL(), w.toProvider.URL(), listWait, w.plan.life, w.delivery.URL(),
		lease, postTimeout, skew, drainMargin, jobTime, schema.Digest(), route, inbox, adetest.DefaultParseVersion)
	w.write("zdrworker.yaml", file)
	w.write("schema.json", schemaText)
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.scratch, "TMPDIR=" + w.scratch,
		"ZDRWORKER_LOG_LEVEL=debug", "ZDRWORKER_LOG_FORMAT=json", "ZDRWORKER_PROGRESS=none", "ZDRWORKER_JSON=true",
		"VISION_AGENT_API_KEY=chaos-" + rand.Text(),
	}
	w.identity("AWS", ids.Worker)
	w.identity("READER", ids.Reader)
	w.identity("WRITER", ids.Writer)
	w.checkConfig()
}

// checkConfig spares a storm of processes that refuse their configuration.
func (w *world) checkConfig() {
	cmd := exec.CommandContext(w.t.Context(), w.program, "config", "check")
	cmd.Dir, cmd.Env = w.dir, w.env
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("config check: %v\n%s", err, out)
	}
}

func (w *world) write(name, text string) {
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// identity adds credentials as variables.
func (w *world) identity(prefix string, id presign.Identity) {
	c, err := id.Credentials.Retrieve(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, prefix+"_ACCESS_KEY_ID="+c.AccessKeyID, prefix+"_SECRET_ACCESS_KEY="+c.SecretAccessKey, prefix+"_SESSION_TOKEN="+c.SessionToken)
}

const (
	route = "chaos"
	inbox = "inbox/"
	// batch is how many documents lie in one folder: a process that is started
	// again and again need not look at all that was ever answered.
	batch = 50
)

func folder(n int) string { return fmt.Sprintf("%sb%03d/", inbox, n/batch) }

func (p plan) keyOf(n int) string {
	ext := map[bool]string{true: "pdf", false: "md"}[p.parsed(n)]
	return fmt.Sprintf("%sdoc-%05d.%s", folder(n), n, ext)
}

func (p plan) resultOf(n int) string {
	return "results/" + route + "/" + strings.TrimPrefix(p.keyOf(n), inbox) + ".json"
}

// value is what only document n says.
func (w *world) value(n int) string { return fmt.Sprintf("%s-%05d", w.mark, n) }

func (w *world) document(n int) []byte {
	number, total := "Invoice number: "+w.value(n), fmt.Sprintf("Total: %d.50", n)
	if w.plan.parsed(n) {
		return pdftest.Text(w.t, number, total)
	}
	return []byte("# Invoice\n\n" + number + "\n\n" + total + "\n")
}

// post writes documents from to n as their owner does.
func (w *world) post(from, n int) {
	for i := from; i < n; i++ {
		_, err := w.client.PutObject(w.t.Context(), &s3.PutObjectInput{
			Bucket: &w.store, Key: aws.String(w.plan.keyOf(i)), Body: bytes.NewReader(w.document(i)),
		})
		if err != nil {
			w.t.Errorf("the owner cannot write a document: %v", err)
			return
		}
	}
}
