package ade

import (
	"context"
	"net/http"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

// Split says into which parts a parse result is cut besides the whole.
type Split string

// SplitPage cuts by pages. The published API knows no other.
const SplitPage Split = "page"

// ParseJob asks for one document as Markdown. It has no room for content: the
// provider reads the document from one presigned URL and writes the result to
// another.
type ParseJob struct {
	Ref      string      // the caller's name for the job, in errors and the ledger; never sent
	Attempt  int         // which submission of Ref this is; never sent
	Model    string      // a version like dpt-2-20260410; empty leaves the choice to the provider
	Split    Split       // default "": the whole document is the only part
	Prompts  zdr.Prompts // words about figures; go inline and stay with the provider
	Password zdr.Password
	// Document is a GET that serves the document, OutputSave a PUT that takes
	// the result. The guard lets each out once.
	Document, OutputSave presign.URL
}

// CreateParseJob submits a job and gives the provider's id for it. What
// CreateExtractJob says of what leaves, and of errors, holds here too.
func (c *Client) CreateParseJob(ctx context.Context, job ParseJob) (zdr.JobID, error) {
	about := zdr.Call{Operation: OpParseCreate, Ref: job.Ref, Attempt: job.Attempt}
	if reason := job.lacks(); reason != "" {
		return zdr.JobID{}, notSent(about, reason, nil)
	}
	return c.create(ctx, about, c.formRequest(parseJobsPath, job.form))
}

func (j ParseJob) parse() Parse {
	return Parse{
		Ref: j.Ref, Attempt: j.Attempt, Model: j.Model, Split: j.Split,
		Prompts: j.Prompts, Password: j.Password, Document: j.Document,
	}
}

func (j ParseJob) lacks() string {
	if reason := j.parse().lacks(); reason != "" {
		return reason
	}
	if j.OutputSave.IsZero() || j.OutputSave.Method() != http.MethodPut {
		return "the output URL is not a presigned PUT"
	}
	return ""
}

// ParseJob asks for one parse job. ref is the caller's name for it, for errors
// and the ledger. ErrNotFound: the provider has no such parse job, or not under
// this key. Partial says that pages failed: Receipt.FailedPages has them.
func (c *Client) ParseJob(ctx context.Context, id zdr.JobID, ref string) (Job, error) {
	return c.job(ctx, zdr.Call{Operation: OpParseGet, Ref: ref, Job: id}, parseJobsPath)
}

// ParseJobs gives one page of the list of parse jobs, which is another list
// than that of ExtractJobs.
func (c *Client) ParseJobs(ctx context.Context, o ListOptions) (JobList, error) {
	return c.list(ctx, zdr.Call{Operation: OpParseList}, parseJobsPath, o)
}
