//go:build !nosandbox

package main

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/zdr"
)

// configuration routes invoices, with more lines at its end.
func configuration(t *testing.T, more string) string {
	t.Helper()
	s, err := zdr.ParseSchema([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("version: 1\npolicy:\n  schemas: [%s]\nroutes:\n  - {name: invoices, match: {prefix: inbox/}, schema: s.json}\n%s", s.Digest(), more)
}

// TestBatch: of a batch with everything in it, what is wrong comes again and
// what is right is done once; the result's own event brings it home.
func TestBatch(t *testing.T) {
	b := newBench(t)
	b.start("ZDRWORKER_CONFIG=" + configuration(t, ""))
	good, direct := b.document("good"), b.document("direct")
	malformed := b.mark.Mark("malformed")
	letGo := b.hold(2)
	b.answers(batchOf(
		s3Event(sandbox.StoreBucket, good),
		s3Event(sandbox.StoreBucket, good), // doubled
		malformed,
		s3Event(b.mark.Mark("bucket of others"), "inbox/x.md"),
		`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-23T18:00:00.000Z","Bucket":"`+sandbox.StoreBucket+`"}`,
		bridgeEvent(sandbox.StoreBucket, good),
		s3Event(sandbox.StoreBucket, "results/invoices/x.md"), // of our own writing
		`{"zdr":1,"token":"bm90LW91cnM"}`,
		s3Event(sandbox.ExchangeBucket, "o/bm90LW91cnM.json"), // of others
	), enough, again("c", "d", "h"))
	b.answers(s3Event(sandbox.StoreBucket, direct), enough, "{}")
	if jobs := b.box.Provider().Account().Jobs; len(jobs) != 2 {
		t.Fatalf("the provider has %d jobs, want 2", len(jobs))
	}
	letGo()
	results := b.landed(2)
	b.answers(batchOf(s3Event(sandbox.ExchangeBucket, results[0]), s3Event(sandbox.ExchangeBucket, results[0])), enough, again())
	b.answers(bridgeEvent(sandbox.ExchangeBucket, results[1]), enough, "{}")
	if !b.sealed(good) || !b.sealed(direct) || b.billed() != 2 {
		t.Errorf("sealed %t %t, billed %d", b.sealed(good), b.sealed(direct), b.billed())
	}
	for _, want := range []string{`"event":"sqs.unknown","code":"message_not_json"`, `"trace_id":"c"`, `"code":"bucket_not_allowed"`} {
		if !strings.Contains(b.errs.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, b.errs.String())
		}
	}
	b.metrics(map[string]float64{
		"zdrworker_trigger_messages_total/handled,sqs":         8,
		"zdrworker_trigger_messages_total/poison,sqs":          3,
		"zdrworker_trigger_messages_total/handled,lambda":      2,
		"zdrworker_jobs_total/ok,invoices":                     2,
		"zdrworker_provider_requests_total/202,extract.create": 2,
		"zdrworker_url_lifetime_seconds/put":                   2, // values
		"zdrworker_job_duration_seconds/invoices,extract":      2,
	})
}

// TestForeignEvent: an event that is none of ours fails the call, so that
// Lambda's own destination for failures gets it.
func TestForeignEvent(t *testing.T) {
	b := newBench(t)
	b.start("ZDRWORKER_CONFIG=" + configuration(t, ""))
	for _, event := range []string{
		`{}`, `null`, `"` + b.mark.Mark("text") + `"`, s3Event(b.mark.Mark("bucket"), "inbox/x.md"), `{"zdr":1,"token":"bm90LW91cnM"}`,
		`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"x"}}]}`,
		`{"detail-type":"Another Event","source":"aws.events","detail":{}}`,
	} {
		b.fails(event, enough, "message_refused")
	}
	// A failure without an id must not become an empty one, which means all.
	b.fails(`{"Records":[{"eventSource":"aws:sqs","body":"x"}]}`, enough, "message_without_id")
}

// TestDeadline: what cannot be finished is not begun and comes again.
func TestDeadline(t *testing.T) {
	b := newBench(t)
	b.start("ZDRWORKER_CONFIG=" + configuration(t, ""))
	key := b.document("late")
	event := s3Event(sandbox.StoreBucket, key)
	const short = time.Minute // less than a request to the provider may take, and a step beside it
	b.answers(batchOf(event, event), short, again("a", "b"))
	b.fails(event, short, "timeout")
	b.fails(scheduled, short, "timeout")
	for o, err := range b.store.List(t.Context(), bucket.Page{Prefix: "zdr/records/"}) {
		t.Fatalf("a record (%v) at %s", err, o.Key)
	}
	if !strings.Contains(b.errs.String(), "no time for a step") {
		t.Errorf("the log does not say why:\n%s", b.errs.String())
	}
	b.answers(batchOf(event), enough, again())
	if n := len(b.box.Provider().Account().Jobs); n != 1 {
		t.Errorf("the provider has %d jobs, want 1", n)
	}
}

// TestSchedule: without a queue and without events of results, sweeps bring
// jobs to their end.
func TestSchedule(t *testing.T) {
	b := newBench(t)
	b.start("ZDRWORKER_CONFIG=" + configuration(t, ""))
	keys := []string{b.document("first"), b.document("second")}
	letGo := b.hold(2)
	b.answers(batchOf(s3Event(sandbox.StoreBucket, keys[0]), s3Event(sandbox.StoreBucket, keys[1])), enough, again())
	letGo()
	b.landed(2)
	b.answers(scheduled, enough, "{}")
	for _, key := range keys {
		if !b.sealed(key) {
			t.Errorf("not sealed\n%s", b.errs.String())
		}
	}
	before := len(b.out.String())
	b.answers(strings.Replace(scheduled, "aws.scheduler", "aws.events", 1), enough, "{}")
	swept := b.out.String()[before:]
	if !strings.Contains(swept, `"zdrworker_sweep_last_success_timestamp_seconds"`) || !strings.Contains(swept, `"zdrworker_staged_objects":0`) {
		t.Errorf("the sweep's metrics: %s", swept)
	}
	before = len(b.out.String())
	b.answers(batchOf(s3Event(sandbox.StoreBucket, keys[0])), enough, again())
	if after := b.out.String()[before:]; strings.Contains(after, "zdrworker_staged_objects") || strings.Contains(after, "sweep_") {
		t.Errorf("a call that swept nothing tells of the fleet: %s", after)
	}
}

// queue is an SQS that is only sent to.
type queue struct {
	mu     sync.Mutex
	bodies []string
	delays []int
	traces []string
}

func (q *queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Entries []struct {
			ID           string `json:"Id"`
			MessageBody  string
			DelaySeconds int
		}
	}
	body, _ := io.ReadAll(r.Body)
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".SendMessageBatch") || json.Unmarshal(body, &in) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.traces = append(q.traces, r.Header.Get("X-Amzn-Trace-Id"))
	var done []map[string]string
	for _, e := range in.Entries {
		q.bodies, q.delays = append(q.bodies, e.MessageBody), append(q.delays, e.DelaySeconds)
		sum := md5.Sum([]byte(e.MessageBody))
		done = append(done, map[string]string{"Id": e.ID, "MessageId": "m", "MD5OfMessageBody": hex.EncodeToString(sum[:])})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(map[string]any{"Successful": done, "Failed": []string{}})
}

