package ade

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var allClasses = []error{
	ErrUnauthorized, ErrPaymentRequired, ErrForbidden, ErrNotFound, ErrUnreachableURL, ErrInvalid,
	ErrThrottled, ErrNotSent, ErrUnknownOutcome, ErrRefused, ErrViolation,
}

// TestErrorReplies: every error of every stored reply has one class, keeps the
// provider's words as text and prints none of them.
func TestErrorReplies(t *testing.T) {
	want := map[string]struct {
		class error
		text  string
	}{
		"create-202-without-id.json":     {ErrUnknownOutcome, ""},
		"create-400-unreachable.json":    {ErrUnreachableURL, "Failed to download document from URL"},
		"create-400-zdr-output.json":     {ErrInvalid, "output_save_url must be present if zeroDataRetention is enabled"},
		"create-400-zdr-input.json":      {ErrInvalid, "Only markdown_url is accepted if zeroDataRetention is enabled"},
		"create-401-format.json":         {ErrUnauthorized, "Invalid API Key Format"},
		"create-402-no-body.txt":         {ErrPaymentRequired, ""},
		"create-422-root.json":           {ErrInvalid, `The provided schema must have "type": "object" for the root.`},
		"create-422-framework.json":      {ErrInvalid, "body.schema: Field required; body.files.0: Invalid"},
		"create-422-message.json":        {ErrInvalid, "The following schema fields were not supported: pattern"},
		"create-429-no-body.txt":         {ErrThrottled, ""},
		"create-500.json":                {ErrUnknownOutcome, "Failed to process the document"},
		"create-502-gateway.html":        {ErrUnknownOutcome, "<html><body><h1>502 Bad Gateway</h1></body></html>"},
		"create-504-nested.json":         {ErrUnknownOutcome, "Request timed out after 475 seconds"},
		"get-404.json":                   {ErrNotFound, "Job job-1 not found"},
		"get-404-framework.json":         {ErrNotFound, "Not Found"},
		"parse-create-400-download.json": {ErrUnreachableURL, "Failed to download document from URL"},
		"parse-create-400-model.json":    {ErrInvalid, "Unsupported model: dpt-9"},
		"parse-create-422-pages.json":    {ErrInvalid, "PDF must not exceed 6000 pages"},
		"parse-create-422-password.json": {ErrInvalid, "Document is password-protected. Please provide the password parameter."},
		"parse-create-429-no-body.txt":   {ErrThrottled, ""},
		"parse-create-500-queue.json":    {ErrUnknownOutcome, "The job could not be created"},
		"parse-get-404.json":             {ErrNotFound, "Job job-1 not found"},
		"parse-sync-422-format.json":     {ErrInvalid, "Unsupported format: application/zip"},
		"parse-sync-504-limit.json":      {ErrUnknownOutcome, "Request timed out after 475 seconds"},
		"list-200-no-jobs.json":          {ErrUnknownOutcome, ""},
		"list-422-page.json":             {ErrInvalid, "query.page: Input should be greater than or equal to 0"},
		"get-200-another-job.synthetic":  {ErrUnknownOutcome, ""},
	}
	replies := append(storedReplies(t), storedReply{"get-200-another-job.synthetic", OpGet, 200, []byte(`{"job_id":"job-9","status":"completed","received_at":1,"progress":1}`)})
	for _, r := range replies {
		w, isError := want[r.name]
		err := callWith(t, r)
		if !isError {
			if err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
			continue
		}
		checkError(t, r, err, w.class, w.text)
		delete(want, r.name)
	}
	for name := range want {
		t.Errorf("%s is not among the stored replies", name)
	}
}

func checkError(t *testing.T, r storedReply, err, class error, text string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Errorf("%s: got %v, want an *Error", r.name, err)
		return
	}
	for _, c := range allClasses {
		if got := errors.Is(err, c); got != (c == class) {
			t.Errorf("%s: is %q: got %v", r.name, c, got)
		}
	}
	if got := e.Text.Reveal(); got != text {
		t.Errorf("%s: got text %q, want %q", r.name, got, text)
	}
	if e.Op != r.op || e.Status != r.status {
		t.Errorf("%s: got %s %d", r.name, e.Op, e.Status)
	}
	for _, printed := range []string{err.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e)} {
		if text != "" && strings.Contains(printed, text) {
			t.Errorf("%s: the error prints what the provider said", r.name)
		}
	}
}

// callWith makes the call that a stored reply answers.
func callWith(t *testing.T, r storedReply) error {
	t.Helper()
	answer := replied(r.status, string(r.body))
	if strings.Contains(r.name, "accepted") {
		answer.reply.Created = jobID(t, "12345678-1234-1234-1234-123456789012")
	}
	if strings.HasSuffix(r.name, "list-200-two.json") {
		answer.reply.Jobs = []zdr.JobID{jobID(t, "job-1"), jobID(t, "job-2")}
	}
	c, _ := answering(answer)
	var err error
	switch r.op {
	case OpCreate:
		_, err = c.CreateExtractJob(t.Context(), extractJob(t))
	case OpGet:
		_, err = c.ExtractJob(t.Context(), jobID(t, "job-1"), testRef)
	case OpList:
		_, err = c.ExtractJobs(t.Context(), ListOptions{})
	case OpParseCreate:
		_, err = c.CreateParseJob(t.Context(), parseJob(t))
	case OpParseGet:
		_, err = c.ParseJob(t.Context(), jobID(t, "job-1"), testRef)
	case OpParseList:
		_, err = c.ParseJobs(t.Context(), ListOptions{})
	case OpParseSync:
		_, err = c.ParseTo(t.Context(), parseJob(t).parse(), io.Discard)
	default:
		t.Fatalf("%s: no such operation", r.name)
	}
	return err
}

