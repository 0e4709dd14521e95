package adetest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// get is GET /v1/ade/extract/jobs/{job_id}.
func (p *Provider) get(c *call, key string) reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.jobs[c.about.JobID]
	if j == nil || j.key != key || (j.parse != nil) != (c.about.Operation == OpParseGet) || time.Since(j.accepted) < j.fault.Hidden {
		return jsonReply(http.StatusNotFound, map[string]any{"message": strings.Replace(textJobNotFound, "%s", c.about.JobID, 1)})
	}
	fields := summary(j)
	fields["org_id"] = p.o.OrgID
	fields["data"], fields["output_url"], fields["metadata"], fields["version"] = nil, nil, nil, nil
	if j.status == StatusCompleted {
		p.addResult(c, j, fields)
	}
	return jsonReply(p.statusOf(j), fields)
}

// statusOf is 206 for a job that is complete with problems.
func (p *Provider) statusOf(j *job) int {
	if !j.partial || j.saveURL != "" && p.o.Undocumented.SavedPartialIs200 {
		return http.StatusOK
	}
	return http.StatusPartialContent
}

func (p *Provider) addResult(c *call, j *job, fields map[string]any) {
	fields["metadata"], fields["version"] = j.receipt, j.version
	tooLarge := int64(len(j.result)) > p.o.ResultURLThreshold
	switch {
	case j.saveURL != "":
		fields["output_url"] = p.echo(j.saveURL)
		if j.fault.Leak {
			fields["data"] = json.RawMessage(j.result)
		}
	case tooLarge:
		fields["output_url"] = p.outputURL(c.http, j.id)
	default:
		fields["data"] = json.RawMessage(j.result)
	}
}

// echo is what output_url says of a result that was saved.
func (p *Provider) echo(saveURL string) any {
	switch p.o.Undocumented.OutputURL {
	case EchoNever:
		return nil
	case EchoBare:
		bare, _, _ := strings.Cut(saveURL, "?")
		return bare
	}
	return saveURL
}

// summary is what a list says of a job.
func summary(j *job) map[string]any {
	return map[string]any{
		"job_id":         j.id,
		"status":         j.said(),
		"received_at":    unix(j.received),
		"created_at":     unix(j.received),
		"progress":       j.progress(),
		"failure_reason": orNull(j.failure),
	}
}

// query is a list's: which page of which jobs.
type query struct {
	page, size int
	status     string
}

func readQuery(values url.Values) (query, []finding) {
	var found []finding
	read := func(name string, otherwise, least, most int) int {
		n, wrong := readInt(values, name, otherwise, least, most)
		if wrong != nil {
			found = append(found, *wrong)
		}
		return n
	}
	q := query{page: read("page", 0, 0, -1), size: read("pageSize", 10, 1, 100), status: values.Get("status")}
	if values.Has("status") && !slices.Contains(filters, q.status) {
		found = append(found, notAStatus(q.status))
	}
	return q, found
}

var filters = []string{StatusCancelled, StatusCompleted, StatusFailed, StatusPending, StatusProcessing}

func notAStatus(input string) finding {
	const expected = "'cancelled', 'completed', 'failed', 'pending' or 'processing'"
	return finding{
		Type: "literal_error", Loc: []string{"query", "status"}, Input: input,
		Msg: "Input should be " + expected, Ctx: map[string]any{"expected": expected},
	}
}

// list is GET /v1/ade/extract/jobs: newest first, which the API does not say.
func (p *Provider) list(c *call, key string) reply {
	q, wrong := readQuery(c.http.URL.Query())
	if len(wrong) > 0 {
		return *invalid(wrong...)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	jobs, more := p.page(p.byKey[listOf(c.about.Operation == OpParseList, key)], q)
	return jsonReply(http.StatusOK, map[string]any{"jobs": jobs, "has_more": more, "org_id": p.o.OrgID})
}

func (p *Provider) page(all []*job, q query) (jobs []map[string]any, more bool) {
	jobs = []map[string]any{}
	skip := q.page * q.size
	for _, j := range slices.Backward(all) {
		if q.status != "" && j.status != q.status || !p.isListed(j) {
			continue
		}
		switch {
		case skip > 0:
			skip--
		case len(jobs) == q.size:
			return jobs, true
		default:
			jobs = append(jobs, summary(j))
		}
	}
	return jobs, false
}

func (p *Provider) isListed(j *job) bool {
	return !j.fault.Unlisted && time.Since(j.accepted) >= p.o.ListLag+j.fault.ListLag
}