// taken gives what was sent since the last time.
func (q *queue) taken() (bodies []string, delays []int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	bodies, delays = q.bodies, q.delays
	q.bodies, q.delays = nil, nil
	return bodies, delays
}

var onlyAToken = regexp.MustCompile(`^\{"zdr":1,"token":"[A-Za-z0-9_-]+"\}$`)

// TestQueue: a document that must wait for its turn comes back through the
// queue, and so does what a sweep finds; both as a token that names nothing.
func TestQueue(t *testing.T) {
	b := newBench(t)
	q := &queue{}
	host := httptest.NewServer(q)
	defer host.Close()
	b.start("ZDRWORKER_CONFIG=" + configuration(t, "provider: {limits: {in_flight: 1}}\nsources: [{sqs: '"+host.URL+"/111122223333/nudges'}]\n"))
	keys := []string{b.document("first"), b.document("second")}
	b.answers(batchOf(s3Event(sandbox.StoreBucket, keys[0])), enough, again())
	b.answers(batchOf(s3Event(sandbox.StoreBucket, keys[1])), enough, again())
	nudges, delays := q.taken()
	if len(nudges) != 1 || !onlyAToken.MatchString(nudges[0]) || delays[0] < 30 || delays[0] > 900 {
		t.Fatalf("queued %q after %v seconds\n%s", nudges, delays, b.errs.String())
	}
	if q.traces[0] != "" {
		t.Errorf("a nudge tells of the call that it comes from: after 16 rounds Lambda takes it away: %q", q.traces)
	}
	first := b.landed(1)
	b.answers(scheduled, enough, "{}")
	if found, delays := q.taken(); len(found) != 0 || b.sealed(keys[0]) {
		t.Fatalf("a sweep with a queue found what is young: %q %v", found, delays)
	}
	b.answers(batchOf(s3Event(sandbox.ExchangeBucket, first[0])), enough, again())
	for end := time.Now().Add(2 * time.Minute); len(b.box.Provider().Account().Jobs) < 2 && time.Now().Before(end); time.Sleep(time.Second) {
		b.answers(batchOf(nudges[0]), enough, again())
	}
	b.answers(batchOf(s3Event(sandbox.ExchangeBucket, b.landed(1)[0])), enough, again())
	if !b.sealed(keys[0]) || !b.sealed(keys[1]) || b.billed() != 2 {
		t.Errorf("sealed %t %t, billed %d\n%s", b.sealed(keys[0]), b.sealed(keys[1]), b.billed(), b.errs.String())
	}
}

