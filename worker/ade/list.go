package ade

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// MaxPageSize is the provider's bound on one page of a list, in jobs.
const MaxPageSize = 100

// ListOptions choose one page of the jobs of this API key. The provider names
// no order and no total, and its list lags behind its creates.
type ListOptions struct {
	Page     int    // counted from 0
	PageSize int    // 1..100; 0 is 100
	Status   Status // one of Statuses(); empty is all
}

// Summary is one job of a list. It names no document and has no receipt.
type Summary struct {
	ID            zdr.JobID
	Status        Status
	ReceivedAt    time.Time
	CreatedAt     time.Time
	Progress      float64
	FailureReason zdr.Text
}

// JobList is one page.
type JobList struct {
	Jobs    []Summary
	HasMore bool
	OrgID   string
	// Date is the provider's clock when it answered, in whole seconds; zero
	// when it did not say.
	Date time.Time
	// Unreadable counts entries that name no usable job id. They are left out.
	Unreadable int
}

// ExtractJobs gives one page of the list of extractions.
func (c *Client) ExtractJobs(ctx context.Context, o ListOptions) (JobList, error) {
	return c.list(ctx, zdr.Call{Operation: OpList}, jobsPath, o)
}

func (c *Client) list(ctx context.Context, about zdr.Call, path string, o ListOptions) (JobList, error) {
	query, reason := o.query()
	if reason != "" {
		return JobList{}, notSent(about, reason, nil)
	}
	reply, err := c.ask(ctx, about, c.getRequest(path+"?"+query), http.StatusOK)
	if err != nil {
		return JobList{}, err
	}
	return readList(about, reply)
}

// query checks the bounds before the provider has to.
func (o ListOptions) query() (query, reason string) {
	if o.PageSize == 0 {
		o.PageSize = MaxPageSize
	}
	switch {
	case o.Page < 0:
		return "", "the page is below 0"
	case o.PageSize < 1 || o.PageSize > MaxPageSize:
		return "", "the page size is not in 1..100"
	case o.Status != "" && !slices.Contains(Statuses(), o.Status):
		return "", "the list cannot be filtered by this status"
	}
	v := url.Values{"page": {strconv.Itoa(o.Page)}, "pageSize": {strconv.Itoa(o.PageSize)}}
	if o.Status != "" {
		v.Set("status", string(o.Status))
	}
	return v.Encode(), ""
}

func readList(about zdr.Call, r *zdr.Reply) (JobList, error) {
	o, ok := readObject(r.Body)
	if !ok {
		return JobList{}, unreadable(about, r.Status, "the reply is no JSON object")
	}
	jobs, ok := o.list("jobs")
	if !ok {
		return JobList{}, unreadable(about, r.Status, "the reply has no list of jobs")
	}
	list := JobList{HasMore: o.boolean("has_more"), OrgID: o.identifier("org_id"), Date: r.Date}
	ids := byName(r.Jobs)
	for _, raw := range jobs {
		if s, ok := readSummary(raw, ids); ok {
			list.Jobs = append(list.Jobs, s)
		} else {
			list.Unreadable++
		}
	}
	return list, nil
}

// byName finds the ids that the guard has admitted from a reply: the only ones
// that may be asked for later.
func byName(jobs []zdr.JobID) map[string]zdr.JobID {
	ids := make(map[string]zdr.JobID, len(jobs))
	for _, id := range jobs {
		ids[id.String()] = id
	}
	return ids
}

func readSummary(raw json.RawMessage, ids map[string]zdr.JobID) (Summary, bool) {
	o, _ := readObject(raw)
	id, ok := ids[o.text("job_id")]
	if !ok {
		return Summary{}, false
	}
	return Summary{
		ID:            id,
		Status:        readStatus(o.text("status")),
		ReceivedAt:    o.moment("received_at"),
		CreatedAt:     o.moment("created_at"),
		Progress:      o.fraction("progress"),
		FailureReason: zdr.NewText(o.text("failure_reason")),
	}, true
}
