package adetest

import (
	"net/http"
	"slices"
	"strings"
)

const (
	syncPath      = "/v1/ade/extract"
	jobsPath      = "/v1/ade/extract/jobs"
	parseSyncPath = "/v1/ade/parse"
	parseJobsPath = "/v1/ade/parse/jobs"

	downloadPath = "/adetest/output/"
)

// call is one request on its way through the provider.
type call struct {
	http  *http.Request
	body  []byte
	form  form
	about Request
}

// newCall reads a request so far that faults and the account can name it.
func (p *Provider) newCall(r *http.Request, body []byte) *call {
	c := &call{http: r, body: body}
	c.about = Request{
		At:          p.o.Now(),
		Method:      r.Method,
		Path:        r.URL.Path,
		Query:       r.URL.RawQuery,
		HeaderNames: headerNames(r),
		UserAgent:   r.UserAgent(),
		Raw:         dump(r, body),
	}
	c.about.Operation, c.about.JobID = route(r)
	if r.Method == http.MethodPost {
		c.form = readForm(r.Header.Get("Content-Type"), body)
		c.about.addForm(c.form)
	}
	return c
}

// route names the operation and the job that a request is about.
func route(r *http.Request) (operation, jobID string) {
	path := r.URL.Path
	if op, ok := routes[r.Method+" "+path]; ok {
		return op, ""
	}
	if r.Method != http.MethodGet {
		return OpUnknown, ""
	}
	for prefix, op := range map[string]string{jobsPath + "/": OpGet, parseJobsPath + "/": OpParseGet} {
		if id, ok := strings.CutPrefix(path, prefix); ok && id != "" && !strings.Contains(id, "/") {
			return op, id
		}
	}
	if name, ok := strings.CutPrefix(path, downloadPath); ok {
		return OpDownload, strings.TrimSuffix(name, ".json")
	}
	return OpUnknown, ""
}

// routes are those that name no job.
var routes = map[string]string{
	"POST " + jobsPath: OpCreate, "GET " + jobsPath: OpList, "POST " + syncPath: OpSync,
	"POST " + parseJobsPath: OpParseCreate, "GET " + parseJobsPath: OpParseList, "POST " + parseSyncPath: OpParseSync,
}

func headerNames(r *http.Request) []string {
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// dump writes a request down as it was heard, all of it.
func dump(r *http.Request, body []byte) []byte {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.URL.RequestURI() + " " + r.Proto + "\r\nHost: " + r.Host + "\r\n")
	_ = r.Header.Write(&b) // a strings.Builder takes everything
	b.WriteString("\r\n")
	b.Write(body)
	b.WriteString("\r\n")
	return []byte(b.String())
}