// TestKeyFromASecret: the configuration lies in a bucket, with its schema beside
// it, and the key in a secret that was replaced after it had been read.
func TestKeyFromASecret(t *testing.T) {
	b := newBench(t)
	key := ""
	var asked atomic.Int32
	for name, value := range b.box.Env() {
		if name == "VISION_AGENT_API_KEY" {
			key = value
		}
	}
	vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text := strings.Repeat("old", 12)
		if asked.Add(1) > 2 { // once at the start, once for the first request
			text = key
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": text})
	}))
	defer vault.Close()
	b.put("settings/s.json", schema)
	b.put("settings/z.yaml", configuration(t, "provider: {api_key_secret: 'arn:aws:secretsmanager:us-east-2:111122223333:secret:ade-AbCdEf'}\n"))
	b.start("ZDRWORKER_CONFIG=s3://"+sandbox.StoreBucket+"/settings/z.yaml", "VISION_AGENT_API_KEY=", "AWS_ENDPOINT_URL_SECRETS_MANAGER="+vault.URL)
	doc := b.document("one")
	letGo := b.hold(1)
	b.answers(s3Event(sandbox.StoreBucket, doc), enough, "{}")
	b.answers(s3Event(sandbox.StoreBucket, doc), enough, "{}") // where the first one was put off
	letGo()
	b.answers(s3Event(sandbox.ExchangeBucket, b.landed(1)[0]), enough, "{}")
	if !b.sealed(doc) || asked.Load() != 3 {
		t.Errorf("sealed %t, the secret was read %d times\n%s", b.sealed(doc), asked.Load(), b.errs.String())
	}
	if _, err := b.store.Head(t.Context(), "zdr/control/breaker.json", ""); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("the breaker tripped on a key that was only old: %v", err)
	}
}

// TestSetUpIsTriedAgain: what is wrong is said with its place, fails the call,
// and needs no new process once it is mended.
func TestSetUpIsTriedAgain(t *testing.T) {
	b := newBench(t)
	file := filepath.Join(b.dir, "z.yaml")
	b.start("ZDRWORKER_CONFIG=z.yaml")
	b.fails(scheduled, enough, "config_not_found")
	write(t, file, "version: 1\nnope: 1\n")
	b.fails(batchOf("x"), enough, "config_invalid")
	if !strings.Contains(b.errs.String(), "z.yaml:2:1: nope: unknown key") {
		t.Errorf("the log does not say where:\n%s", b.errs.String())
	}
	write(t, file, strings.Replace(configuration(t, ""), "schemas: [", "schemas: [] # [", 1))
	b.fails(scheduled, enough, "schema_not_approved")
	write(t, file, configuration(t, ""))
	b.answers(scheduled, enough, "{}")
}

// TestNotInLambda: started by hand it says so.
func TestNotInLambda(t *testing.T) {
	t.Setenv("AWS_LAMBDA_RUNTIME_API", "")
	var out strings.Builder
	if exit := run(os.LookupEnv, io.Discard, &out); exit != 64 || !strings.Contains(out.String(), "nothing calls it here") {
		t.Errorf("exit %d: %s", exit, out.String())
	}
}

// TestPanic: type and stack are printed, never the value, and the process ends.
func TestPanic(t *testing.T) {
	var errs strings.Builder
	f := newFunction(func(string) (string, bool) { panic("do-not-quote-me") }, io.Discard, &errs, logger(func(string) (string, bool) { return "", false }, &errs))
	_, err := f.Invoke(t.Context(), []byte(`{}`))
	said, _ := json.Marshal(err)
	if !strings.Contains(string(said), `"panic"`) || !strings.HasPrefix(errs.String(), "panic: string\n") || strings.Contains(errs.String()+string(said), "quote") {
		t.Errorf("%s\n%s", said, errs.String())
	}
}
