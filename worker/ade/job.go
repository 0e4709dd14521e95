package ade

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// Job is what the provider says about one extraction or one parse. Content is
// not in it: a reply that carries some is a violation and gives no Job.
type Job struct {
	ID     zdr.JobID
	Status Status
	// Partial: answered with 206. The job is completed and billed. The result of
	// an extraction does not fit the schema, or parts of the schema were
	// unusable; that of a parse lacks Receipt.FailedPages.
	Partial    bool
	ReceivedAt time.Time // UTC, whole seconds; zero when not said
	CreatedAt  time.Time // mirrors ReceivedAt; zero when not said
	Progress   float64   // 0..1; never decide by it: a parse is seen at 1 while it is processing
	Version    string    // the exact model; empty when not said
	OrgID      string    // the provider's organisation; empty when not said
	// OutputNamed: the reply named our own outbox object as the result's place.
	// A reply that names any other is a violation and gives no Job.
	OutputNamed bool
	// OutputName is the last part of that outbox's URL, a token of ours; empty
	// when none was named, or not as we name them.
	OutputName zdr.Name
	// FailureReason may quote the document.
	FailureReason zdr.Text
	Receipt       *Receipt // nil before the end, and when the provider sends none
}

// Receipt is the metadata of a finished job. All of it may be absent.
type Receipt struct {
	JobID           string // as the receipt names it: compare it with the job's
	Version         string // the model that was asked for, resolved
	FallbackVersion string // the model that answered after that one had failed
	OrgID           string
	Duration        time.Duration
	Credits         float64 // what was billed

	// Of an extraction.
	Filename        zdr.Name
	SchemaViolation zdr.Text // quotes values of the document
	Warnings        []Warning

	// Of a parse.
	Pages       int   // 0 where it is not said
	FailedPages []int // counted from 0; those that could not be read
}

// Warning is a finding of the provider about schema or output.
type Warning struct {
	Code    string // nonconformant_schema, nonconformant_output or one that is new; empty when it is no code
	Message zdr.Text
}

// ExtractJob asks for one job. ref is the caller's name for it, for errors and
// the ledger. ErrNotFound: the provider has no such job, or not under this key.
func (c *Client) ExtractJob(ctx context.Context, id zdr.JobID, ref string) (Job, error) {
	return c.job(ctx, zdr.Call{Operation: OpGet, Ref: ref, Job: id}, jobsPath)
}

func (c *Client) job(ctx context.Context, about zdr.Call, path string) (Job, error) {
	if about.Job.IsZero() {
		return Job{}, notSent(about, "there is no job id", nil)
	}
	path += "/" + url.PathEscape(about.Job.String())
	reply, err := c.ask(ctx, about, c.getRequest(path), http.StatusOK, http.StatusPartialContent)
	if err != nil {
		return Job{}, err
	}
	return readJob(about, reply)
}

func (c *Client) getRequest(path string) builder {
	return func(ctx context.Context, authorization string) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url(path), nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", authorization)
		req.Header.Set("Accept", "application/json")
		return req, nil
	}
}

// readJob reads a job that names itself; another job's answer is none.
func readJob(about zdr.Call, r *zdr.Reply) (Job, error) {
	o, ok := readObject(r.Body)
	if !ok {
		return Job{}, unreadable(about, r.Status, "the reply is no JSON object")
	}
	if o.text("job_id") != about.Job.String() {
		return Job{}, unreadable(about, r.Status, "the reply is not about the job that was asked for")
	}
	return Job{
		ID:            about.Job,
		Status:        readStatus(o.text("status")),
		Partial:       r.Status == http.StatusPartialContent,
		ReceivedAt:    o.moment("received_at"),
		CreatedAt:     o.moment("created_at"),
		Progress:      o.fraction("progress"),
		Version:       o.identifier("version"),
		OrgID:         o.identifier("org_id"),
		OutputNamed:   o.boolean("output_url_ours"), // the guard's word for it
		OutputName:    zdr.NewName(o.text("output_name")),
		FailureReason: zdr.NewText(o.text("failure_reason")),
		Receipt:       readReceipt(o),
	}, nil
}

func readReceipt(job object) *Receipt {
	o, ok := job.object("metadata")
	if !ok {
		return nil
	}
	return &Receipt{
		JobID:           o.identifier("job_id"),
		Version:         o.identifier("version"),
		FallbackVersion: o.identifier("fallback_model_version"),
		OrgID:           o.identifier("org_id"),
		Duration:        o.milliseconds("duration_ms"),
		Credits:         max(0, o.number("credit_usage")),
		Filename:        zdr.NewName(o.text("filename")),
		SchemaViolation: zdr.NewText(o.text("schema_violation_error")),
		Warnings:        readWarnings(o),
		Pages:           o.count("page_count"),
		FailedPages:     readPages(o),
	}
}

// readPages leaves out what is no page: what remains says that some failed.
func readPages(receipt object) []int {
	var pages []int
	items, _ := receipt.list("failed_pages")
	for _, raw := range items {
		if n, ok := asCount(raw); ok {
			pages = append(pages, n)
		}
	}
	return pages
}

func readWarnings(receipt object) []Warning {
	var warnings []Warning
	items, _ := receipt.list("warnings")
	for _, raw := range items {
		if o, ok := readObject(raw); ok {
			warnings = append(warnings, Warning{Code: o.identifier("code"), Message: zdr.NewText(o.text("msg"))})
		}
	}
	return warnings
}
