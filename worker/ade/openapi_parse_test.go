package ade

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/zdrworker/zdrworker/zdr"
)

func readPublishedParse(t *testing.T) published {
	t.Helper()
	return readPublishedPart(t, "testdata/parse-jobs.openapi.json")
}

func TestPublishedParseJobsAreRead(t *testing.T) {
	p := readPublishedParse(t)
	for _, how := range []fill{required, everyOne, nulls} {
		for _, status := range []int{200, 206} {
			ex := p.example(p.schemas["JobStatusResponse"], how, "")
			p.check(t, "JobStatusResponse", ex)
			delete(at(ex), "data") // the guard takes it for a violation
			c, _ := answering(replied(status, encode(t, ex)))
			job, err := c.ParseJob(t.Context(), jobID(t, "job_id"), testRef)
			if err != nil {
				t.Fatalf("%d, %d: %v", how, status, err)
			}
			if job.Status != "status" || job.Progress != 1 || !job.ReceivedAt.Equal(time.Unix(1767225600, 0)) || job.Partial != (status == 206) {
				t.Errorf("%d: got %+v", how, job)
			}
			if (job.Receipt != nil) != (how == everyOne) {
				t.Errorf("%d: got receipt %v", how, job.Receipt)
			}
		}
	}
}

// TestPublishedParseReceipts: the members of a receipt, whole, bare and null.
// The examples' whole numbers are no numbers of pages, so that one is put in.
func TestPublishedParseReceipts(t *testing.T) {
	p := readPublishedParse(t)
	for _, how := range []fill{required, everyOne, nulls} {
		meta := p.example(p.schemas["ParseMetadata"], how, "")
		p.check(t, "ParseMetadata", meta)
		at(meta)["page_count"] = 7
		if how != required {
			at(meta)["failed_pages"] = []any{0, 6}
		}
		c, _ := answering(replied(200, `{"job_id":"job-1","status":"completed","received_at":1,"progress":1,"metadata":`+encode(t, meta)+`}`))
		job, err := c.ParseJob(t.Context(), jobID(t, "job-1"), testRef)
		if err != nil {
			t.Fatal(err)
		}
		r := job.Receipt
		if r == nil || r.JobID != "job_id" || r.Credits != 1 || r.Duration != 1767225600*time.Millisecond || r.Pages != 7 {
			t.Fatalf("%d: got %+v", how, r)
		}
		if (len(r.FailedPages) == 2) != (how != required) || (r.Version == "version") != (how != nulls) {
			t.Errorf("%d: got %+v", how, r)
		}
	}
}

func TestPublishedParseListsAreRead(t *testing.T) {
	p := readPublishedParse(t)
	ex := p.example(p.schemas["JobsListResponse"], everyOne, "")
	p.check(t, "JobsListResponse", ex)
	a := replied(200, encode(t, ex))
	a.reply.Jobs = []zdr.JobID{jobID(t, "job_id")}
	c, _ := answering(a)
	list, err := c.ParseJobs(t.Context(), ListOptions{})
	if err != nil || len(list.Jobs) != 1 || !list.HasMore || list.Jobs[0].Status != "status" {
		t.Errorf("got %+v, %v", list, err)
	}
	if got := p.listParameters(parseJobsPath); !slices.Equal(slices.Sorted(maps.Keys(got)), []string{"page", "pageSize", "status"}) {
		t.Errorf("published %v", got)
	}
	checkStatuses(t, p.listParameters(parseJobsPath)["status"])
}

func TestStoredParseRepliesArePublished(t *testing.T) {
	p := readPublishedParse(t)
	schemas := map[string]string{OpParseCreate: "JobCreationResponse", OpParseGet: "JobStatusResponse", OpParseList: "JobsListResponse"}
	checked := 0
	for _, r := range storedReplies(t) {
		if schemas[r.op] == "" || r.status >= 300 {
			continue
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.body))
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		p.check(t, schemas[r.op], instance)
		checked++
	}
	if checked < 6 {
		t.Errorf("only %d replies were checked", checked)
	}
}

// TestParseRequestsArePublished: all published fields but document are sent.
func TestParseRequestsArePublished(t *testing.T) {
	p := readPublishedParse(t)
	job := everyOption(t)
	for name, form := range map[string]func() (string, []byte){
		"AsyncParseRequestWithEncryptedPassword": job.form,
		"ParseRequestWithEncryptedPassword":      job.parse().form,
	} {
		contentType, body := form()
		got := slices.Sorted(maps.Keys(formOf(t, contentType, string(body))))
		want := slices.DeleteFunc(slices.Sorted(maps.Keys(at(p.schemas[name], "properties"))), func(s string) bool { return s == "document" })
		if len(want) < 5 || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, published %v", name, got, want)
		}
	}
	splits, _ := at(p.schemas["SplitType"])["enum"].([]any)
	if !slices.Equal(splits, []any{string(SplitPage)}) {
		t.Errorf("published %v", splits)
	}
	checkPublishedPrompts(t, p)
}

func checkPublishedPrompts(t *testing.T, p published) {
	t.Helper()
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(promptsOf(t, "Describe the axes.").Canonical()))
	if err != nil {
		t.Fatal(err)
	}
	p.check(t, "CustomPrompts", instance)
}

func TestPublishedParseStatusCodes(t *testing.T) {
	p := readPublishedParse(t)
	got := map[string]string{}
	for _, op := range []struct{ name, path, method string }{
		{OpParseCreate, parseJobsPath, "post"},
		{OpParseList, parseJobsPath, "get"},
		{OpParseGet, parseJobsPath + "/{job_id}", "get"},
		{OpParseSync, parsePath, "post"},
	} {
		codes := slices.Sorted(maps.Keys(at(p.doc, "paths", op.path, op.method, "responses")))
		got[op.name] = strings.Join(codes, " ")
	}
	want := map[string]string{OpParseCreate: "202 422 429", OpParseList: "200 422", OpParseGet: "200 206 404 422", OpParseSync: "200 206 422 429"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
