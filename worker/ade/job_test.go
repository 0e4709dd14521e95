package ade

import (
	"errors"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

func getStored(t *testing.T, name string, status int) Job {
	t.Helper()
	c, _ := answering(replied(status, string(readFile(t, "testdata/replies/"+name))))
	job, err := c.ExtractJob(t.Context(), jobID(t, "job-1"), testRef)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func TestCompletedJob(t *testing.T) {
	job := getStored(t, "get-200-completed.json", 200)
	at := time.Unix(1767225600, 0).UTC()
	if job.ID != jobID(t, "job-1") || job.Status != StatusCompleted || job.Partial {
		t.Errorf("got %v %v %v", job.ID, job.Status, job.Partial)
	}
	if !job.ReceivedAt.Equal(at) || !job.CreatedAt.Equal(at) || job.Progress != 1 {
		t.Errorf("got %v %v %v", job.ReceivedAt, job.CreatedAt, job.Progress)
	}
	if job.Version != "extract-20260314" || job.OrgID != "u3z0u1hn4acl" || job.FailureReason.Reveal() != "" {
		t.Errorf("got %q %q", job.Version, job.OrgID)
	}
	r := job.Receipt
	if r == nil {
		t.Fatal("no receipt")
	}
	if r.JobID != "job-1" || r.Version != "extract-20260314" || r.OrgID != "u3z0u1hn4acl" || r.FallbackVersion != "" {
		t.Errorf("got %+v", r)
	}
	if r.Duration != 4211*time.Millisecond || r.Credits != 4.6 || r.Filename.Reveal() != "upload.md" {
		t.Errorf("got %v %v %q", r.Duration, r.Credits, r.Filename.Reveal())
	}
	if r.SchemaViolation.Reveal() != "" || len(r.Warnings) != 0 {
		t.Errorf("got %d warnings", len(r.Warnings))
	}
}

func TestPartialJob(t *testing.T) {
	job := getStored(t, "get-206-violation.json", 206)
	if !job.Partial || !job.Status.IsSuccess() || !job.CreatedAt.IsZero() {
		t.Errorf("got %+v", job)
	}
	r := job.Receipt
	if r == nil {
		t.Fatal("no receipt")
	}
	if r.FallbackVersion != "extract-20251024" || r.Version != "" || r.SchemaViolation.Reveal() != "None is not of type 'string'" {
		t.Errorf("got %q %q %q", r.FallbackVersion, r.Version, r.SchemaViolation.Reveal())
	}
	var codes []string
	for _, w := range r.Warnings {
		codes = append(codes, w.Code+"="+w.Message.Reveal())
	}
	want := []string{"nonconformant_schema=unsupported keyword", "nonconformant_output=not a number", "="}
	for i := range want {
		if i >= len(codes) || codes[i] != want[i] {
			t.Fatalf("got %q, want %q", codes, want)
		}
	}
}

func TestOtherJobs(t *testing.T) {
	tests := []struct {
		file     string
		status   Status
		terminal bool
		reason   string
		progress float64
		created  bool
	}{
		{"get-200-pending.json", StatusPending, false, "", 0, false},
		{"get-200-processing-nulls.json", StatusProcessing, false, "", 1, false},
		{"get-200-failed.json", StatusFailed, true, "Job timed out", 0, false},
		{"get-200-cancelled.json", StatusCancelled, true, "", 0, false},
		{"get-200-newer-api.json", "finalizing", false, "", 0, true},
	}
	for _, test := range tests {
		job := getStored(t, test.file, 200)
		if job.Status != test.status || job.Status.IsTerminal() != test.terminal || job.Progress != test.progress {
			t.Errorf("%s: got %v %v", test.file, job.Status, job.Progress)
		}
		if job.FailureReason.Reveal() != test.reason || job.Receipt != nil {
			t.Errorf("%s: got %q and receipt %v", test.file, job.FailureReason.Reveal(), job.Receipt)
		}
		if job.ReceivedAt.Unix() != 1767225600 || job.CreatedAt.IsZero() == test.created {
			t.Errorf("%s: got %v, %v", test.file, job.ReceivedAt, job.CreatedAt)
		}
	}
}

func TestMistypedMembersAreAbsent(t *testing.T) {
	c, _ := answering(replied(200, `{"job_id":"job-1","status":7,"received_at":"soon","created_at":1e300,"progress":"all",
		"version":"a b","org_id":["x"],"failure_reason":{},"metadata":{"credit_usage":-3,"duration_ms":1e300,"warnings":{},"job_id":"`+"\\u0000"+`"}}`))
	job, err := c.ExtractJob(t.Context(), jobID(t, "job-1"), testRef)
	if err != nil {
		t.Fatal(err)
	}
	if job.Status != StatusUnrecognized || !job.ReceivedAt.IsZero() || !job.CreatedAt.IsZero() || job.Progress != 0 {
		t.Errorf("got %+v", job)
	}
	if job.Version != "" || job.OrgID != "" || job.Receipt.Credits != 0 || job.Receipt.Duration != 0 || job.Receipt.JobID != "" {
		t.Errorf("got %+v %+v", job, job.Receipt)
	}
}

func TestStatusIsAWord(t *testing.T) {
	for raw, want := range map[string]Status{
		"completed": StatusCompleted, " Completed ": StatusCompleted, "in_review": "in_review",
		"": StatusUnrecognized, "Patient: Jane": StatusUnrecognized, "naïve": StatusUnrecognized,
		"abcdefghijklmnopqrstuvwxyzabcdefg": StatusUnrecognized,
	} {
		got := readStatus(raw)
		if got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
		if got.IsSuccess() != (want == StatusCompleted) || got.IsTerminal() != (want == StatusCompleted) || got.IsKnown() != (want == StatusCompleted) {
			t.Errorf("%q: wrong nature", raw)
		}
	}
}

func TestList(t *testing.T) {
	a := replied(200, string(readFile(t, "testdata/replies/list-200-two.json")))
	a.reply.Jobs = []zdr.JobID{jobID(t, "job-2")} // the guard did not admit job-1
	c, s := answering(a)
	list, err := c.ExtractJobs(t.Context(), ListOptions{Page: 3, PageSize: 2, Status: StatusFailed})
	if err != nil {
		t.Fatal(err)
	}
	if want := scriptedBase + jobsPath + "?page=3&pageSize=2&status=failed"; s.asked[0].url != want {
		t.Errorf("got %s, want %s", s.asked[0].url, want)
	}
	if !list.HasMore || list.OrgID != "u3z0u1hn4acl" || list.Unreadable != 1 || len(list.Jobs) != 1 {
		t.Fatalf("got %+v", list)
	}
	job := list.Jobs[0]
	if job.ID != jobID(t, "job-2") || job.Status != StatusFailed || job.FailureReason.Reveal() != "Job timed out" || job.ReceivedAt.Unix() != 1767225601 {
		t.Errorf("got %+v", job)
	}
}

func TestListDefaults(t *testing.T) {
	c, s := answering(replied(200, `{"jobs":[]}`))
	list, err := c.ExtractJobs(t.Context(), ListOptions{})
	if err != nil || len(list.Jobs) != 0 || list.HasMore {
		t.Errorf("got %+v, %v", list, err)
	}
	if want := scriptedBase + jobsPath + "?page=0&pageSize=100"; s.asked[0].url != want {
		t.Errorf("got %s, want %s", s.asked[0].url, want)
	}
}

// TestListIsNeverEmptyByMistake: a worker that looks for its job must not
// believe in an empty list when the reply has none.
func TestListIsNeverEmptyByMistake(t *testing.T) {
	for _, body := range []string{`{}`, `{"jobs":null}`, `{"jobs":{}}`, `[]`, `null`, ``} {
		c, _ := answering(replied(200, body))
		if list, err := c.ExtractJobs(t.Context(), ListOptions{}); !errors.Is(err, ErrUnknownOutcome) {
			t.Errorf("%q: got %+v, %v", body, list, err)
		}
	}
}
