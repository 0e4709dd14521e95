package ade

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

func promptsOf(t testing.TB, figure string) zdr.Prompts {
	t.Helper()
	p, err := zdr.NewPrompts(figure)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parseJob(t testing.TB) ParseJob {
	t.Helper()
	pair := signedPair(t, noDepository{}, testRef)
	return ParseJob{Ref: testRef, Attempt: 1, Document: pair.Get, OutputSave: pair.Put}
}

// everyOption is a parse that says all that can be said.
func everyOption(t testing.TB) ParseJob {
	t.Helper()
	job := parseJob(t)
	job.Model, job.Split, job.Prompts = "dpt-2-20260410", SplitPage, promptsOf(t, "Describe the axes.")
	job.Password = zdr.NewPassword("open sesame")
	return job
}

func TestParseCreateSendsTheFormOnly(t *testing.T) {
	for _, job := range []ParseJob{parseJob(t), everyOption(t)} {
		a := replied(202, `{"job_id":"job-1"}`)
		a.reply.Created = jobID(t, "job-1")
		c, s := answering(a)
		id, err := c.CreateParseJob(t.Context(), job)
		if err != nil || id != jobID(t, "job-1") {
			t.Fatalf("got %v, %v", id, err)
		}
		got := s.asked[0]
		if got.method != "POST" || got.url != scriptedBase+parseJobsPath || got.authorization != "Bearer key-1" || !got.deadline {
			t.Errorf("got %s %s, deadline %v", got.method, got.url, got.deadline)
		}
		if got.about != (zdr.Call{Operation: OpParseCreate, Ref: testRef, Attempt: 1}) {
			t.Errorf("got %+v", got.about)
		}
		want := map[string]string{"document_url": job.Document.Reveal(), "output_save_url": job.OutputSave.Reveal()}
		if job.Model != "" {
			want["model"], want["split"], want["password"] = "dpt-2-20260410", "page", "open sesame"
			want["custom_prompts"] = `{"figure":"Describe the axes."}`
		}
		checkFields(t, got, want)
	}
}

func checkFields(t *testing.T, got scriptedRequest, want map[string]string) {
	t.Helper()
	fields := formOf(t, got.contentType, got.body)
	if len(fields) != len(want) {
		t.Errorf("got %d fields, want %d", len(fields), len(want))
	}
	for name, value := range want {
		if fields[name] != value {
			t.Errorf("field %s differs", name)
		}
	}
}

func TestParseLacksWhatItNeeds(t *testing.T) {
	whole := parseJob(t)
	for name, edit := range map[string]func(*ParseJob){
		"no document":           func(j *ParseJob) { j.Document = presign.URL{} },
		"an outbox to read":     func(j *ParseJob) { j.Document = j.OutputSave },
		"no outbox":             func(j *ParseJob) { j.OutputSave = presign.URL{} },
		"a document to write":   func(j *ParseJob) { j.OutputSave = j.Document },
		"a split of some other": func(j *ParseJob) { j.Split = "section" },
	} {
		job := whole
		edit(&job)
		c, s := answering(replied(202, `{"job_id":"job-1"}`))
		if _, err := c.CreateParseJob(t.Context(), job); !errors.Is(err, ErrNotSent) || len(s.asked) != 0 {
			t.Errorf("%s: got %v after %d requests", name, err, len(s.asked))
		}
	}
}

func TestParseReceipts(t *testing.T) {
	for _, test := range []struct {
		file   string
		status int
		want   Job
	}{
		{"parse-get-200-completed", 200, Job{Status: StatusCompleted, Progress: 1, Receipt: &Receipt{Pages: 421, Credits: 1263, Duration: 946 * time.Second}}},
		{"parse-get-206-pages", 206, Job{Status: StatusCompleted, Partial: true, Progress: 1, Receipt: &Receipt{Pages: 3, Credits: 6, Duration: 8110 * time.Millisecond, FailedPages: []int{0, 2}}}},
		{"parse-get-200-processing-whole", 200, Job{Status: StatusProcessing, Progress: 1}},
		{"parse-get-200-failed", 200, Job{Status: StatusFailed, Progress: 0.25}},
	} {
		c, s := answering(replied(test.status, string(readFile(t, "testdata/replies/"+test.file+".json"))))
		job, err := c.ParseJob(t.Context(), jobID(t, "job-1"), testRef)
		if err != nil {
			t.Fatalf("%s: %v", test.file, err)
		}
		if job.Status != test.want.Status || job.Partial != test.want.Partial || job.Progress != test.want.Progress {
			t.Errorf("%s: got %+v", test.file, job)
		}
		if (job.Receipt != nil) != (test.want.Receipt != nil) || job.FailureReason.IsZero() != (job.Status != StatusFailed) {
			t.Errorf("%s: got receipt %v", test.file, job.Receipt)
		}
		if got, want := job.Receipt, test.want.Receipt; want != nil && (got.Pages != want.Pages || got.Credits != want.Credits ||
			got.Duration != want.Duration || !slices.Equal(got.FailedPages, want.FailedPages) || got.JobID != "job-1" || got.Version == "") {
			t.Errorf("%s: got %+v", test.file, got)
		}
		if s.asked[0].url != scriptedBase+parseJobsPath+"/job-1" || s.asked[0].about.Operation != OpParseGet {
			t.Errorf("%s: asked %s as %s", test.file, s.asked[0].url, s.asked[0].about.Operation)
		}
	}
}

func TestOddPagesAreNoPages(t *testing.T) {
	c, _ := answering(replied(206, `{"job_id":"job-1","status":"completed","metadata":{"page_count":-1,"failed_pages":[1,"2",2.5,-1,1e9,null,3]}}`))
	job, err := c.ParseJob(t.Context(), jobID(t, "job-1"), testRef)
	if err != nil || job.Receipt.Pages != 0 || !slices.Equal(job.Receipt.FailedPages, []int{1, 3}) {
		t.Errorf("got %+v, %v", job.Receipt, err)
	}
}

func TestParseList(t *testing.T) {
	a := replied(200, string(readFile(t, "testdata/replies/parse-list-200-two.json")))
	a.reply.Jobs = []zdr.JobID{jobID(t, "job-1"), jobID(t, "job-2")}
	c, s := answering(a)
	list, err := c.ParseJobs(t.Context(), ListOptions{Page: 1, PageSize: 2})
	if err != nil || len(list.Jobs) != 2 || list.Jobs[0].Progress != 0.4 || !list.HasMore {
		t.Errorf("got %+v, %v", list, err)
	}
	if s.asked[0].url != scriptedBase+parseJobsPath+"?page=1&pageSize=2" || s.asked[0].about.Operation != OpParseList {
		t.Errorf("asked %s as %s", s.asked[0].url, s.asked[0].about.Operation)
	}
}

func TestParseToHandsContentThrough(t *testing.T) {
	for status, partial := range map[int]bool{200: false, 206: true} {
		c, s := answering(replied(status, `{"markdown":"content"}`))
		var to bytes.Buffer
		got, err := c.ParseTo(t.Context(), everyOption(t).parse(), &to)
		if err != nil || got.Partial != partial || to.String() != `{"markdown":"content"}` {
			t.Errorf("got %+v, %v and %s", got, err, to.String())
		}
		asked := s.asked[0]
		if asked.method != "POST" || asked.url != scriptedBase+parsePath || asked.about.Operation != OpParseSync || !asked.deadline {
			t.Errorf("asked %s %s as %s", asked.method, asked.url, asked.about.Operation)
		}
		if fields := formOf(t, asked.contentType, asked.body); len(fields) != 5 || fields["output_save_url"] != "" {
			t.Errorf("got %d fields", len(fields))
		}
	}
}

func TestParseToOfARefusedKey(t *testing.T) {
	c, s := answering(replied(401, ``))
	source, _ := keys("old", "new")
	c.keys = &keyring{read: source}
	_, err := c.ParseTo(t.Context(), parseJob(t).parse(), io.Discard)
	if e, ok := errors.AsType[*Error](err); !ok || e.Class != ErrUnauthorized || !e.KeyRenewed || len(s.asked) != 1 {
		t.Errorf("got %v after %d requests", err, len(s.asked))
	}
}

// guardedParse makes a real guard and a client for a peer's address.
func guardedParse(t testing.TB, address string, edits ...func(*zdr.Policy)) (*Client, ParseJob) {
	t.Helper()
	return guardedParseBy(t, address, &zdr.Tally{}, edits...)
}

func guardedParseBy(t testing.TB, address string, recorder zdr.Recorder, edits ...func(*zdr.Policy)) (*Client, ParseJob) {
	t.Helper()
	policy := zdr.Policy{Development: true, Hosts: []string{"http://" + address}}
	for _, edit := range edits {
		edit(&policy)
	}
	guard, err := zdr.NewGuard(policy, recorder)
	if err != nil {
		t.Fatal(err)
	}
	pair := signedPair(t, guard, testRef)
	return New(guard, zdr.NewAPIKey("key-1")), ParseJob{Ref: testRef, Attempt: 1, Document: pair.Get, OutputSave: pair.Put}
}

func TestParseOverTheWire(t *testing.T) {
	p := newPeer(t, func(r *http.Request) string {
		switch {
		case r.Method == "POST" && r.URL.Path == parseJobsPath:
			return says("202 Accepted", accepted)
		case r.Method == "POST":
			return says("200 OK", `{"markdown":"content"}`)
		case r.URL.Path == parseJobsPath:
			return says("200 OK", `{"jobs":[{"job_id":"job-1","status":"processing","received_at":1767225600,"progress":1}]}`)
		}
		return says("206 Partial Content", `{"job_id":"job-1","status":"completed","received_at":1767225600,"progress":1,"data":null,"metadata":{"page_count":2,"failed_pages":[1]}}`)
	})
	c, ask := guardedParse(t, p.listener.Addr().String(), func(p *zdr.Policy) { p.SyncCalls = true })
	id, err := c.CreateParseJob(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.ParseJobs(t.Context(), ListOptions{})
	if err != nil || len(list.Jobs) != 1 || list.Jobs[0].ID != id {
		t.Errorf("got %+v, %v", list, err)
	}
	job, err := c.ParseJob(t.Context(), id, testRef)
	if err != nil || !job.Partial || job.Receipt.Pages != 2 || !slices.Equal(job.Receipt.FailedPages, []int{1}) {
		t.Errorf("got %+v, %v", job, err)
	}
	if _, err := c.CreateParseJob(t.Context(), ask); !errors.Is(err, ErrRefused) || p.count("POST") != 1 {
		t.Errorf("used URLs: got %v and %d creates", err, p.count("POST"))
	}
}

func TestSyncParseOverTheWire(t *testing.T) {
	p := newPeer(t, func(*http.Request) string { return says("200 OK", `{"markdown":"content"}`) })
	var to strings.Builder
	c, ask := guardedParse(t, p.listener.Addr().String())
	if _, err := c.ParseTo(t.Context(), ask.parse(), &to); !errors.Is(err, ErrRefused) || p.count("POST") != 0 || to.Len() != 0 {
		t.Errorf("by default: got %v after %d requests", err, p.count("POST"))
	}
	c, ask = guardedParse(t, p.listener.Addr().String(), func(p *zdr.Policy) { p.SyncCalls = true })
	if _, err := c.ParseTo(t.Context(), ask.parse(), &to); err != nil || to.String() != `{"markdown":"content"}` {
		t.Errorf("got %v and %s", err, to.String())
	}
	full := errors.New("the bucket is full")
	c, ask = guardedParse(t, p.listener.Addr().String(), func(p *zdr.Policy) { p.SyncCalls = true })
	if _, err := c.ParseTo(t.Context(), ask.parse(), writerFunc(func([]byte) (int, error) { return 0, full })); !errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, full) || strings.Contains(err.Error(), "full") {
		t.Errorf("a writer that fails: got %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
