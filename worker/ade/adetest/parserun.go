package adetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest/parse"
)

// The provider's limits of pages.
const (
	maxSyncPages = 100
	maxJobPages  = 6000
)

// creditsPerPage is the price of a parse.
const creditsPerPage = 3

// runParse does one parse job up to the delivery of its result.
func (p *Provider) runParse(j *job, started time.Time) {
	p.mu.Lock()
	o := j.order
	p.mu.Unlock()
	out, err := p.parsed(o, j.id, started, j.fault.FailPages)
	if err != nil {
		p.end(j, StatusFailed, parseProblem(err))
		return
	}
	p.land(j, out)
}

// parseProblem says in the provider's words why nothing comes of a document.
func parseProblem(err error) string {
	if e, ok := errors.AsType[*parse.PagesError](err); ok {
		return fmt.Sprintf(textPages, e.Limit)
	}
	if e, ok := errors.AsType[*parse.FormatError](err); ok {
		return fmt.Sprintf(textFormat, e.MediaType)
	}
	switch {
	case errors.Is(err, parse.ErrPassword):
		return textPassword
	case errors.Is(err, parse.ErrDecrypt):
		return textDecrypt
	case errors.Is(err, parse.ErrNoPages):
		return textNoPages
	}
	return textProcess
}

// parsed does the work of a job or a sync call.
func (p *Provider) parsed(o order, id string, started time.Time, fail []int) (output, error) {
	r, err := parse.Run(o.input(fail))
	if err != nil {
		return output{}, err
	}
	out := output{credits: float64(creditsPerPage * (r.Pages - len(r.FailedPages))), partial: len(r.FailedPages) > 0}
	out.receipt = map[string]any{
		"filename": o.filename, "org_id": p.o.OrgID, "job_id": id, "version": o.version,
		"page_count": r.Pages, "duration_ms": time.Since(started).Milliseconds(), "credit_usage": out.credits,
	}
	if out.partial {
		out.receipt["failed_pages"] = r.FailedPages
	}
	out.body = encode(parseResult{r.Markdown, r.Chunks, r.Splits, r.Grounding, out.receipt})
	return out, nil
}

// parseResult is the body of a result, in the API's order.
type parseResult struct {
	Markdown  string                     `json:"markdown"`
	Chunks    []parse.Chunk              `json:"chunks"`
	Splits    []parse.Split              `json:"splits"`
	Grounding map[string]parse.Grounding `json:"grounding"`
	Metadata  map[string]any             `json:"metadata"`
}

// parseProgress is the share of its time that a job has had. It is seen at 1.0
// while the job is still processing: after its time come the last pages and
// the delivery.
func (j *job) parseProgress() number {
	switch j.status {
	case StatusCompleted:
		return number("1.0")
	case StatusProcessing:
		if j.delay.Processing <= 0 {
			return number("1.0")
		}
		share := float64(time.Since(j.accepted)-j.delay.Pending) / float64(j.delay.Processing)
		return number(fmt.Sprintf("%.2f", min(1, max(0, share))))
	}
	return number("0.0")
}
