package ade

import (
	"bytes"
	"context"
	"net/http"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

// ExtractJob asks for one extraction. It has no room for content: the
// provider reads the Markdown from one presigned URL and writes the result to
// another.
type ExtractJob struct {
	Ref     string     // the caller's name for the job, in errors and the ledger; never sent
	Attempt int        // which submission of Ref this is; never sent
	Schema  zdr.Schema // what to extract; goes inline and stays with the provider
	Model   string     // a version like extract-20260314; empty leaves the choice to the provider
	Strict  bool       // refuse a schema with unsupported keywords instead of dropping them
	// Markdown is a GET that serves the document, OutputSave a PUT that takes
	// the result. The guard lets each out once.
	Markdown, OutputSave presign.URL
}

// CreateExtractJob submits a job and gives the provider's id for it. The
// request leaves at most once, whatever happens: there is no idempotency key,
// and a second one is a second job and a second bill. On ErrUnknownOutcome a
// job may exist; on ErrViolation it does as likely as not; on any other error
// there is none.
func (c *Client) CreateExtractJob(ctx context.Context, job ExtractJob) (zdr.JobID, error) {
	about := zdr.Call{Operation: OpCreate, Ref: job.Ref, Attempt: job.Attempt}
	if reason := job.lacks(); reason != "" {
		return zdr.JobID{}, notSent(about, reason, nil)
	}
	return c.create(ctx, about, c.formRequest(jobsPath, job.form))
}

// create sends the one request that makes a job.
func (c *Client) create(ctx context.Context, about zdr.Call, build builder) (zdr.JobID, error) {
	ctx, cancel := bounded(ctx, DefaultTimeout)
	defer cancel()
	got, err := c.send(ctx, about, build)
	if err != nil {
		return zdr.JobID{}, err
	}
	return c.created(ctx, about, got)
}

// created reads the answer to a create. Only a 202 with an id is a job.
func (c *Client) created(ctx context.Context, about zdr.Call, got answer) (zdr.JobID, error) {
	if got.Status != http.StatusAccepted {
		return zdr.JobID{}, c.refused(ctx, about, got)
	}
	if got.Created.IsZero() {
		return zdr.JobID{}, unreadable(about, got.Status, "accepted without a job id")
	}
	return got.Created, nil
}

// refused is the error of a request that is not sent again, not even with
// another key.
func (c *Client) refused(ctx context.Context, about zdr.Call, got answer) *Error {
	e := replyError(about, got.Reply)
	if got.Status == http.StatusUnauthorized {
		e.KeyRenewed = c.keys.renew(ctx, got.key)
	}
	return e
}

// lacks names what must be there before anything is signed off to the guard.
func (j ExtractJob) lacks() string {
	switch {
	case j.Schema.IsZero():
		return "there is no schema"
	case j.Markdown.IsZero() || j.Markdown.Method() != http.MethodGet:
		return "the Markdown URL is not a presigned GET"
	case j.OutputSave.IsZero() || j.OutputSave.Method() != http.MethodPut:
		return "the output URL is not a presigned PUT"
	}
	return ""
}

func (c *Client) formRequest(path string, form func() (string, []byte)) builder {
	return func(ctx context.Context, authorization string) (*http.Request, error) {
		contentType, body := form()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url(path), bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.GetBody = nil // net/http would send the body again by itself
		req.Header.Set("Authorization", authorization)
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Accept", "application/json")
		return req, nil
	}
}