func TestEveryStatusHasAClass(t *testing.T) {
	want := map[int]error{
		400: ErrInvalid, 401: ErrUnauthorized, 402: ErrPaymentRequired, 403: ErrForbidden, 404: ErrNotFound,
		413: ErrInvalid, 415: ErrInvalid, 422: ErrInvalid, 429: ErrThrottled,
		200: ErrUnknownOutcome, 201: ErrUnknownOutcome, 307: ErrUnknownOutcome, 408: ErrUnknownOutcome,
		409: ErrUnknownOutcome, 500: ErrUnknownOutcome, 503: ErrUnknownOutcome, 504: ErrUnknownOutcome,
	}
	for status, class := range want {
		c, _ := answering(replied(status, `{}`))
		if _, err := c.CreateExtractJob(t.Context(), extractJob(t)); !errors.Is(err, class) {
			t.Errorf("status %d: got %v, want %v", status, err, class)
		}
	}
}

func TestRetryAfterIsReported(t *testing.T) {
	a := replied(429, ``)
	a.reply.RetryAfter = 17 * time.Second
	c, s := answering(a)
	_, err := c.CreateExtractJob(t.Context(), extractJob(t))
	if e, ok := errors.AsType[*Error](err); !ok || e.RetryAfter != 17*time.Second {
		t.Errorf("got %v", err)
	}
	if len(s.asked) != 1 {
		t.Errorf("%d requests after a 429, want 1", len(s.asked))
	}
}

func TestBoundaryErrors(t *testing.T) {
	tests := []struct {
		name  string
		cause error
		class error
	}{
		{"refused", &zdr.Refusal{Rule: zdr.RuleSchema}, ErrRefused},
		{"violation", &zdr.Violation{Kind: zdr.ViolationContent}, ErrViolation},
		{"recorder", &zdr.RecordError{}, ErrNotSent},
		{"dial", &zdr.TransportError{Class: zdr.ClassDial}, ErrNotSent},
		{"timeout", &zdr.TransportError{Class: zdr.ClassTimeout, Sent: true}, ErrUnknownOutcome},
		{"cut", &zdr.TransportError{Class: zdr.ClassCut, Sent: true, Status: 202}, ErrUnknownOutcome},
		{"unknown", errors.New("something else"), ErrUnknownOutcome},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, s := answering(failed(test.cause))
			_, err := c.CreateExtractJob(t.Context(), extractJob(t))
			if !errors.Is(err, test.class) || !errors.Is(err, test.cause) {
				t.Errorf("got %v, want %v and its cause", err, test.class)
			}
			if len(s.asked) != 1 {
				t.Errorf("%d requests, want 1", len(s.asked))
			}
		})
	}
}

func TestNothingIsAskedWithoutNeed(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	job := extractJob(t)
	without := func(change func(*ExtractJob)) func(*Client) error {
		return func(c *Client) error {
			j := job
			change(&j)
			_, err := c.CreateExtractJob(t.Context(), j)
			return err
		}
	}
	list := func(o ListOptions) func(*Client) error {
		return func(c *Client) error { _, err := c.ExtractJobs(t.Context(), o); return err }
	}
	tests := map[string]func(*Client) error{
		"no schema":         without(func(j *ExtractJob) { j.Schema = zdr.Schema{} }),
		"no Markdown":       without(func(j *ExtractJob) { j.Markdown = j.OutputSave }),
		"no output":         without(func(j *ExtractJob) { j.OutputSave = j.Markdown }),
		"no job id":         func(c *Client) error { _, err := c.ExtractJob(t.Context(), zdr.JobID{}, testRef); return err },
		"negative page":     list(ListOptions{Page: -1}),
		"page too large":    list(ListOptions{PageSize: 101}),
		"negative size":     list(ListOptions{PageSize: -1}),
		"unknown status":    list(ListOptions{Status: "finalizing"}),
		"context at an end": func(c *Client) error { _, err := c.CreateExtractJob(ended, job); return err },
	}
	for name, call := range tests {
		c, s := answering(replied(200, `{}`))
		if err := call(c); !errors.Is(err, ErrNotSent) {
			t.Errorf("%s: got %v, want %v", name, err, ErrNotSent)
		}
		if len(s.asked) != 0 {
			t.Errorf("%s: the provider was asked", name)
		}
	}
}

func TestSaysUnreachable(t *testing.T) {
	for said, want := range map[string]bool{
		"Failed to download document from URL":                            true,
		"Could not fetch markdown_url":                                    true,
		"The URL is unreachable":                                          true,
		"Unable to retrieve the markdown file":                            true,
		"output_save_url must be present if zeroDataRetention is enabled": false,
		"Only markdown_url is accepted if zeroDataRetention is enabled":   false,
		"Unsupported model: extract-1":                                    false,
		"The provided JSON object was not a valid JSON schema.":           false,
		"Cannot provide both 'markdown' and 'markdown_url'.":              false,
		"": false,
	} {
		if got := saysUnreachable(said); got != want {
			t.Errorf("%q: got %v, want %v", said, got, want)
		}
	}
}

func TestTextIsBounded(t *testing.T) {
	long := strings.Repeat("ä", maxText)
	got := readText([]byte(`{"message":"` + long + `"}`))
	if len(got) > maxText || !strings.HasPrefix(long, got) || got == "" {
		t.Errorf("got %d bytes", len(got))
	}
}
